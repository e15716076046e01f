"""The columns and labels of a board."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from projects.models import BoardColumn, Label, Project, Task
from projects.services.changes import event_of, set_fields
from projects.services.tasks import STEP, end_of, refresh_goals_soon

EDITABLE = ("name", "category", "wip_limit")


def _lock(project: Project) -> Project:
    return Project.objects.select_for_update(of=("self",)).get(pk=project.pk)


@transaction.atomic
def add_column(
    *, project: Project, actor: User, name: str, category: str, wip_limit: int | None = None
) -> BoardColumn:
    """Put a column at the right end of a board; the same name twice in a row makes one."""
    _lock(project)
    live = project.columns.filter(archived_at=None)
    twin = live.filter(name=name.strip(), category=category).first()
    if twin:
        return twin
    last = project.columns.aggregate(last=Max("position"))["last"]
    column = BoardColumn(
        project=project,
        name=name.strip(),
        category=category,
        wip_limit=wip_limit,
        position=0 if last is None else last + 1,
    )
    column.full_clean()
    column.save()
    record(actor=actor, verb="column.created", target=column, name=[None, column.name])
    return column


@transaction.atomic
def update_column(*, column: BoardColumn, actor: User, **changes: object) -> BoardColumn:
    """Rename a column, change what it means or its limit.

    When it begins or ceases to mean done, its tasks are completed now or open again.
    """
    locked = BoardColumn.objects.select_for_update(of=("self",)).get(pk=column.pk)
    pairs = {
        name: [getattr(locked, name), changes[name]]
        for name in EDITABLE
        if name in changes and getattr(locked, name) != changes[name]
    }
    if not pairs:
        return locked
    for name, (_before, after) in pairs.items():
        setattr(locked, name, after)
    locked.full_clean()
    locked.save(update_fields=EDITABLE)
    if "category" in pairs:
        done = locked.category == BoardColumn.Category.DONE
        tasks = Task.objects.filter(column=locked, completed_at__isnull=done)
        tasks.update(completed_at=timezone.now() if done else None, version=F("version") + 1)
        refresh_goals_soon(locked.project_id)
    record(actor=actor, verb="column.changed", target=locked, **pairs)
    return locked


@transaction.atomic
def shift_column(*, column: BoardColumn, actor: User, step: int) -> BoardColumn:
    """Move a column one place to the left (-1) or right (1); at the edge it stays."""
    _lock(column.project)
    live = list(BoardColumn.objects.filter(project=column.project, archived_at=None))
    place = live.index(column)
    target = min(max(place + step, 0), len(live) - 1)
    if target != place:
        live.insert(target, live.pop(place))
        for position, each in enumerate(live):
            each.position = position
        BoardColumn.objects.bulk_update(live, ["position"])
        record(actor=actor, verb="column.moved", target=column, place=[place + 1, target + 1])
    return column


@transaction.atomic
def archive_column(
    *, column: BoardColumn, actor: User, move_to: BoardColumn | None = None
) -> BoardColumn:
    """Take a column off the board; its tasks go to another one first. Repeating is harmless."""
    _lock(column.project)
    pks = [column.pk, move_to.pk] if move_to else [column.pk]
    rows = BoardColumn.objects.select_for_update(of=("self",)).filter(project=column.project)
    found = {each.pk: each for each in rows.filter(pk__in=pks).order_by("pk")}
    locked, target = found[column.pk], found.get(move_to.pk) if move_to else None
    if locked.archived_at:
        return locked
    others = BoardColumn.objects.filter(project=column.project, archived_at=None)
    if not others.exclude(pk=locked.pk).exists():
        raise ValidationError(_("A board needs at least one column."))
    _empty(locked, target, actor)
    locked.archived_at = timezone.now()
    locked.save(update_fields=["archived_at"])
    record(actor=actor, verb="column.archived", target=locked, archived=[False, True])
    return locked


def _empty(column: BoardColumn, target: BoardColumn | None, actor: User) -> None:
    """Put every live task of a column behind the cards of another one."""
    rows = Task.objects.filter(column=column, archived_at=None).order_by("position", "pk")
    list(rows.select_for_update().values_list("pk", flat=True))
    tasks = list(rows.select_related("column", "project"))
    if not tasks:
        return
    if target is None or target.archived_at or target == column:
        raise ValidationError({"move_to": _("Choose where the tasks of this column go.")})
    position = end_of(target)
    events = []
    for task in tasks:
        pairs = set_fields(task, {"column": target})
        pairs |= {
            "position": [task.position, position],
            "version": [task.version, task.version + 1],
        }
        task.position, task.version = position, task.version + 1
        position += STEP
        events.append(event_of(task, actor, "task.moved", pairs))
    Task.objects.bulk_update(
        tasks, ["column", "position", "completed_at", "version"], batch_size=500
    )
    AuditEvent.objects.bulk_create(events, batch_size=500)
    refresh_goals_soon(column.project_id)


@transaction.atomic
def restore_column(*, column: BoardColumn, actor: User) -> BoardColumn:
    """Bring an archived column back to the right end of the board."""
    _lock(column.project)
    locked = BoardColumn.objects.select_for_update(of=("self",)).get(pk=column.pk)
    if locked.archived_at is None:
        return locked
    last = BoardColumn.objects.filter(project=column.project).aggregate(last=Max("position"))
    locked.archived_at, locked.position = None, last["last"] + 1
    locked.save(update_fields=["archived_at", "position"])
    record(actor=actor, verb="column.restored", target=locked, archived=[True, False])
    return locked


@transaction.atomic
def save_label(
    *, project: Project, actor: User, name: str, colour: str, label: Label | None = None
) -> Label:
    """Add a label to a project, or change one. The same name and colour twice makes one."""
    _lock(project)
    if label is None:
        twin = project.labels.filter(name__iexact=name.strip(), colour=colour).first()
        if twin:
            return twin
    row = label or Label(project=project)
    before = [row.name, row.colour] if row.pk else [None, None]
    if before == [name.strip(), colour]:
        return row
    row.name, row.colour = name.strip(), colour
    row.full_clean()
    row.save()
    record(
        actor=actor,
        verb="label.changed" if before[0] else "label.created",
        target=row,
        name=[before[0], row.name],
        colour=[before[1], row.colour],
    )
    return row
