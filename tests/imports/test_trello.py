import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from core.files.issues import IssueLog
from projects.importers.trello import read_board
from projects.importers.trello_reading import guess_category
from projects.importers.trello_values import as_id, created_at, in_order, own_id, web_address
from tests.imports.samples import board, card, ident
from tests.imports.trello_reading import NOW, one_card


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Done", "done"),
        ("Terminé", "done"),
        ("Fertig", "done"),
        ("已完成", "done"),
        ("クローズ", "done"),
        ("15_結案", "done"),
        ("2015-07-07 Release", "done"),
        ("In Progress", "doing"),
        ("作業中", "doing"),
        ("审核中", "doing"),
        ("Cancelled", "cancelled"),
        ("中止", "cancelled"),
        ("To Do", "todo"),
        ("待办", "todo"),
        ("", "todo"),
        ("Ideas", "todo"),
    ],
)
def test_meaning_of_a_list_is_guessed(name, category):
    assert guess_category(name)[0] == category


@pytest.mark.parametrize(
    ("places", "order"),
    [
        ([3, 1, 2], "bca"),
        ([16383.75, 140737488355328, -5], "cab"),
        (["bottom", 5, "top"], "cba"),
        ([None, 2, 1], "cba"),
        ([10**400, 1, 2], "bca"),
        ([float("nan"), True, 1], "cab"),
    ],
)
def test_places_of_any_kind_give_an_order(places, order):
    rows = [{"n": name, "pos": pos} for name, pos in zip("abc", places, strict=True)]

    assert "".join(row["n"] for row in in_order(rows)) == order


def test_creation_time_stands_in_the_id():
    assert created_at("60e9d286aaaaaaaaaaaaaaaa", NOW).isoformat() == "2021-07-10T17:01:58+00:00"
    assert created_at("hashcard7", NOW) == NOW
    assert created_at("ffffffffaaaaaaaaaaaaaaaa", NOW) == NOW


def test_ids_of_any_type_are_text():
    assert (as_id(5), as_id(True), as_id(None), as_id([1])) == ("5", "", "", "")
    assert len(as_id("x" * 500)) == 33
    assert own_id({"a": 1}) == own_id({"a": 1}) != own_id({"a": 2})


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("https://example.org/a?b=1", True),
        ("http://例子.cn/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("ftp://example.org", False),
        ("//example.org", False),
        ("https://", False),
        ("https://[broken", False),
        ("https://a b", False),
        ("x" * 3000, False),
        (None, False),
        (7, False),
    ],
)
def test_only_web_addresses_are_links(value, kept):
    assert bool(web_address(value, 2000)) is kept


def test_due_date_is_the_day_where_the_reader_lives(tmp_path):
    task, losses, _ = one_card(tmp_path, zone="Asia/Shanghai", due="2024-05-01T20:00:00.000Z")

    assert task.due_on == dt.date(2024, 5, 2)
    assert losses["Times of day of due dates"] == 1


def test_start_after_due_is_left_out(tmp_path):
    task, _, notes = one_card(tmp_path, due="2024-05-01T00:00Z", start="2024-06-01T00:00Z")

    assert task.start_on is None
    assert notes == [
        ("cards[0].start", "The start 2024-06-01 lies after the due date and was left empty.")
    ]


@pytest.mark.parametrize("value", ["soon", 5, "0001-01-01", "2024-13-01T00:00Z", [], {}])
def test_odd_dates_are_noted(tmp_path, value):
    task, _, notes = one_card(tmp_path, due=value)

    assert task.due_on is None
    assert "is not a date and was left empty." in notes[0][1]


def test_finished_card_outside_a_done_list_counts_as_full_progress(tmp_path):
    task, _, _ = one_card(tmp_path, dueComplete=True)

    assert task.progress == 100


def test_long_name_moves_into_the_description(tmp_path):
    task, _, notes = one_card(tmp_path, name="word " * 100, desc="Text")

    assert (len(task.title), task.description.startswith("word word")) == (300, True)
    assert task.description.endswith("Text")
    assert "all of it stands in the description" in notes[0][1]


def test_card_without_a_name_gets_one(tmp_path):
    task, _, notes = one_card(tmp_path, name="  ")

    assert task.title == "Card without a name"
    assert notes[0][0] == "cards[0].name"


def test_long_texts_are_cut_and_noted(tmp_path):
    task, _, notes = one_card(tmp_path, desc="x" * 60_000)

    assert len(task.description) == 50_000
    assert notes == [("cards[0].desc", "The text is longer than 50000 characters and was cut.")]


def test_hostile_characters_are_removed(tmp_path):
    found = json.dumps(board(cards=[card(1, "a", 11)])).replace('"a"', '"a\\u0000b\\ud800c"')
    path = tmp_path / "b.json"
    path.write_text(found)
    result, _ = read_board(
        path, mapping={}, options={}, zone=ZoneInfo("UTC"), now=NOW, log=IssueLog()
    )

    assert result.tasks[0].title == "ab?c"


def test_custom_fields_stand_in_the_description(tmp_path):
    fields = [
        {"id": "f1", "name": "Budget", "type": "number"},
        {"id": "f2", "name": "Signed", "type": "checkbox"},
        {"id": "f3", "name": "Day", "type": "date"},
        {
            "id": "f4",
            "name": "Kind",
            "type": "list",
            "options": [{"id": "o1", "value": {"text": "Kit*chen"}}],
        },
    ]
    items = [
        {"idCustomField": "f1", "value": {"number": "400000"}},
        {"idCustomField": "f2", "value": {"checked": "true"}},
        {"idCustomField": "f2", "value": {"checked": "false"}},
        {"idCustomField": "f3", "value": {"date": "2024-05-01T05:00:00.000Z"}},
        {"idCustomField": "f4", "value": None, "idValue": "o1"},
        {"idCustomField": "gone", "value": {"text": "free"}},
        {"idCustomField": "f1", "value": {"date": "never"}},
        {"idCustomField": "f1", "value": "odd"},
    ]
    task, losses, _ = one_card(tmp_path, {"customFields": fields}, customFieldItems=items)

    assert task.description.splitlines()[-6:] == [
        "- Budget: 400000",
        "- Signed: yes",
        "- Signed: no",
        "- Day: 2024-05-01",
        "- Kind: Kit\\*chen",
        "- Custom field: free",
    ]
    assert losses["Custom fields"] == 6


def test_place_of_a_card_stands_in_the_description(tmp_path):
    task, _, _ = one_card(
        tmp_path, locationName="Port", address="Quay 1", coordinates={"latitude": 1, "longitude": 2}
    )
    other, _, _ = one_card(tmp_path, coordinates="1,2")

    assert "- Place: Port, Quay 1, 1, 2" in task.description
    assert "- Place: 1,2" in other.description


def test_names_of_members_without_a_person_are_kept(tmp_path):
    members = [ident(21), ident(22)]
    fields = {
        "members": [
            {"id": ident(21), "fullName": "Anne"},
            {"id": ident(22), "fullName": "", "username": "bo"},
        ]
    }

    nobody, _, _ = one_card(tmp_path, fields, idMembers=members)
    both, losses, _ = one_card(
        tmp_path, fields, mapping={"members": {ident(22): 7}}, idMembers=members
    )

    assert (nobody.assignee, both.assignee) == (None, 7)
    assert "- Members: Anne, bo" in both.description
    assert losses["Further members of a card"] == 1
