import json

import pytest

from core.files.refusal import Refusal
from projects.importers import trello_reading
from projects.importers.trello import recognise
from projects.importers.trello_losses import MOST, Losses
from tests.imports.samples import as_json, board, card, ident, without
from tests.imports.trello_reading import one_card, read


def test_labels_of_old_exports_live_in_the_cards(tmp_path):
    found = without(board(labelNames={"green": "機能", "red": ""}), "labels", "members", "actions")
    found["cards"] = [
        card(1, "A", 11, labels=[{"color": "green", "name": ""}, {"color": "red", "name": "バグ"}]),
        card(2, "B", 11, labels=[{"color": "sky_dark", "name": ""}, "odd"]),
        card(3, "C", 11, labels=[{"color": None, "name": ""}]),
    ]

    result, _, _ = read(tmp_path, found)

    assert [(label.name, label.colour) for label in result.labels] == [
        ("機能", "teal"),
        ("バグ", "red"),
        ("Sky blue", "blue"),
        ("Label", "grey"),
    ]


def test_unused_labels_without_a_name_are_counted(tmp_path):
    result, losses, _ = read(tmp_path, board(labels=[{"id": "1", "name": "", "color": "red"}]))

    assert (result.labels, losses["Labels without a name that no card uses"]) == ([], 1)


def test_checklists_are_found_wherever_they_stand(tmp_path):
    inside = {"id": "c2", "name": "Steps", "checkItems": [{"id": "i9", "name": "X" * 1200}]}
    found = board()
    found["cards"][0] |= {
        "checklists": [inside, inside],
        "checkItemStates": [{"idCheckItem": "i9", "state": "complete"}],
    }
    found["checklists"].append({"id": "c3", "name": "Lost", "idCard": "nowhere", "checkItems": []})

    result, losses, notes = read(tmp_path, found)

    items = next(task for task in result.tasks if task.title == "Call the port").items
    assert [item.checklist for item in items] == ["Steps", "Steps", "Steps (2)"]
    assert (items[2].is_done, len(items[2].text)) == (True, 1000)
    assert losses["Checklists of cards that are not imported"] == 1
    assert notes[0][1] == "The text is longer than 1000 characters and was cut."


def test_attachments_are_links_only(tmp_path):
    task, losses, _ = one_card(
        tmp_path,
        attachments=[
            {
                "id": "1",
                "name": "Plan",
                "url": "https://example.org/p",
                "bytes": 5,
                "isUpload": True,
            },
            {"id": "2", "name": "", "url": "https://example.org/q", "bytes": 1e400},
            {"id": "3", "name": "Bad", "url": "javascript:alert(1)"},
        ],
    )

    assert [(a.name, a.size) for a in task.attachments] == [
        ("Plan", 5),
        ("https://example.org/q", None),
    ]
    assert losses["Attachments that are no web links"] == losses["Uploaded files"] == 1


def test_cards_that_are_no_work_are_counted(tmp_path):
    found = board(
        cards=[
            card(1, "---", 11),
            card(2, "Real", 11),
            card(3, "Line", 11, cardRole="separator"),
            card(4, "Template", 11, isTemplate=True),
            card(5, "Old", 11, closed=True),
        ]
    )

    result, losses, _ = read(tmp_path, found, archived=False)
    more, _, _ = read(tmp_path, found, templates=True)

    assert [task.title for task in result.tasks] == ["Real"]
    assert losses["Cards that are only a line between others"] == 2
    assert losses["Template cards"] == losses["Archived cards"] == 1
    assert [task.title for task in more.tasks] == ["Real", "Template", "Old"]


def test_open_card_in_an_archived_list_is_archived(tmp_path):
    lists = [{"id": ident(11), "name": "Old", "closed": True}]

    task, _, _ = one_card(tmp_path, {"lists": lists})

    assert task.archived


def test_card_twice_is_left_out_once(tmp_path):
    result, _, notes = read(tmp_path, board(cards=[card(1, "First", 11), card(1, "Again", 11)]))

    assert [task.title for task in result.tasks] == ["First"]
    assert notes[0][0] == "cards[1].id"
    assert "The card has the same id as “First”" in notes[0][1]


