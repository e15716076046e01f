import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from projects.models import BoardColumn, Task
from projects.selectors.board import BoardQuery, board_of, more_cards
from tests.factories.accounts import UserFactory
from tests.factories.projects import (
    BoardColumnFactory,
    ChecklistItemFactory,
    CommentFactory,
    LabelFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}
DRAG = {"HX-Request": "true", "HX-Board": "1"}


@pytest.fixture
def cards(project, columns):
    return [TaskFactory(project=project, column=columns[0], title=title) for title in "ABC"]


@pytest.fixture
def me(sign_in, project):
    return sign_in("member", project)


def path(name, project, *args, query=""):
    return reverse(f"projects:{name}", args=[project.pk, *args]) + query


def move_path(task, query=""):
    return reverse("projects:task_move", args=[task.project_id, task.number]) + query


def text_of(response):
    return response.content.decode()


def order(column):
    cards = Task.objects.filter(column=column, archived_at=None).order_by("position", "pk")
    return "".join(cards.values_list("title", flat=True))


# Reading -----------------------------------------------------------------------------------------


def test_card_shows_what_matters(client, me, project, columns):
    task = TaskFactory(
        project=project,
        column=columns[0],
        title="Call <Anna>",
        priority=4,
        is_critical=True,
        due_on=dt.date(2020, 1, 2),
        assignee=UserFactory(name="Omar Hill"),
    )
    task.labels.add(LabelFactory(project=project, name="Ca&re", colour="red"))
    ChecklistItemFactory(task=task, is_done=True)
    ChecklistItemFactory(task=task)
    CommentFactory(task=task)

    page = text_of(client.get(path("board", project)))

    for words in (
        f"HR-{task.number}",
        "Call &lt;Anna&gt;",
        '<span class="lb red">Ca&amp;re</span>',
        "Urgent",
        "Critical",
        "Overdue:",
        "1/2",
        'aria-label="Omar Hill"',
        move_path(task),
    ):
        assert words in page


def test_late_date_of_done_work_is_not_overdue(client, me, project, columns):
    TaskFactory(project=project, column=columns[2], due_on=dt.date(2020, 1, 2))

    assert "Overdue:" not in text_of(client.get(path("board", project)))


def test_viewer_sees_the_board_and_moves_nothing(client, sign_in, project, cards):
    sign_in("viewer", project)

    page = text_of(client.get(path("board", project)))

    assert "A</a>" in page
    assert "data-move" not in page
    assert client.post(move_path(cards[0]), {"column": cards[0].column_id}).status_code == 403


def test_board_without_tasks_offers_a_start(client, me, project):
    assert "The board is empty" in text_of(client.get(path("board", project)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "ABCD"),
        ("?who=mine", "B"),
        ("?due=overdue", "A"),
        ("?label={label}", "C"),
        ("?q=needle", "D"),
        ("?q=针线", "D"),
        ("?q=!!!", ""),
        ("?who=mine&due=overdue", ""),
        ("?who=nonsense&label=abc&due=x", "ABCD"),
        ("?label=99999999999999999999999", "ABCD"),
    ],
)
def test_board_is_narrowed_by_its_address(client, me, project, columns, cards, query, found):
    Task.objects.filter(pk=cards[0].pk).update(due_on=dt.date(2020, 1, 1))
    Task.objects.filter(pk=cards[1].pk).update(assignee=me)
    label = LabelFactory(project=project)
    cards[2].labels.add(label)
    TaskFactory(project=project, column=columns[1], title="D", description="needle 一针线活")

    response = client.get(path("board", project, query=query.format(label=label.pk)))

    lanes = response.context["board"].lanes
    assert "".join(card.title for lane in lanes for card in lane.cards) == found
    assert response.context["board"].tasks == 4


def test_column_over_its_limit_warns(client, me, project, columns, cards):
    BoardColumn.objects.filter(pk=columns[0].pk).update(wip_limit=2)

    page = text_of(client.get(path("board", project)))

    assert "Over its limit:" in page
    assert "3/2" in page


