"""One change of many tasks at once, and one undo of it."""

import datetime as dt
import uuid

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from projects.models import BoardColumn, Label, Project, Task
from projects.services.changes import check_rows, clean, event_of, label_pairs, set_fields
from projects.services.tasks import (
    STEP,
    end_of,
    lock_column,
    refresh_goals_soon,
    revert,
    rows_of,
    touches_goals,
)

AT_MOST = 500
FIELDS = [
    "title",
    "description",
    "priority",
    "is_critical",
    "estimate_hours",
    "progress",
    "start_on",
    "due_on",
    "column",
    "assignee",
    "goal",
    "position",
    "completed_at",
    "archived_at",
    "version",
]


@transaction.atomic
def change_tasks(
    *,
    project: Project,
    actor: User,
    tasks: list[int],
    add_label: Label | None = None,
    archive: bool = False,
    **changes: object,
) -> tuple[uuid.UUID, int]:
    """Give up to 500 tasks the same assignee, due date, column or label, or archive them.

    Returns the batch, by which it is undone, and how many tasks really changed.
    """
    if len(tasks) > AT_MOST:
        raise ValidationError(_("Change at most %(count)d tasks at once.") % {"count": AT_MOST})
    if "column" in changes:
        changes["column"] = lock_column(project, changes["column"])
    check_rows(project, changes | {"labels": [add_label] if add_label else []})
    rows = _locked(project, tasks)
    batch = uuid.uuid4()
    position = end_of(changes["column"]) if "column" in changes else 0
    changed = []
    for task in rows:
        pairs = set_fields(task, changes)
        if "column" in pairs:
            pairs["position"] = [task.position, position]
            task.position = position
            position += STEP
        if archive and task.archived_at is None:
            task.archived_at = timezone.now()
            pairs["archived"] = [False, True]
        if pairs:
            clean(task)
        pairs |= _labelled(task, add_label)
        if pairs:
            changed.append((task, pairs))
    if add_label:
        through = Task.labels.through
        through.objects.bulk_create(
            [through(task=task, label=add_label) for task, _pairs in changed],
            ignore_conflicts=True,
        )
    _store(changed, actor, "task.changed", batch)
    return batch, len(changed)


def _locked(project: Project, tasks: list[int]) -> list[Task]:
    rows = Task.objects.filter(project=project, pk__in=tasks).order_by("pk")
    # Locked alone and read afterwards, like `lock_task`.
    list(rows.select_for_update().values_list("pk", flat=True))
    return list(rows.select_related("column", "assignee", "goal").prefetch_related("labels"))


def _labelled(task: Task, label: Label | None) -> dict:
    before = list(task.labels.all())
    if label is None or label in before:
        return {}
    return label_pairs(before, [*before, label])


def _store(changed: list, actor: User, verb: str, batch: uuid.UUID) -> None:
    events = []
    for task, pairs in changed:
        pairs |= {"version": [task.version, task.version + 1], "batch": [None, str(batch)]}
        task.version += 1
        events.append(event_of(task, actor, verb, pairs))
    Task.objects.bulk_update([task for task, _pairs in changed], FIELDS, batch_size=200)
    AuditEvent.objects.bulk_create(events, batch_size=200)
    if any(touches_goals(task, pairs) for task, pairs in changed):
        refresh_goals_soon(changed[0][0].project_id)


@transaction.atomic
def undo_batch(*, project: Project, actor: User, batch: uuid.UUID) -> int:
    """Take a bulk change back; all of it or, when somebody changed the same since, nothing.

    Only the person who made it can, within a day. Undoing twice changes nothing more.
    """
    events = {
        event.target_id: event.changes
        for event in AuditEvent.objects.filter(
            actor=actor,
            at__gte=timezone.now() - dt.timedelta(days=1),
            target_type=Task._meta.label_lower,
            verb="task.changed",
            changes__batch__1=str(batch),
        )
    }
    # Columns before tasks, like everyone else who locks both.
    columns = {each["column_id"][0] for each in events.values() if "column_id" in each}
    list(BoardColumn.objects.select_for_update().filter(pk__in=columns).order_by("pk"))
    rows = _locked(project, [int(pk) for pk in events])
    named = rows_of(project, list(events.values()))
    changed = []
    for task in rows:
        pairs = revert(task, events[str(task.pk)], named)
        if pairs:
            changed.append((task, pairs))
    _store(changed, actor, "task.undone", uuid.uuid4())
    return len(changed)
