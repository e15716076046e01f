"""What happened, in words: rows of the audit trail as sentences."""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AuditEvent, User
from core import formats
from core.prepared import prepared
from projects.models import Project, Task

SENTENCES = {
    "task.created": gettext_lazy("%(who)s created “%(what)s”"),
    "task.changed": gettext_lazy("%(who)s changed “%(what)s”"),
    "task.moved": gettext_lazy("%(who)s moved “%(what)s”"),
    "task.archived": gettext_lazy("%(who)s archived “%(what)s”"),
    "task.restored": gettext_lazy("%(who)s restored “%(what)s”"),
    "task.undone": gettext_lazy("%(who)s undid a change of “%(what)s”"),
    "checklist.added": gettext_lazy("%(who)s added a step to “%(what)s”"),
    "checklist.done": gettext_lazy("%(who)s ticked a step of “%(what)s”"),
    "checklist.reopened": gettext_lazy("%(who)s reopened a step of “%(what)s”"),
    "checklist.moved": gettext_lazy("%(who)s reordered the steps of “%(what)s”"),
    "checklist.removed": gettext_lazy("%(who)s removed a step of “%(what)s”"),
    "comment.added": gettext_lazy("%(who)s commented on “%(what)s”"),
    "comment.removed": gettext_lazy("%(who)s removed a comment on “%(what)s”"),
    "link.added": gettext_lazy("%(who)s added a link to “%(what)s”"),
    "link.removed": gettext_lazy("%(who)s removed a link of “%(what)s”"),
    "project.created": gettext_lazy("%(who)s started the project"),
    "project.changed": gettext_lazy("%(who)s changed the project"),
    "project.access_granted": gettext_lazy("%(who)s gave somebody access"),
    "project.access_revoked": gettext_lazy("%(who)s took somebody's access away"),
    "board.imported": gettext_lazy("%(who)s imported a board"),
    "board.undone": gettext_lazy("%(who)s took an import back"),
}
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
NAMES = {
    "labels": gettext_lazy("labels"),
    "archived": gettext_lazy("archived"),
    "step": gettext_lazy("step"),
    "comment": gettext_lazy("comment"),
    "link": gettext_lazy("link"),
    "person": gettext_lazy("person"),
    "role": gettext_lazy("role"),
}


@dataclass(frozen=True)
class Change:
    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Happening:
    """One event for people to read; `number` leads to the task it is about."""

    who: User | None
    text: str
    at: dt.datetime
    changes: list[Change]
    number: int | None = None


def tell(event: AuditEvent, number: int | None = None) -> Happening:
    """An event as a sentence with its changes before → after."""
    words = {"who": event.actor or _("Tandem"), "what": event.target_label}
    sentence = SENTENCES.get(event.verb)
    return Happening(
        who=event.actor,
        text=str(sentence) % words if sentence else f"{words['who']}: {event.verb}",
        at=event.at,
        changes=changes_of(event),
        number=number,
    )


def changes_of(event: AuditEvent) -> list[Change]:
    """What a person should know about an event: no ids, no positions."""
    found = []
    for field, pair in event.changes.items():
        if field in SILENT or not isinstance(pair, list) or pair[0] == pair[1]:
            continue
        before, after = (_value(field, value) for value in pair)
        found.append(Change(field, _label(event, field), before, after))
    return found


def _label(event: AuditEvent, field: str) -> str:
    model = Project if event.target_type == Project._meta.label_lower else Task
    if field in NAMES:
        return str(NAMES[field])
    try:
        return str(model._meta.get_field(field).verbose_name)
    except FieldDoesNotExist:
        return field


def _value(field: str, value: object) -> str:
    if value in (None, ""):
        return formats.NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field == "priority" and value in Task.Priority.values:
        return str(Task.Priority(value).label)
    if field in ("start_on", "due_on"):
        return formats.day(dt.date.fromisoformat(value))
    return str(value)[:200]


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