def test_board_shows_fifty_cards_and_the_rest_on_demand(client, me, project, columns):
    for number in range(120):
        TaskFactory(project=project, column=columns[0], number=number + 1, title=f"T{number}")

    board = client.get(path("board", project)).context["board"]
    lane = board.lanes[0]
    assert (len(lane.cards), lane.total, lane.more) == (50, 120, 70)

    more = path("board_more", project, columns[0].pk)
    second = client.get(f"{more}?after={lane.last}", headers=HX)
    assert [card.title for card in second.context["cards"]] == [f"T{n}" for n in range(50, 100)]
    third = client.get(f"{more}?after={second.context['last']}", headers=HX)
    assert [card.title for card in third.context["cards"]] == [f"T{n}" for n in range(100, 120)]
    assert third.context["last"] == ""
    assert "data-more" not in text_of(third)


@pytest.mark.parametrize("after", ["", "x", "_", "1_", "9" * 50 + "_1", "-5_1"])
def test_more_cards_from_a_broken_place_start_at_the_top(me, columns, cards, after):
    found, last = more_cards(columns[0], me, BoardQuery(), after)

    assert [card.title for card in found] == ["A", "B", "C"]
    assert last == ""


def test_archived_tasks_and_columns_are_off_the_board(me, project, columns):
    TaskFactory(project=project, column=columns[0], archived=True)
    TaskFactory(project=project, column=BoardColumnFactory(project=project, archived=True))

    board = board_of(project, me, BoardQuery())

    assert [lane.column for lane in board.lanes] == columns
    assert board.tasks == 0


def test_columns_of_running_work_are_told_apart(me, project):
    BoardColumnFactory(project=project, doing=True)
    BoardColumnFactory(project=project, cancelled=True)

    tones = [lane.tone for lane in board_of(project, me, BoardQuery()).lanes]

    assert tones == ["grey", "blue", "teal", "violet", "grey"]


# Moving ------------------------------------------------------------------------------------------


def test_drag_answers_with_the_card_and_the_counts(client, me, columns, cards):
    data = {"column": columns[1].pk}

    response = client.post(move_path(cards[0]), data, headers=DRAG)

    page = text_of(response)
    assert f'id="task-{cards[0].pk}"' in page
    assert page.count('hx-swap-oob="true"') == 5
    assert "undo" in page
    assert (order(columns[0]), order(columns[1])) == ("BC", "A")


def test_drag_inside_a_column_says_nothing(client, me, columns, cards):
    data = {"column": columns[0].pk, "after": cards[2].pk}

    page = text_of(client.post(move_path(cards[0]), data, headers=DRAG))

    assert order(columns[0]) == "BCA"
    assert "data-toast" not in page


def test_drag_keeps_the_counts_of_a_narrowed_board(client, me, columns, cards):
    Task.objects.filter(pk__in=[cards[0].pk, cards[1].pk]).update(assignee=me)
    data = {"column": columns[1].pk}

    response = client.post(move_path(cards[0], "?who=mine"), data, headers=DRAG)

    assert [lane.total for lane in response.context["board"].lanes] == [1, 1, 0]
    assert "1 of 2" in text_of(response)


def test_drag_that_is_refused_says_why(client, me, columns, cards):
    foreign = BoardColumnFactory()
    refused = client.post(move_path(cards[0]), {"column": foreign.pk}, headers=DRAG)
    assert refused.status_code == 422

    Task.objects.filter(pk=cards[0].pk).update(archived_at=timezone.now())
    archived = client.post(move_path(cards[0]), {"column": columns[1].pk}, headers=DRAG)
    assert archived.status_code == 422
    assert "archived" in text_of(archived)
    assert order(columns[1]) == ""


def test_move_to_works_without_script(client, me, project, columns, cards):
    board = path("board", project, query="?who=mine")
    form = text_of(client.get(move_path(cards[2]) + f"?next={board}"))
    assert f'value="{board}"' in form

    data = {"column": columns[0].pk, "place": "start", "next": board}
    response = client.post(move_path(cards[2]), data)

    assert response["Location"] == board
    assert order(columns[0]) == "CAB"


def test_move_to_refused_without_script_shows_the_form(client, me, cards):
    Task.objects.filter(pk=cards[0].pk).update(archived_at=timezone.now())

    response = client.post(move_path(cards[0]), {"column": cards[0].column_id})

    assert response.status_code == 422
    assert "Restore it first" in text_of(response)


