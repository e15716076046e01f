"""What needs one person, across all projects."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from projects.models import Task

OVERDUE, TODAY, WEEK, LATER, UNDATED = "overdue", "today", "week", "later", "undated"
NAMES = {
    OVERDUE: _("Overdue"),
    TODAY: _("Today"),
    WEEK: _("This week"),
    LATER: _("Later"),
    UNDATED: _("No date"),
}


@dataclass
class Section:
    """Tasks of one time to come; `total` counts those on other pages too."""

    key: str
    name: str
    total: int
    tasks: list[Task]


def week_end(today: dt.date) -> dt.date:
    """Sunday of this week."""
    return today + dt.timedelta(days=6 - today.weekday())


def my_tasks(user: User) -> QuerySet[Task]:
    """A person's open tasks where access still holds: what is due first stands first."""
    return (
        Task.objects.visible_to(user)
        .open()
        .filter(assignee=user)
        .exclude(project__status__in=["closed", "cancelled"])
        .select_related("project", "column")
        .defer("description", "search", "project__description", "project__search")
        .order_by(F("due_on").asc(nulls_last=True), "-priority", "pk")
    )


def my_totals(user: User) -> dict[str, int]:
    """How many tasks stand in each section."""
    today = timezone.localdate()
    end = week_end(today)
    return (
        my_tasks(user)
        .order_by()
        .aggregate(
            overdue=Count("pk", filter=Q(due_on__lt=today)),
            today=Count("pk", filter=Q(due_on=today)),
            week=Count("pk", filter=Q(due_on__gt=today, due_on__lte=end)),
            later=Count("pk", filter=Q(due_on__gt=end)),
            undated=Count("pk", filter=Q(due_on=None)),
        )
    )


def section_of(task: Task, today: dt.date) -> str:
    if task.due_on is None:
        return UNDATED
    if task.due_on < today:
        return OVERDUE
    if task.due_on == today:
        return TODAY
    return WEEK if task.due_on <= week_end(today) else LATER


def in_sections(tasks: list[Task], totals: dict[str, int]) -> list[Section]:
    """The tasks of one page under their headings; empty headings are left out."""
    today = timezone.localdate()
    sections = [
        Section(key, name, totals[key], [t for t in tasks if section_of(t, today) == key])
        for key, name in NAMES.items()
    ]
    return [section for section in sections if section.tasks]
