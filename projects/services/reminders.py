"""Reminders of work that is due tomorrow, and once when it is late."""

import datetime as dt
from collections.abc import Iterable
from itertools import groupby, islice

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core import formats
from notifications.services import OutgoingMail, in_language_of, queue_mails
from projects.models import Task
from projects.selectors.reminders import DUE, dedupe_key, kind_for, tasks_to_remind

PORTION = 500


def remind_due_work(*, now: dt.datetime | None = None) -> int:
    """Remind every assignee of what is due tomorrow by their calendar; return how many were new.

    A dedupe key of task and date makes a reminder happen once, however often and however late
    this runs. What was sent already is left out by the query, so an idle run reads and stops.
    """
    now = now or timezone.now()
    mails = _mails(tasks_to_remind(now).iterator(chunk_size=PORTION), now)
    sent = 0
    while portion := list(islice(mails, PORTION)):
        sent += queue_mails(portion)
    return sent


def _mails(tasks: Iterable[Task], now: dt.datetime) -> Iterable[OutgoingMail]:
    for person, rows in groupby(tasks, key=lambda task: task.assignee):
        with in_language_of(person):
            mails = [_mail(task, kind, now) for task in rows if (kind := kind_for(task, now))]
        yield from mails


def _mail(task: Task, kind: str, now: dt.datetime) -> OutgoingMail:
    person = task.assignee
    words = {
        "title": task.title,
        "key": task.key,
        "project": task.project.name,
        "day": formats.day(task.due_on),
    }
    if kind != DUE:
        subject = _("Overdue: %(title)s") % words
        body = _("“%(title)s” (%(key)s) in %(project)s was due on %(day)s.") % words
    elif task.due_on == now.astimezone(person.zone).date():
        subject = _("Due today: %(title)s") % words
        body = _("“%(title)s” (%(key)s) in %(project)s is due today, %(day)s.") % words
    else:
        subject = _("Due tomorrow: %(title)s") % words
        body = _("“%(title)s” (%(key)s) in %(project)s is due tomorrow, %(day)s.") % words
    return OutgoingMail(
        address=person.email,
        language=person.language,
        kind=kind,
        subject=subject,
        body=body,
        dedupe_key=dedupe_key(kind, task),
        url=reverse("projects:task_detail", args=[task.project_id, task.number]),
        action=_("Open the task"),
        recipient=person,
    )
