import copy
import datetime as dt
import json
import random
import uuid
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.files.issues import IssueLog
from core.files.refusal import Refusal
from projects.importers import trello, trello_reading
from projects.importers.trello import read_board, recognise
from projects.importers.trello_losses import MOST, Losses
from projects.importers.trello_reading import guess_category
from projects.importers.trello_values import as_id, created_at, in_order, own_id, web_address
from projects.models import Attachment, BoardColumn, Comment, Label, Task
from projects.services.boards import import_board, undo_board
from tests.factories.accounts import UserFactory
from tests.factories.projects import (
    BoardColumnFactory,
    CommentFactory,
    LabelFactory,
    ProjectFactory,
    TaskFactory,
)
from tests.imports.samples import as_json, board, card, ident, without

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def read(tmp_path, found, zone="UTC", mapping=None, **options):
    log = IssueLog()
    result, losses = read_board(
        as_json(tmp_path, found),
        mapping=mapping or {},
        options=options,
        zone=ZoneInfo(zone),
        now=NOW,
        log=log,
    )
    notes = [(issue.place, issue.message % issue.params) for issue in log.drain()]
    return result, {what: count for what, count, _ in losses}, notes


def one_card(tmp_path, board_fields=None, zone="UTC", mapping=None, **fields):
    found = board(cards=[card(101, "A", 11) | fields], **(board_fields or {}))
    result, losses, notes = read(tmp_path, found, zone, mapping)
    return result.tasks[0], losses, notes


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


# Services --------------------------------------------------------------------------------------


@pytest.fixture
def imported(db, tmp_path):
    project, actor, batch = ProjectFactory(), UserFactory(), uuid.uuid4()
    found, _, _ = read(tmp_path, board())
    import_board(actor=actor, project=project, board=found, batch=batch)
    return project, actor, batch


def test_undo_twice_removes_nothing_more(imported):
    project, actor, batch = imported

    undo_board(batch=batch, actor=actor)

    assert undo_board(batch=batch, actor=actor) == {"columns": 0, "labels": 0, "tasks": 0}


def test_numbers_stay_used_when_later_tasks_have_them(imported):
    project, actor, batch = imported
    project.refresh_from_db()
    TaskFactory(project=project, number=4)
    project.last_task_number = 4
    project.save()

    undo_board(batch=batch, actor=actor)

    project.refresh_from_db()
    assert project.last_task_number == 4


@pytest.mark.parametrize(
    ("disturb", "sentence"),
    [
        (lambda project, task: CommentFactory(task=task), "1 comment, step or link has been added"),
        (
            lambda project, task: TaskFactory(project=project, number=99, column=task.column),
            "1 other task stands in an imported column.",
        ),
        (
            lambda project, task: TaskFactory(project=project, number=99).labels.add(
                project.labels.get()
            ),
            "Other tasks use an imported label.",
        ),
    ],
)
def test_undo_is_refused_when_something_depends_on_it(imported, disturb, sentence):
    project, actor, batch = imported
    disturb(project, project.tasks.get(title="Call the port"))

    with pytest.raises(ValidationError) as refused:
        undo_board(batch=batch, actor=actor)

    assert sentence in " ".join(refused.value.messages)
    assert project.tasks.filter(import_batch=batch).count() == 3


def test_label_of_the_project_is_shared(db, tmp_path):
    project = ProjectFactory()
    own = LabelFactory(project=project, name="Urgent", colour="red")
    found, _, _ = read(tmp_path, board())

    counts = import_board(actor=UserFactory(), project=project, board=found, batch=uuid.uuid4())

    assert counts["labels"] == 0
    assert list(Task.objects.get(title="Call the port").labels.all()) == [own]


def test_cards_go_behind_those_of_the_column(db, tmp_path):
    project = ProjectFactory()
    column = BoardColumnFactory(project=project)
    last = TaskFactory(project=project, column=column, number=99, position=1 << 40)
    found, _, _ = read(tmp_path, board(), mapping={"lists": {ident(11): f"col:{column.pk}"}})

    import_board(actor=UserFactory(), project=project, board=found, batch=uuid.uuid4())

    assert list(column.tasks.order_by("position"))[0] == last


# Anything at all -------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just("9" * 400)
    | st.just(10**60),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = [
    "id",
    "name",
    "desc",
    "idList",
    "pos",
    "closed",
    "isTemplate",
    "start",
    "due",
    "idMembers",
    "idLabels",
    "labels",
    "checklists",
    "attachments",
    "customFieldItems",
    "url",
    "coordinates",
    "checkItems",
    "state",
    "type",
    "data",
    "date",
]
FIELDS = st.dictionaries(
    st.sampled_from(KEYS),
    JUNK,
    max_size=6,
)
ROWS = st.lists(FIELDS | JUNK, max_size=4) | JUNK


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.fixed_dictionaries(
        {key: ROWS for key in ("lists", "cards", "labels", "members", "checklists", "actions")},
        optional={"customFields": ROWS, "labelNames": JUNK, "name": JUNK, "memberships": JUNK},
    )
)
def test_any_json_is_read_or_refused(tmp_path, found):
    path = tmp_path / "any.json"
    path.write_text(json.dumps(found))

    try:
        shape = recognise(path)
        result, losses = read_board(
            path, mapping={}, options={}, zone=ZoneInfo("UTC"), now=NOW, log=IssueLog()
        )
    except Refusal:
        pass
    else:
        assert json.dumps([shape, losses])
        assert all(task.title and task.column for task in result.tasks)


def mutated(found, chance):
    """A copy with some random node replaced, removed or doubled."""
    found = copy.deepcopy(found)
    junk = [
        None,
        True,
        0,
        -1,
        1e308,
        10**40,
        "",
        "x" * 2000,
        "\x00\ud800",
        [],
        {},
        [None],
        {"id": 1},
    ]
    nodes = []

    def walk(node):
        if isinstance(node, (dict, list)) and node:
            nodes.append(node)
            for inner in node.values() if isinstance(node, dict) else node[:40]:
                walk(inner)

    walk(found)
    for _ in range(chance.randint(1, 6)):
        node = chance.choice(nodes)
        if not node:
            continue
        key = chance.choice(list(node)) if isinstance(node, dict) else chance.randrange(len(node))
        if chance.random() < 0.3:
            del node[key]
        else:
            node[key] = copy.deepcopy(chance.choice(junk))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["food_recalls_en_2015.json", "game_notes_checklists_en_2025.json", "clipkit_ja_2015.json"],
)
def test_damaged_boards_are_written_or_refused(shared_data, tmp_path, name):
    source = json.loads((shared_data / "trello" / name).read_bytes())
    project, actor, chance = ProjectFactory(), UserFactory(), random.Random(name)  # noqa: S311
    for _ in range(12):
        path = tmp_path / "damaged.json"
        path.write_text(json.dumps(mutated(source, chance)))
        try:
            recognise(path)
            result, _ = read_board(
                path, mapping={}, options={}, zone=ZoneInfo("UTC"), now=NOW, log=IssueLog()
            )
        except Refusal:
            continue
        with transaction.atomic():
            batch = uuid.uuid4()
            import_board(actor=actor, project=project, board=result, batch=batch)
            undo_board(batch=batch, actor=actor)
    left = [model.objects.count() for model in (Task, BoardColumn, Label, Comment, Attachment)]
    assert left == [0] * 5


def test_outline_of_a_board_stays_small(tmp_path):
    shape = recognise(as_json(tmp_path, board(name="N" * 5000)))

    assert len(shape["boards"][0]["name"]) == 120
    assert trello.MAX_LISTS == 1000
