import datetime as dt
import uuid

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEvent
from notifications.models import Message
from projects.models import Goal, Task
from projects.services.tasks import (
    StaleTask,
    create_task,
    finish_task,
    update_task,
)
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import (
    BoardColumnFactory,
    LabelFactory,
    ProjectFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(project, columns):
    return TaskFactory(project=project, column=columns[0], title="Call Anna")


@pytest.fixture
def colleague(project):
    person = UserFactory(name="Chen Yu", language="zh-hans")
    grant(person, "member", project)
    return person


# Creating ----------------------------------------------------------------------------------------


def test_create_task_numbers_and_records_it(project, actor, events):
    first = create_task(actor=actor, project=project, title="  One ")
    second = create_task(actor=actor, project=project, title="Two")

    assert (first.title, first.number, first.key) == ("One", 1, "HR-1")
    assert second.number == 2
    assert second.position > first.position
    assert first.column.name == "To do"
    assert first.created_by == actor
    assert events(first) == ["task.created"]


def test_create_task_keeps_every_field(project, actor, columns, colleague):
    labels = [LabelFactory(project=project), LabelFactory(project=project)]
    goal = GoalFactory(project=project)

    task = create_task(
        actor=actor,
        project=project,
        title="Call",
        column=columns[1],
        assignee=colleague,
        labels=labels,
        goal=goal,
        due_on=dt.date(2026, 12, 2),
        priority=Task.Priority.HIGH,
    )

    task.refresh_from_db()
    assert (task.column, task.assignee, task.goal) == (columns[1], colleague, goal)
    assert set(task.labels.all()) == set(labels)
    assert task.priority == Task.Priority.HIGH


def test_create_task_sent_twice_makes_one(project, actor):
    key = str(uuid.uuid4())

    first = create_task(actor=actor, project=project, title="Call", submission_key=key)
    second = create_task(actor=actor, project=project, title="Call", submission_key=key)

    assert first == second
    assert project.tasks.count() == 1


def test_create_task_in_done_column_is_complete(project, actor, columns):
    assert create_task(actor=actor, project=project, title="Old", column=columns[2]).completed_at


def test_create_task_tells_assignee_once_in_their_language(project, actor, colleague):
    task = create_task(actor=actor, project=project, title="Call", assignee=colleague)
    create_task(actor=colleague, project=project, title="Own", assignee=colleague)

    message = Message.objects.get()
    assert (message.recipient, message.kind) == (colleague, "task.assigned")
    assert message.language == "zh-hans"
    assert message.url == task.get_absolute_url()
    assert "Call" in message.subject


def test_create_task_refuses_blank_title_and_keeps_the_number(project, actor):
    with pytest.raises(ValidationError):
        create_task(actor=actor, project=project, title="   ")

    project.refresh_from_db()
    assert project.last_task_number == 0
    assert not Task.objects.exists()


def test_create_task_refuses_rows_of_other_projects(project, actor):
    stranger = UserFactory()
    wrong = [
        {"column": BoardColumnFactory()},
        {"column": BoardColumnFactory(project=project, archived=True)},
        {"labels": [LabelFactory()]},
        {"goal": GoalFactory()},
        {"assignee": stranger},
    ]

    for fields in wrong:
        with pytest.raises(ValidationError) as caught:
            create_task(actor=actor, project=project, title="Call", **fields)
        assert list(caught.value.message_dict) == list(fields)


def test_create_task_without_any_column_says_so(actor):
    empty = ProjectFactory()

    with pytest.raises(ValidationError, match="column"):
        create_task(actor=actor, project=empty, title="Call")


def test_create_task_without_open_column_takes_the_first(actor):
    project = ProjectFactory()
    done = BoardColumnFactory(project=project, done=True)

    assert create_task(actor=actor, project=project, title="Call").column == done


def test_create_task_refuses_due_before_start(project, actor):
    with pytest.raises(ValidationError, match="before the start"):
        create_task(
            actor=actor,
            project=project,
            title="Call",
            start_on=dt.date(2026, 12, 2),
            due_on=dt.date(2026, 12, 1),
        )


# Changing ----------------------------------------------------------------------------------------


def test_update_task_changes_records_and_counts_the_version(task, actor):
    update_task(task=task, actor=actor, title="Call Ben", due_on=dt.date(2026, 12, 2))

    task.refresh_from_db()
    event = AuditEvent.objects.get(verb="task.changed")
    assert (task.title, task.version) == ("Call Ben", 2)
    assert event.changes["title"] == ["Call Anna", "Call Ben"]
    assert event.changes["due_on"] == [None, "2026-12-02"]


def test_update_task_with_same_values_changes_nothing(task, actor, events):
    label = LabelFactory(project=task.project)
    task.labels.add(label)

    update_task(task=task, actor=actor, version=99, title="Call Anna", labels=[label])

    task.refresh_from_db()
    assert task.version == 1
    assert events(task) == []


def test_update_task_refuses_stale_version_and_keeps_theirs(task, actor, colleague):
    update_task(task=task, actor=colleague, version=1, title="Theirs")

    with pytest.raises(StaleTask) as caught:
        update_task(task=task, actor=actor, version=1, title="Mine")

    task.refresh_from_db()
    assert task.title == "Theirs"
    assert caught.value.task.version == 2


def test_update_task_to_done_completes_and_back_reopens(task, actor, columns):
    done = update_task(task=task, actor=actor, column=columns[2])
    assert done.completed_at is not None

    again = update_task(task=task, actor=actor, column=columns[1])
    assert again.completed_at is None


def test_cancelled_work_is_never_done(task, actor):
    cancelled = BoardColumnFactory(project=task.project, cancelled=True)

    assert update_task(task=task, actor=actor, column=cancelled).completed_at is None


def test_full_progress_does_not_finish_a_task(task, actor):
    changed = update_task(task=task, actor=actor, progress=100)

    assert (changed.progress, changed.completed_at) == (100, None)
    assert changed.column_id == task.column_id


def test_update_task_gives_labels_and_tells_new_assignee(task, actor, colleague):
    label = LabelFactory(project=task.project, name="Care")

    update_task(task=task, actor=actor, labels=[label], assignee=colleague)

    event = AuditEvent.objects.get()
    assert event.changes["labels"] == [None, "Care"]
    assert event.changes["assignee"] == [None, "Chen Yu"]
    assert Message.objects.filter(recipient=colleague).count() == 1


def test_update_task_keeps_somebody_who_left(task, actor):
    task.assignee = UserFactory()
    task.save()

    update_task(task=task, actor=actor, title="New", assignee=task.assignee)

    task.refresh_from_db()
    assert task.title == "New"


def test_update_task_refuses_somebody_without_a_role(task, actor):
    with pytest.raises(ValidationError, match="no role"):
        update_task(task=task, actor=actor, assignee=UserFactory())


@pytest.mark.parametrize(
    ("field", "value"),
    [("progress", 101), ("progress", -1), ("title", ""), ("title", "x" * 301), ("priority", 9)],
)
def test_update_task_refuses_impossible_values(task, actor, field, value):
    with pytest.raises(ValidationError):
        update_task(task=task, actor=actor, **{field: value})

    task.refresh_from_db()
    assert task.version == 1


def test_finish_task_moves_to_the_done_column_once(task, actor, columns, events):
    finish_task(task=task, actor=actor)
    task.refresh_from_db()
    finish_task(task=task, actor=actor)

    assert task.column == columns[2]
    assert events(task) == ["task.changed"]


def test_finish_task_without_done_column_says_so(actor):
    task = TaskFactory()

    with pytest.raises(ValidationError, match="no column for done work"):
        finish_task(task=task, actor=actor)


def test_goal_that_counts_tasks_follows_a_finished_one(
    task, actor, django_capture_on_commit_callbacks
):
    goal = GoalFactory(
        project=task.project,
        source=Goal.Source.TASKS,
        state=Goal.State.ACTIVE,
        owner=actor,
        start_on=dt.date(2026, 1, 1),
        due_on=dt.date(2027, 1, 1),
    )
    task.goal = goal
    task.save()

    with django_capture_on_commit_callbacks(execute=True):
        finish_task(task=task, actor=actor)

    goal.refresh_from_db()
    assert goal.progress == 1
