import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import JobRun
from notifications.models import Message
from projects import tasks as jobs
from projects.services.reminders import remind_due_work
from projects.services.tasks import update_task
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.projects import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
TOMORROW = dt.date(2026, 11, 24)


def work(due_on=TOMORROW, role="member", person=None, **fields):
    """An open task of somebody who works in its project."""
    person = person or UserFactory()
    project = fields.pop("project", None) or ProjectFactory()
    if role and not project.access.filter(user=person).exists():
        grant(person, role, project)
    return TaskFactory(project=project, assignee=person, due_on=due_on, **fields)


def test_task_due_tomorrow_reminds_its_assignee_once():
    task = work(title="Call Anna")

    assert [remind_due_work(now=NOW) for _run in range(3)] == [1, 0, 0]

    message = Message.objects.get()
    assert message.recipient == task.assignee
    assert message.dedupe_key == f"task.due:{task.pk}:2026-11-24"
    assert message.subject == "Due tomorrow: Call Anna"
    assert task.key in message.body
    assert message.url == task.get_absolute_url()


def test_moving_the_date_makes_a_new_reminder():
    task = work()
    remind_due_work(now=NOW)

    update_task(task=task, actor=task.project.lead, due_on=dt.date(2026, 11, 25))
    assert remind_due_work(now=NOW) == 0
    assert remind_due_work(now=NOW + dt.timedelta(days=1)) == 1


def test_day_is_that_of_the_assignee():
    """At noon UTC it is already the 24th in Kiritimati and still the 23rd in Honolulu."""
    ahead = UserFactory(time_zone="Pacific/Kiritimati")
    behind = UserFactory(time_zone="Pacific/Honolulu")
    on_25th = [work(dt.date(2026, 11, 25), person=person) for person in (ahead, behind)]

    assert remind_due_work(now=NOW) == 1

    assert Message.objects.get().recipient == on_25th[0].assignee


def test_reminder_missed_on_its_day_is_caught_up_and_says_today():
    work(dt.date(2026, 11, 23))

    assert remind_due_work(now=NOW) == 1
    assert Message.objects.get().subject.startswith("Due today")


@pytest.mark.parametrize(("days", "count"), [(1, 1), (3, 1), (4, 0), (30, 0)])
def test_overdue_work_reminds_once_when_it_is_news(days, count):
    work(NOW.date() - dt.timedelta(days=days))

    assert [remind_due_work(now=NOW), remind_due_work(now=NOW)] == [count, 0]
    assert Message.objects.filter(kind="task.overdue").count() == count


def test_overdue_follows_a_reminder_of_the_same_date():
    work()
    remind_due_work(now=NOW)

    assert remind_due_work(now=NOW + dt.timedelta(days=2)) == 1
    assert set(Message.objects.values_list("kind", flat=True)) == {"task.due", "task.overdue"}


def test_work_that_rests_reminds_nobody():
    work(done=True)
    work(category="cancelled")
    work(archived=True)
    work(due_on=None)
    work(dt.date(2026, 11, 26))
    work(person=UserFactory(is_active=False))
    work(role=None)
    work(project=ProjectFactory(status="on_hold"))
    TaskFactory(due_on=TOMORROW)

    assert remind_due_work(now=NOW) == 0


def test_role_in_the_group_or_administration_suffices():
    project = ProjectFactory()
    member = UserFactory()
    grant(member, "viewer", project.client_group)
    TaskFactory(project=project, assignee=member, due_on=TOMORROW)
    TaskFactory(project=project, assignee=UserFactory(admin=True), due_on=TOMORROW)

    assert remind_due_work(now=NOW) == 2


def test_reminder_is_written_in_the_language_of_the_assignee():
    work(person=UserFactory(chinese=True), title="打电话给安娜")

    remind_due_work(now=NOW)

    message = Message.objects.get()
    assert message.language == "zh-hans"
    assert "打电话给安娜" in message.subject
    assert "11月24日" in message.body


def test_hostile_title_stays_one_line_of_text():
    work(title="<b>Hi</b>\r\nBcc: x@example.org")

    remind_due_work(now=NOW)

    assert Message.objects.get().subject == "Due tomorrow: <b>Hi</b> Bcc: x@example.org"


@pytest.mark.parametrize("count", [1, 3])
def test_reminding_needs_the_same_statements_for_one_task_as_for_three(count):
    for _each in range(count):
        work()

    with CaptureQueriesContext(connection) as captured:
        remind_due_work(now=NOW)

    statements = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
    assert len(statements) == 3, [each[:200] for each in statements[1:]]


def test_job_records_its_run():
    task = work(timezone.localdate() + dt.timedelta(days=1))

    assert [jobs.remind_due_work(), jobs.remind_due_work()] == [1, 0]

    run = JobRun.objects.get(name="projects.tasks.remind_due_work")
    assert (run.rows, run.error) == (0, "")
    assert Message.objects.get().recipient == task.assignee
