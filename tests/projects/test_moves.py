import pytest
from django.core.exceptions import ValidationError

from projects.models import Task
from projects.selectors.tasks import latest_event
from projects.services.moves import move_task
from projects.services.tasks import undo_change
from tests.factories.projects import BoardColumnFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def cards(project, columns):
    """Four cards in the first column, in this order."""
    return [TaskFactory(project=project, column=columns[0], title=title) for title in "ABCD"]


def order(column):
    cards = Task.objects.filter(column=column, archived_at=None).order_by("position", "pk")
    return "".join(cards.values_list("title", flat=True))


@pytest.mark.parametrize(
    ("card", "place", "expected"),
    [
        (3, {"before": 0}, "DABC"),
        (3, {"before": 1}, "ADBC"),
        (0, {"after": 1}, "BACD"),
        (0, {"after": 3}, "BCDA"),
        (0, {}, "BCDA"),
        (1, {"after": 0}, "ABCD"),
        (1, {"before": 2}, "ABCD"),
        (0, {"before": 0}, "BCDA"),
    ],
)
def test_move_inside_a_column_keeps_the_order_asked_for(
    cards, columns, actor, events, card, place, expected
):
    neighbours = {name: cards[index] for name, index in place.items()}

    move_task(task=cards[card], actor=actor, column=columns[0], **neighbours)

    assert order(columns[0]) == expected
    assert events(cards[card]) == []


def test_move_to_another_column_is_recorded_and_completes(cards, columns, actor, events):
    move_task(task=cards[0], actor=actor, column=columns[2])

    moved = Task.objects.get(pk=cards[0].pk)
    assert (moved.column, moved.version) == (columns[2], 2)
    assert moved.completed_at is not None
    assert events(moved) == ["task.moved"]


def test_move_repeated_changes_nothing_more(cards, columns, actor, events):
    move_task(task=cards[0], actor=actor, column=columns[1])
    move_task(task=cards[0], actor=actor, column=columns[1])

    assert events(cards[0]) == ["task.moved"]


def test_move_undone_returns_to_its_place(cards, columns, actor):
    moved = move_task(task=cards[1], actor=actor, column=columns[1])

    undo_change(event=latest_event(moved, "task.moved"), actor=actor)

    assert order(columns[0]) == "ABCD"


def test_move_between_dense_positions_renumbers(cards, columns, actor):
    for position, card in enumerate(cards):
        Task.objects.filter(pk=card.pk).update(position=position)

    move_task(task=cards[3], actor=actor, column=columns[0], after=cards[0])
    move_task(task=cards[2], actor=actor, column=columns[0], after=cards[0])

    assert order(columns[0]) == "ACDB"


def test_move_between_equal_positions_renumbers(cards, columns, actor):
    Task.objects.filter(column=columns[0]).update(position=7)

    move_task(task=cards[3], actor=actor, column=columns[0], before=cards[1])

    assert order(columns[0]) == "ADBC"


def test_move_beside_a_card_that_left_goes_to_the_end(cards, columns, actor):
    elsewhere = TaskFactory(project=columns[0].project, column=columns[1])

    move_task(task=cards[0], actor=actor, column=columns[0], after=elsewhere)

    assert order(columns[0]) == "BCDA"


def test_move_falls_back_to_the_other_neighbour(cards, columns, actor):
    elsewhere = TaskFactory(project=columns[0].project, column=columns[1])

    move_task(task=cards[3], actor=actor, column=columns[0], after=elsewhere, before=cards[0])

    assert order(columns[0]) == "DABC"


def test_move_refuses_columns_of_others_and_archived_cards(cards, columns, actor):
    for column in (
        BoardColumnFactory(),
        BoardColumnFactory(project=cards[0].project, archived=True),
    ):
        with pytest.raises(ValidationError, match="column of this project"):
            move_task(task=cards[0], actor=actor, column=column)

    gone = TaskFactory(project=columns[0].project, column=columns[0], archived=True)
    with pytest.raises(ValidationError, match="archived"):
        move_task(task=gone, actor=actor, column=columns[1])
