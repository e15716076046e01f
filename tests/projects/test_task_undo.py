import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from projects.models import Task
from projects.selectors.tasks import latest_event
from projects.services.tasks import (
    archive_task,
    create_task,
    restore_task,
    undo_change,
    update_task,
)
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.projects import LabelFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(project, columns):
    return TaskFactory(project=project, column=columns[0], title="Call Anna")


@pytest.fixture
def colleague(project):
    person = UserFactory(name="Chen Yu", language="zh-hans")
    grant(person, "member", project)
    return person


def test_archive_and_restore_task_repeat_harmlessly(task, actor, events):
    archive_task(task=task, actor=actor)
    archived = archive_task(task=task, actor=actor)
    assert archived.archived_at is not None

    restore_task(task=task, actor=actor)
    restored = restore_task(task=task, actor=actor)

    assert restored.archived_at is None
    assert events(task) == ["task.archived", "task.restored"]


def test_restore_task_of_archived_column_says_so(actor):
    task = TaskFactory(archived=True)
    task.column.archived_at = task.archived_at
    task.column.save()

    with pytest.raises(ValidationError, match="Restore the column first"):
        restore_task(task=task, actor=actor)


def test_undo_puts_every_field_back(task, actor, columns, colleague):
    old, new = LabelFactory(project=task.project), LabelFactory(project=task.project)
    task.labels.add(old)
    changed = update_task(
        task=task,
        actor=actor,
        title="New",
        estimate_hours="2.50",
        due_on=dt.date(2026, 12, 2),
        assignee=colleague,
        column=columns[2],
        labels=[new],
    )

    undo_change(event=latest_event(changed, "task.changed"), actor=actor)

    after = Task.objects.get(pk=task.pk)
    assert (after.title, after.due_on, after.assignee) == ("Call Anna", None, None)
    assert (after.column, after.position) == (task.column, task.position)
    assert (after.completed_at, after.estimate_hours) == (None, None)
    assert list(after.labels.all()) == [old]


def test_undo_twice_changes_nothing_more(task, actor, events):
    changed = update_task(task=task, actor=actor, title="New")
    event = latest_event(changed, "task.changed")

    undo_change(event=event, actor=actor)
    undo_change(event=event, actor=actor)

    assert events(task) == ["task.changed", "task.undone"]


def test_undo_refuses_what_somebody_changed_since(task, actor):
    changed = update_task(task=task, actor=actor, title="New")
    event = latest_event(changed, "task.changed")
    update_task(task=task, actor=actor, title="Newer")

    with pytest.raises(ValidationError, match="changed the same"):
        undo_change(event=event, actor=actor)

    task.refresh_from_db()
    assert task.title == "Newer"


def test_undo_refuses_a_column_that_is_gone(task, actor, columns):
    changed = update_task(task=task, actor=actor, column=columns[1])
    event = latest_event(changed, "task.changed")
    columns[0].archived_at = task.created_at
    columns[0].save()

    with pytest.raises(ValidationError, match="is gone"):
        undo_change(event=event, actor=actor)


def test_undo_leaves_labels_that_somebody_changed_since(task, actor):
    first, second = LabelFactory(project=task.project), LabelFactory(project=task.project)
    changed = update_task(task=task, actor=actor, labels=[first])
    event = latest_event(changed, "task.changed")
    task.labels.add(second)

    undo_change(event=event, actor=actor)

    assert set(task.labels.all()) == {first, second}


def test_undo_of_archive_and_creation(task, actor, project):
    archived = archive_task(task=task, actor=actor)
    restored = undo_change(event=latest_event(archived, "task.archived"), actor=actor)
    assert restored.archived_at is None

    fresh = create_task(actor=actor, project=project, title="Oops")
    undone = undo_change(event=latest_event(fresh, "task.created"), actor=actor)
    assert undone.archived_at is not None


# What the database refuses -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"progress": 101},
        {"estimate_hours": -1},
        {"start_on": dt.date(2026, 2, 2), "due_on": dt.date(2026, 2, 1)},
    ],
)
def test_database_refuses_impossible_tasks(task, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(**wrong)


def test_database_refuses_a_number_or_external_id_twice(task):
    with pytest.raises(IntegrityError, match="task_number_once"), transaction.atomic():
        TaskFactory(project=task.project, column=task.column, number=task.number)

    TaskFactory(project=task.project, column=task.column, external_id="a")
    with pytest.raises(IntegrityError, match="task_external_once"), transaction.atomic():
        TaskFactory(project=task.project, column=task.column, external_id="a")
