import pytest

from config import permissions_page


def test_page_in_the_docs_is_up_to_date():
    assert permissions_page.PAGE.read_text(encoding="utf-8") == permissions_page.page()


def test_page_marks_who_may_do_what():
    lines = [line for line in permissions_page.page().splitlines() if line.startswith("| `")]
    rows = {line.split("`")[1]: line.count("✓") for line in lines}

    assert rows["accounts.audit"] == 1
    assert rows["projects.view"] == 4
    assert rows["reports.view"] == 6


def test_check_accepts_the_page_and_refuses_an_old_one(monkeypatch, tmp_path):
    monkeypatch.setattr(permissions_page, "PAGE", tmp_path / "permissions.md")
    monkeypatch.setattr("sys.argv", ["permissions_page", "--check"])
    with pytest.raises(SystemExit, match="make fix"):
        permissions_page.main()

    monkeypatch.setattr("sys.argv", ["permissions_page"])
    permissions_page.main()
    monkeypatch.setattr("sys.argv", ["permissions_page", "--check"])

    assert permissions_page.main() is None