def test_move_over_the_limit_warns_but_moves(client, me, columns, cards):
    BoardColumn.objects.filter(pk=columns[1].pk).update(wip_limit=1)

    client.post(move_path(cards[0]), {"column": columns[1].pk})
    page = client.post(move_path(cards[1]), {"column": columns[1].pk}, follow=True)

    assert "now holds 2 tasks; its limit is 1" in text_of(page)
    assert order(columns[1]) == "AB"


def test_move_is_undone_from_its_toast(client, me, columns, cards):
    page = text_of(client.post(move_path(cards[1]), {"column": columns[1].pk}, headers=DRAG))
    undo = page.split('<form method="post" action="')[1].split('"')[0]

    client.post(undo)

    assert order(columns[0]) == "ABC"


# Columns and labels ------------------------------------------------------------------------------


def test_lead_arranges_the_columns(client, sign_in, project, columns):
    sign_in("lead", project)

    client.post(path("column_list", project), {"name": "Later", "category": "todo"})
    later = BoardColumn.objects.get(name="Later")
    client.post(path("column_shift", project, later.pk), {"to": "left"})
    client.post(path("column_shift", project, later.pk), {"to": "right"})
    edit = {"name": "Someday", "category": "todo", "wip_limit": 4}
    client.post(path("column_edit", project, later.pk), edit)

    later.refresh_from_db()
    assert (later.name, later.wip_limit, later.position) == ("Someday", 4, 3)
    page = text_of(client.get(path("column_list", project)))
    assert "limit 4" in page


def test_column_with_tasks_asks_where_they_go_and_comes_back(
    client, sign_in, project, columns, cards
):
    sign_in("lead", project)
    archive = path("column_archive", project, columns[0].pk)
    assert "3 tasks stand in this column" in text_of(client.get(archive))

    refused = client.post(archive, {})
    assert refused.status_code == 422

    page = text_of(client.post(archive, {"move_to": columns[1].pk}, follow=True))
    assert order(columns[1]) == "ABC"
    assert path("column_restore", project, columns[0].pk) in page

    client.post(path("column_restore", project, columns[0].pk))
    columns[0].refresh_from_db()
    assert columns[0].archived_at is None


def test_last_column_stays_and_says_why(client, sign_in):
    only = BoardColumnFactory()
    sign_in("lead", only)

    response = client.post(path("column_archive", only.project, only.pk), {})

    assert response.status_code == 422
    assert "at least one column" in text_of(response)


@pytest.mark.parametrize("name", ["column_list", "column_edit"])
def test_refused_column_keeps_what_was_typed(client, sign_in, project, columns, name):
    sign_in("lead", project)
    args = [] if name == "column_list" else [columns[0].pk]
    data = {"name": "Typed", "category": "maybe", "wip_limit": "-1"}

    response = client.post(path(name, project, *args), data)

    assert response.status_code == 422
    assert 'value="Typed"' in text_of(response)


def test_label_is_added_changed_and_refused_twice(client, sign_in, project):
    sign_in("lead", project)
    client.post(path("label_create", project), {"name": "Care", "colour": "teal"})
    label = project.labels.get()
    client.post(path("label_edit", project, label.pk), {"name": "Help", "colour": "red"})
    LabelFactory(project=project, name="Care", colour="red")

    refused = client.post(path("label_edit", project, label.pk), {"name": "Care", "colour": "red"})

    label.refresh_from_db()
    assert (refused.status_code, label.name) == (422, "Help")
    assert "already has this label" in text_of(refused)


def test_columns_and_labels_of_other_projects_are_not_found(client, sign_in, project):
    sign_in("lead", project)
    column, label = BoardColumnFactory(), LabelFactory()

    for name in ("column_edit", "column_archive", "board_more"):
        assert client.get(path(name, project, column.pk)).status_code == 404
        assert client.get(path(name, column.project, column.pk)).status_code == 404
    for name in ("column_shift", "column_archive", "column_restore"):
        assert client.post(path(name, project, column.pk)).status_code == 404
    assert client.get(path("label_edit", project, label.pk)).status_code == 404