def test_card_of_an_unknown_list_is_not_lost(tmp_path):
    found = board(cards=[card(1, "Adrift", 99)])

    outline = recognise(as_json(tmp_path, found))["boards"][0]["lists"]
    result, _, notes = read(tmp_path, found)

    assert (outline[-1]["id"], outline[-1]["cards"]) == ("no-list", 1)
    assert [c.name for c in result.columns] == ["To do", "Done", "Without a list"]
    assert notes == [("cards[0].idList", "The card stands in a list that is not in the file.")]


def test_comments_keep_author_and_time(tmp_path):
    found = board()
    found["actions"] += [
        {"id": "x1", "type": "commentCard", "date": "bad",
         "data": {"text": "Who?", "card": {"id": ident(101)}}},
        {"id": "x2", "type": "commentCard", "data": {"text": "Lost", "card": {"id": "nowhere"}}},
        {"id": "x3", "type": "commentCard", "data": {"text": "", "card": {"id": ident(101)}}},
    ]  # fmt: skip

    result, losses, _ = read(tmp_path, found)
    silent, others, _ = read(tmp_path, found, comments=False)

    comments = next(task for task in result.tasks if task.title == "Call the port").comments
    assert [(c.author_name, c.body) for c in comments] == [
        ("Anne Bernard", "Nobody answers."),
        ("Unknown", "Who?"),
    ]
    assert losses["Comments on cards that are not imported"] == 1
    assert others["Comments"] == 4
    assert not any(task.comments for task in silent.tasks)


def test_thousand_actions_are_a_warning(tmp_path):
    actions = [{"id": str(n), "type": "updateCard", "data": {}} for n in range(1000)]

    _, losses, notes = read(tmp_path, board(actions=actions))

    assert losses["actions: updateCard"] == 1000
    assert "older comments are missing" in notes[0][1]


def test_wrong_types_are_noted_with_their_path(tmp_path):
    found = board(actions="none", checklists=[1], labels={"a": 1}, members=[None])
    found["cards"][0]["name"] = ["x"]

    _, _, notes = read(tmp_path, found)

    assert {place for place, _ in notes} >= {"actions", "labels", "checklists[]", "cards[0].name"}


def test_many_kinds_of_losses_are_summed_up():
    losses = Losses()
    for number in range(MOST + 20):
        losses.add(f"key {number}", "why")
    losses.add("nothing", "why", 0)

    rows = losses.as_list()

    assert len(rows) == MOST + 1
    assert rows[-1][1] == 20


def test_empty_cover_is_no_loss(tmp_path):
    _, losses, _ = one_card(tmp_path, cover={"color": None, "size": "normal"})

    assert "card.cover" not in losses


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (board(cards=[], lists=[{"id": str(n)} for n in range(1001)]), "has 1001 lists"),
        (board(members=[{"id": str(n)} for n in range(1001)]), "has 1001 members"),
    ],
)
def test_too_much_to_map_is_refused(tmp_path, found, sentence):
    with pytest.raises(Refusal) as refused:
        recognise(as_json(tmp_path, found))

    assert sentence in str(refused.value)


def test_too_many_values_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(trello_reading, "MAX_CONTAINERS", 3)

    with pytest.raises(Refusal, match="too many for one board"):
        recognise(as_json(tmp_path, board()))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda found: {"board": found},
        lambda found: {"data": found},
        lambda found: [found],
        lambda found: {"boards": [{"lists": 1}, found]},
    ],
)
def test_wrapped_boards_are_found(tmp_path, wrap):
    assert recognise(as_json(tmp_path, wrap(board())))["boards"][0]["name"] == "Harbour"


def test_board_saved_as_gbk_is_read(tmp_path):
    path = tmp_path / "b.json"
    found = board(name="客户项目看板，二零二四年度计划")
    path.write_bytes(json.dumps(found, ensure_ascii=False).encode("gb18030"))

    assert recognise(path)["boards"][0]["name"] == "客户项目看板，二零二四年度计划"
