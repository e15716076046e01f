import datetime as dt
import uuid

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEvent
from projects.models import Goal, Task
from projects.services import bulk
from projects.services.bulk import change_tasks, undo_batch
from projects.services.tasks import update_task
from tests.factories.accounts import UserFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import BoardColumnFactory, LabelFactory, TaskFactory

pytestmark = pytest.mark.django_db
DUE = dt.date(2026, 12, 2)


@pytest.fixture
def tasks(project, columns):
    return [TaskFactory(project=project, column=columns[0], title=title) for title in "ABC"]


def ids(tasks):
    return [task.pk for task in tasks]


def test_change_tasks_writes_all_and_undo_takes_all_back(project, actor, tasks, columns, events):
    label = LabelFactory(project=project)
    old = LabelFactory(project=project)
    tasks[0].labels.add(old)
    before = list(Task.objects.order_by("pk").values("column", "position", "due_on", "assignee"))

    batch, count = change_tasks(
        project=project,
        actor=actor,
        tasks=ids(tasks),
        column=columns[2],
        assignee=actor,
        due_on=DUE,
        add_label=label,
    )

    assert count == 3
    for task in Task.objects.all():
        assert (task.column, task.assignee, task.due_on) == (columns[2], actor, DUE)
        assert task.completed_at is not None
        assert (task.version, label in task.labels.all()) == (2, True)
    assert len(set(Task.objects.values_list("position", flat=True))) == 3

    assert undo_batch(project=project, actor=actor, batch=batch) == 3
    assert undo_batch(project=project, actor=actor, batch=batch) == 0

    after = list(Task.objects.order_by("pk").values("column", "position", "due_on", "assignee"))
    assert after == before
    assert not Task.objects.exclude(completed_at=None).exists()
    assert set(tasks[0].labels.all()) == {old}
    assert events(tasks[0]) == ["task.changed", "task.undone"]


def test_change_tasks_leaves_what_is_so_already(project, actor, tasks):
    update_task(task=tasks[0], actor=actor, due_on=DUE)

    _batch, count = change_tasks(project=project, actor=actor, tasks=ids(tasks), due_on=DUE)

    assert count == 2


def test_archive_many_and_bring_them_back(project, actor, tasks):
    batch, count = change_tasks(project=project, actor=actor, tasks=ids(tasks), archive=True)
    again = change_tasks(project=project, actor=actor, tasks=ids(tasks), archive=True)

    assert (count, again[1]) == (3, 0)
    assert not project.tasks.live().exists()
    assert undo_batch(project=project, actor=actor, batch=batch) == 3
    assert project.tasks.live().count() == 3


def test_change_tasks_ignores_tasks_of_other_projects(project, actor, tasks):
    other = TaskFactory()

    _batch, count = change_tasks(
        project=project, actor=actor, tasks=[tasks[0].pk, other.pk], due_on=DUE
    )

    other.refresh_from_db()
    assert (count, other.due_on) == (1, None)


def test_change_tasks_refuses_rows_of_other_projects(project, actor, tasks):
    for fields in (
        {"column": BoardColumnFactory()},
        {"add_label": LabelFactory()},
        {"assignee": UserFactory()},
    ):
        with pytest.raises(ValidationError):
            change_tasks(project=project, actor=actor, tasks=ids(tasks), **fields)

    assert not AuditEvent.objects.exists()


def test_change_tasks_refuses_dates_before_the_start_for_all(project, actor, tasks):
    Task.objects.filter(pk=tasks[2].pk).update(start_on=dt.date(2027, 1, 1))

    with pytest.raises(ValidationError, match="before the start"):
        change_tasks(project=project, actor=actor, tasks=ids(tasks), due_on=DUE)

    assert not project.tasks.filter(due_on=DUE).exists()


def test_change_tasks_refuses_too_many(project, actor, tasks, monkeypatch):
    monkeypatch.setattr(bulk, "AT_MOST", 2)

    with pytest.raises(ValidationError, match="at most 2 tasks"):
        change_tasks(project=project, actor=actor, tasks=ids(tasks), due_on=DUE)


def test_undo_of_many_is_all_or_nothing(project, actor, tasks):
    batch, _count = change_tasks(project=project, actor=actor, tasks=ids(tasks), due_on=DUE)
    update_task(task=tasks[1], actor=actor, due_on=dt.date(2026, 12, 9))

    with pytest.raises(ValidationError, match="changed the same"):
        undo_batch(project=project, actor=actor, batch=batch)

    assert project.tasks.filter(due_on=DUE).count() == 2


def test_undo_of_many_belongs_to_the_person_who_did_it(project, actor, tasks):
    batch, _count = change_tasks(project=project, actor=actor, tasks=ids(tasks), due_on=DUE)

    assert undo_batch(project=project, actor=UserFactory(), batch=batch) == 0
    assert undo_batch(project=project, actor=actor, batch=uuid.uuid4()) == 0


def test_goals_follow_a_bulk_change(
    project, actor, tasks, columns, django_capture_on_commit_callbacks
):
    goal = GoalFactory(
        project=project,
        source=Goal.Source.TASKS,
        state=Goal.State.ACTIVE,
        owner=actor,
        start_on=dt.date(2026, 1, 1),
        due_on=dt.date(2027, 1, 1),
    )
    Task.objects.update(goal=goal)

    with django_capture_on_commit_callbacks(execute=True):
        change_tasks(project=project, actor=actor, tasks=ids(tasks)[:2], column=columns[2])

    goal.refresh_from_db()
    assert round(float(goal.progress), 2) == 0.67


@pytest.mark.parametrize("count", [1, 3])
def test_change_tasks_needs_the_same_statements_for_one_as_for_three(
    project, actor, tasks, columns, count_queries, count
):
    found = count_queries(
        lambda: change_tasks(
            project=project,
            actor=actor,
            tasks=ids(tasks)[:count],
            column=columns[1],
            assignee=actor,
        )
    )

    assert found == 10
