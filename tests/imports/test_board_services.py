import copy
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
from projects.importers import trello
from projects.importers.trello import read_board, recognise
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
from tests.imports.samples import as_json, board, ident
from tests.imports.trello_reading import NOW, read

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
