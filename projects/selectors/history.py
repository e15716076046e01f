"""What happened, in words: rows of the audit trail as sentences."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import AuditEvent, User
from accounts.trail import Change, changes_of, sentence_of
from core.prepared import prepared
from projects.models import Task

# For undo and for stale editors; people read the words beside them.
SILENT = {
    "column_id",
    "assignee_id",
    "goal_id",
    "label_ids",
    "position",
    "version",
    "batch",
    "person_id",
    "number",
    "key",
}


@dataclass(frozen=True)
class Happening:
    """One event for people to read; `number` leads to the task it is about."""

    who: User | None
    text: str
    at: dt.datetime
    changes: list[Change]
    number: int | None = None


def tell(event: AuditEvent, number: int | None = None) -> Happening:
    """An event as a sentence, with what a person should know of it: no ids, no positions."""
    return Happening(
        who=event.actor,
        text=sentence_of(event),
        at=event.at,
        changes=[
            change
            for change in changes_of(event)
            if change.field not in SILENT and change.before != change.after
            if isinstance(event.changes[change.field], list)
        ],
        number=number,
    )


def history_of(task: Task) -> list[Happening]:
    """The latest thirty events of one task."""
    return [tell(event) for event in _latest(Task._meta.label_lower, str(task.pk))]


@prepared
def _latest(kind: str, key: str) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.filter(target_type=kind, target_id=key)
    return events.select_related("actor")[:30]


def events_of(task: Task) -> QuerySet[AuditEvent]:
    """Everything recorded about a task, newest first."""
    return AuditEvent.objects.filter(target_type=Task._meta.label_lower, target_id=str(task.pk))


def changed_since(task: Task, version: int) -> list[Happening]:
    """What others did since an editor read the task in that version, newest first."""
    events = events_of(task).filter(changes__version__0__gte=version).select_related("actor")
    return [tell(event) for event in events[:10]]
