"""Two people at the same moment: real threads, real transactions."""

import threading
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from notifications.models import Message
from projects.models import BoardColumn, Task
from projects.services.columns import archive_column
from projects.services.moves import move_task
from projects.services.reminders import remind_due_work
from projects.services.tasks import StaleTask, create_task, finish_task, update_task
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.projects import BoardColumnFactory, ProjectFactory, TaskFactory
from tests.projects.test_reminders import NOW, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def board():
    """A project with a lead and three columns."""
    lead = UserFactory()
    project = ProjectFactory(lead=lead)
    grant(lead, "lead", project)
    for category in ("todo", "doing", "done"):
        BoardColumnFactory(project=project, category=category)
    return project


def together(*calls):
    """Run the calls at the same moment; what each returned or raised."""
    gate = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(place, call):
        try:
            gate.wait()
            results[place] = call()
        except (StaleTask, ValidationError) as problem:
            results[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_tasks_created_together_get_different_numbers(board):
    calls = [
        lambda each=each: create_task(actor=board.lead, project=board, title=f"T{each}")
        for each in range(6)
    ]

    tasks = together(*calls)

    assert sorted(task.number for task in tasks) == [1, 2, 3, 4, 5, 6]
    assert len({task.position for task in tasks}) == 6


def test_form_sent_twice_at_once_makes_one_task(board):
    key = str(uuid.uuid4())

    def send():
        return create_task(actor=board.lead, project=board, title="Call", submission_key=key)

    first, second, third = together(send, send, send)

    assert first == second == third
    assert board.tasks.count() == 1


def test_cards_moved_to_the_same_place_are_all_there(board):
    first, second, _done = board.columns.all()
    anchor = TaskFactory(project=board, column=second, position=1)
    after = TaskFactory(project=board, column=second, position=2)
    cards = [TaskFactory(project=board, column=first) for _each in range(5)]

    together(
        *(
            lambda card=card: move_task(task=card, actor=board.lead, column=second, after=anchor)
            for card in cards
        )
    )

    order = list(Task.objects.filter(column=second).order_by("position", "pk"))
    assert order[0] == anchor
    assert order[-1] == after
    assert set(order[1:-1]) == set(cards)
    assert len({card.position for card in order}) == 7


def test_card_moved_by_two_people_stands_in_one_column(board):
    first, second, done = board.columns.all()
    card = TaskFactory(project=board, column=first)

    together(
        lambda: move_task(task=card, actor=board.lead, column=second),
        lambda: move_task(task=card, actor=board.lead, column=done),
        lambda: create_task(actor=board.lead, project=board, title="New", column=second),
    )

    card.refresh_from_db()
    assert card.column in (second, done)
    assert (card.completed_at is not None) == (card.column == done)
    assert card.version == 3


def test_editors_of_the_same_version_one_wins(board):
    card = TaskFactory(project=board, column=board.columns.first(), title="Old")
    calls = [
        lambda title=title: update_task(task=card, actor=board.lead, version=1, title=title)
        for title in ("A", "B", "C", "D")
    ]

    results = together(*calls)

    card.refresh_from_db()
    assert sum(isinstance(each, StaleTask) for each in results) == 3
    assert [each.title for each in results if isinstance(each, Task)] == [card.title]


def test_finished_twice_at_once_is_recorded_once(board, events):
    card = TaskFactory(project=board, column=board.columns.first())

    together(*[lambda: finish_task(task=card, actor=board.lead)] * 3)

    assert events(card) == ["task.changed"]


def test_card_moved_into_a_column_while_it_is_archived_is_not_lost(board):
    first, second, done = board.columns.all()
    TaskFactory(project=board, column=second)
    card = TaskFactory(project=board, column=first)

    together(
        lambda: archive_column(column=second, actor=board.lead, move_to=done),
        lambda: move_task(task=card, actor=board.lead, column=second),
    )

    live = BoardColumn.objects.filter(project=board, archived_at=None)
    assert Task.objects.filter(project=board, column__in=live).count() == 2


def test_reminders_sent_by_two_workers_arrive_once():
    for _each in range(3):
        work()

    counts = together(*[lambda: remind_due_work(now=NOW)] * 3)

    assert sum(counts) == 3
    assert Message.objects.count() == 3
