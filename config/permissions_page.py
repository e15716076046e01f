"""docs/permissions.md, written from the table of rights that the product itself asks.

python -m config.permissions_page [--check]
"""

import sys
from pathlib import Path

from accounts.permissions import ADMINISTRATOR, LEAD, MANAGER, MEMBER, SIGNED_IN, VIEWER

PAGE = Path(__file__).resolve().parents[1] / "docs" / "permissions.md"
COLUMNS = {
    "anyone signed in": SIGNED_IN,
    "project manager": MANAGER,
    "viewer": SIGNED_IN | VIEWER,
    "member": SIGNED_IN | MEMBER,
    "lead": SIGNED_IN | LEAD,
}
INTRO = """\
# Who may do what

Generated from `accounts/permissions.py` by `make fix`; `make test` fails when the two differ.

Viewer, member and lead are roles in one client group (covering its clients and all of its projects)
or in one project; the stronger one wins. Administrators may do everything. A right never reaches
further than the rows a person can see: somebody else's row answers 404, a visible row without the
right answers 403.
"""


def page():
    """The whole document as text."""
    names = sorted({*ADMINISTRATOR, *(name for column in COLUMNS.values() for name in column)})
    lines = [INTRO, "| right | " + " | ".join([*COLUMNS, "administrator"]) + " |"]
    lines.append("| --- |" + " :-: |" * (len(COLUMNS) + 1))
    for name in names:
        marks = ["✓" if name in column else "" for column in COLUMNS.values()] + ["✓"]
        lines.append(f"| `{name}` | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


def main():
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/permissions.md is out of date: run make fix.")


if __name__ == "__main__":
    main()
