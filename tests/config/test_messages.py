import gettext
import os
import shutil

import pytest

from config import messages

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n"Language: zh_Hans\\n"\n'
PLURAL = '"Plural-Forms: nplurals=1; plural=0;\\n"\n'


@pytest.fixture
def catalogue(tmp_path):
    folder = tmp_path / "locale" / messages.LOCALE / "LC_MESSAGES"
    folder.mkdir(parents=True)

    def write(text, head=HEAD + PLURAL):
        path = folder / "django.po"
        path.write_text(head + text, encoding="utf-8")
        return path

    return write


def test_compile_writes_what_gettext_reads(catalogue, tmp_path):
    po = catalogue('\nmsgid "client"\nmsgid_plural "clients"\nmsgstr[0] "客户"\n')

    written = messages.compile_all(tmp_path)

    assert written == [po.with_suffix(".mo")]
    with written[0].open("rb") as file:
        assert gettext.GNUTranslations(file).ngettext("client", "clients", 3) == "客户"


def test_compile_again_only_after_a_change(catalogue, tmp_path):
    po = catalogue('\nmsgid "goal"\nmsgstr "目标"\n')
    messages.compile_all(tmp_path)

    assert messages.compile_all(tmp_path) == []

    later = po.stat().st_mtime + 5
    os.utime(po, (later, later))
    assert messages.compile_all(tmp_path) == [po.with_suffix(".mo")]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('msgid "Goal"\nmsgstr ""\n', "not translated: 'Goal'"),
        ('#, fuzzy\nmsgid "Goal"\nmsgstr "目标"\n', "fuzzy: 'Goal'"),
        ('#~ msgid "Goal"\n#~ msgstr "目标"\n', "obsolete: 'Goal'"),
        ('msgid "one"\nmsgid_plural "many"\nmsgstr[0] ""\n', "not translated: ('one', 'many')"),
        ('msgid "%(n)s left"\nmsgstr "剩余"\n', "placeholders differ: '%(n)s left'"),
        ('msgid "Hello {name}"\nmsgstr "你好 {nama}"\n', "placeholders differ: 'Hello {name}'"),
    ],
)
def test_incomplete_entry_is_named(catalogue, entry, problem):
    assert messages.problems_of(catalogue("\n" + entry)) == [problem]


def test_complete_catalogue_has_no_problems(catalogue):
    text = '\nmsgid "%(n)s client"\nmsgid_plural "%(n)s clients"\nmsgstr[0] "%(n)s 位客户"\n'

    assert messages.problems_of(catalogue(text)) == []


def test_missing_catalogue_is_a_problem(tmp_path):
    assert messages.problems_of(tmp_path / "django.po") == [f"no catalogue: {tmp_path}/django.po"]


def test_check_finds_a_string_that_the_catalogue_lacks(tmp_path):
    for name in messages.SOURCES:
        (tmp_path / name).mkdir()
    catalogue = tmp_path / "locale" / messages.LOCALE / "LC_MESSAGES"
    catalogue.mkdir(parents=True)
    (catalogue / "django.po").write_text(HEAD + PLURAL, encoding="utf-8")
    (tmp_path / "templates" / "page.html").write_text('{% translate "New sentence" %}')

    assert messages.check(tmp_path) == ["not translated: 'New sentence'"]
    assert "New sentence" not in (catalogue / "django.po").read_text()


def test_check_leaves_a_complete_catalogue_alone(tmp_path):
    for name in messages.SOURCES:
        (tmp_path / name).mkdir()
    catalogue = tmp_path / "locale" / messages.LOCALE / "LC_MESSAGES"
    catalogue.mkdir(parents=True)
    text = '\nmsgid "Sentence"\nmsgstr "句子"\n'
    (catalogue / "django.po").write_text(HEAD + PLURAL + text, encoding="utf-8")
    (tmp_path / "core" / "page.py").write_text('from x import gettext as _\n_("Sentence")\n')

    assert messages.check(tmp_path) == []


def test_check_compares_source_folders_that_exist():
    assert [name for name in messages.SOURCES if not (messages.BASE_DIR / name).is_dir()] == []
    assert shutil.which("msgfmt")


@pytest.mark.parametrize(
    ("command", "found", "code"),
    [("check", ["fuzzy: 'x'"], True), ("check", [], False), ("compile", [], False)],
)
def test_command_fails_only_for_an_incomplete_check(monkeypatch, capsys, command, found, code):
    monkeypatch.setattr(messages, "check", lambda: found)
    monkeypatch.setattr(messages, "problems_of", lambda po: found)
    monkeypatch.setattr("sys.argv", ["messages", command])

    with pytest.raises(SystemExit) as ended:
        messages.main()

    assert ended.value.code == code
    assert capsys.readouterr().out.splitlines() == found


def test_update_extracts_in_place_and_reports_what_is_missing(monkeypatch, capsys):
    called = []
    monkeypatch.setattr(messages, "extract", called.append)
    monkeypatch.setattr(messages, "problems_of", lambda po: ["not translated: 'x'"])
    monkeypatch.setattr("sys.argv", ["messages", "update"])

    with pytest.raises(SystemExit) as ended:
        messages.main()

    assert (called, ended.value.code) == ([messages.BASE_DIR], False)
    assert "not translated" in capsys.readouterr().out
