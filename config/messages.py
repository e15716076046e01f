"""Message catalogues: compiled without gettext, and checked for completeness with it.

python -m config.messages compile|update|check
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

BASE_DIR = Path(__file__).resolve().parents[1]
LOCALE = "zh_Hans"
SOURCES = ["accounts", "clientgroups", "config", "core", "feedback", "imports", "locale"]
SOURCES += ["notifications", "projects", "reports", "risks", "templates"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!{){\w*}|%[sd]")
MAKE = ["-m", "django", "makemessages", "--locale", LOCALE, "--add-location", "file"]
MAKE += ["--extension", "html,txt,py", "--no-wrap", "--ignore", "tests", "--ignore", "var"]


def compile_all(base=BASE_DIR):
    """Write every .mo that is missing or older than its .po; safe to run in many processes."""
    done = []
    for po in sorted(Path(base).glob("locale/*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3])
        with tempfile.NamedTemporaryFile(dir=po.parent, delete=False) as target:
            write_mo(target, catalogue)
        Path(target.name).chmod(0o644)
        Path(target.name).replace(mo)
        done.append(mo)
    return done


def problems_of(po):
    """What keeps a catalogue from being complete, one sentence each."""
    if not po.exists():
        return [f"no catalogue: {po}"]
    with po.open("rb") as source:
        catalogue = read_po(source, locale=LOCALE)
    found = [f"obsolete: {key!r}" for key in catalogue.obsolete]
    for message in catalogue:
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy:
            found.append(f"fuzzy: {message.id!r}")
        elif not all(texts):
            found.append(f"not translated: {message.id!r}")
        elif any(placeholders(text) != placeholders(english(message)) for text in texts):
            found.append(f"placeholders differ: {message.id!r}")
    return found


def english(message):
    """The English text whose placeholders count: of a plural entry, the plural form."""
    return message.id[-1] if isinstance(message.id, tuple) else message.id


def placeholders(text):
    return set(PLACEHOLDER.findall(text))


def check(base=BASE_DIR):
    """Extract the strings of a copy of the sources and compare with the catalogue kept here."""
    with tempfile.TemporaryDirectory() as folder:
        for name in SOURCES:
            shutil.copytree(
                base / name,
                Path(folder) / name,
                ignore=shutil.ignore_patterns("__pycache__", "*.mo", "migrations"),
                ignore_dangling_symlinks=True,
            )
        extract(folder)
        return problems_of(Path(folder) / "locale" / LOCALE / "LC_MESSAGES" / "django.po")


def extract(folder):
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(  # noqa: S603
        [sys.executable, *MAKE], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL
    )


def main():
    command = sys.argv[1]
    if command == "compile":
        compile_all()
    elif command == "update":
        extract(BASE_DIR)
        compile_all()
    po = BASE_DIR / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
    found = check() if command == "check" else problems_of(po)
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(bool(found) and command == "check")


if __name__ == "__main__":
    main()
