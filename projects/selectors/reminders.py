"""Whose work is due, by the calendar of the person who does it."""

import datetime as dt

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.models import User
from clientgroups.models import GroupAccess
from notifications.models import Message
from projects.models import ProjectAccess, Task

# A job that stood still is caught up for so long; older work is no news to anybody.
OVERDUE_DAYS = 3
DUE, OVERDUE = "task.due", "task.overdue"


def dedupe_key(kind: str, task: Task) -> str:
    """Moving the date makes a new key, and so a new reminder."""
    return f"{kind}:{task.pk}:{task.due_on.isoformat()}"


def tasks_to_remind(now: dt.datetime) -> QuerySet[Task]:
    """Open work that is due or just overdue somewhere on earth and may still need a reminder.

    The day is judged for each person by `kind_for`; here stands what the database can leave out:
    done, cancelled and archived work, projects at rest, people who left, and what was sent.
    """
    today = now.astimezone(dt.UTC).date()
    role = {"user": OuterRef("assignee")}
    return (
        Task.objects.open()
        .filter(
            Q(Exists(ProjectAccess.objects.filter(project=OuterRef("project"), **role)))
            | Q(
                Exists(
                    GroupAccess.objects.filter(
                        client_group=OuterRef("project__client_group"), **role
                    )
                )
            )
            | Q(assignee__is_superuser=True)
            | Q(assignee__role=User.Role.ADMIN),
            due_on__gte=today - dt.timedelta(days=OVERDUE_DAYS + 1),
            due_on__lte=today + dt.timedelta(days=2),
            assignee__is_active=True,
            project__status__in=["planned", "active"],
        )
        .annotate(told_due=_told(DUE), told_overdue=_told(OVERDUE))
        .filter(told_overdue=False)
        .select_related("assignee", "project")
        .defer("description", "search", "project__description", "project__search")
        .order_by("assignee", "due_on", "pk")
    )


def _told(kind: str) -> Exists:
    key = Concat(
        Value(f"{kind}:"),
        Cast(OuterRef("pk"), CharField()),
        Value(":"),
        Cast(OuterRef("due_on"), CharField()),
        output_field=CharField(),
    )
    return Exists(
        Message.objects.filter(address=OuterRef("assignee__email")).filter(dedupe_key=key)
    )


def kind_for(task: Task, now: dt.datetime) -> str:
    """Which reminder a task needs where its assignee lives; none when it is not yet the day."""
    today = now.astimezone(task.assignee.zone).date()
    days = (task.due_on - today).days
    if days in (0, 1):
        return "" if task.told_due else DUE
    return OVERDUE if -OVERDUE_DAYS <= days < 0 else ""
