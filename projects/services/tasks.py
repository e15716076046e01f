"""Everything a person does to a task, but for moving it among others and its parts.

Rows are locked in one order everywhere: project, column, task. So no two people wait for each
other.
"""

from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from core.prepared import prepared
from notifications.services import in_language_of, notify
from projects.models import BoardColumn, Goal, Label, Project, Task
from projects.services.changes import (
    PLAIN,
    check_rows,
    clean,
    label_pairs,
    set_fields,
    set_labels,
    settle,
)
from projects.services.goal_progress import refresh_task_goals

STEP = 1 << 16


class StaleTask(Exception):  # noqa: N818 - it is a state to show, not a fault
    """Somebody else has changed the task since the editor read it; `task` is how it stands."""

    def __init__(self, task: Task) -> None:
        super().__init__(_("Somebody else has changed this task."))
        self.task = task


def lock_task(task: Task) -> Task:
    """The row as it stands, locked. Always after its column, never before, or two moves wait.

    Locked alone and read afterwards: a join would be judged by the column from before the wait,
    and a card that somebody has just moved would not be found.
    """
    Task.objects.select_for_update().order_by().values_list("pk", flat=True).get(pk=task.pk)
    rows = Task.objects.select_related("project", "column", "assignee", "goal")
    return rows.defer("search").get(pk=task.pk)


def lock_column(project: Project, column: BoardColumn | None) -> BoardColumn:
    """The column, locked; without one the first of open work."""
    rows = _column(project.pk, column.pk) if column is not None else _columns(project.pk)
    open_work = [row for row in rows if row.category == BoardColumn.Category.TODO]
    if not rows:
        raise ValidationError({"column": _("Choose a column of this project.")})
    return (open_work or rows)[0]


@prepared
def _column(project: int, column: int) -> QuerySet[BoardColumn]:
    rows = BoardColumn.objects.filter(project=project, archived_at=None, pk=column)
    return rows.select_for_update()


@prepared
def _columns(project: int) -> QuerySet[BoardColumn]:
    return BoardColumn.objects.filter(project=project, archived_at=None).select_for_update()


@prepared
def _project(pk: int) -> QuerySet[Project]:
    return Project.objects.filter(pk=pk).select_for_update().defer("description", "search")


@prepared
def _positions(column: int) -> QuerySet:
    return Task.objects.filter(column=column).order_by("-position").values_list("position")[:1]


def end_of(column: BoardColumn) -> int:
    """The position behind the last card."""
    return STEP + max((position for (position,) in _positions(column.pk)), default=0)


@transaction.atomic
def create_task(
    *,
    actor: User,
    project: Project,
    title: str,
    column: BoardColumn | None = None,
    submission_key: str = "",
    **fields: object,
) -> Task:
    """Add a task at the end of a column and give it the next number of its project.

    The number is drawn under a lock on the project, so it never repeats. A form sent twice with
    the same `submission_key` makes one task.
    """
    (project,) = _project(project.pk)
    external_id = f"form:{submission_key}" if submission_key else ""
    if external_id:
        twin = Task.objects.filter(project=project, external_id=external_id).first()
        if twin:
            return twin
    labels = list(fields.pop("labels", None) or ())
    fields["column"] = lock_column(project, column)
    check_rows(project, fields | {"labels": labels})
    project.last_task_number += 1
    task = Task(
        project=project,
        number=project.last_task_number,
        title=title.strip(),
        position=end_of(fields["column"]),
        created_by=actor,
        created_at=timezone.now(),
        external_id=external_id,
        **fields,
    )
    settle(task)
    clean(task)
    project.save(update_fields=["last_task_number"])
    task.save(force_insert=True)
    if labels:
        task.labels.through.objects.bulk_create(
            task.labels.through(task=task, label=label) for label in labels
        )
    record(actor=actor, verb="task.created", target=task, number=[None, task.number])
    if task.goal_id:
        refresh_goals_soon(project.pk)
    _tell_assignee(task, actor)
    return task


@transaction.atomic
def update_task(*, task: Task, actor: User, version: int | None = None, **changes: object) -> Task:
    """Change fields of a task. With `version`, refuse when somebody else was faster.

    Writing what stands there already changes nothing and records nothing.
    """
    moves = "column" in changes and changes["column"].pk != task.column_id
    if moves:
        changes["column"] = lock_column(task.project, changes["column"])
    locked = lock_task(task)
    labels = changes.pop("labels", None)
    seen = locked.version
    check_rows(locked.project, _news(locked, changes) | {"labels": labels})
    pairs = set_fields(locked, changes)
    if "column" in pairs:
        pairs["position"] = [locked.position, end_of(locked.column)]
        locked.position = pairs["position"][1]
    wanted = None if labels is None else {label.pk for label in labels}
    if wanted is not None and wanted != set(locked.labels.values_list("pk", flat=True)):
        pairs["labels"] = []
    if not pairs:
        return locked
    if version is not None and seen != version:
        raise StaleTask(Task.objects.select_related("project", "column").get(pk=task.pk))
    clean(locked)
    if "labels" in pairs:
        pairs |= set_labels(locked, labels)
    save(locked, actor, "task.changed", pairs)
    if "assignee" in pairs:
        _tell_assignee(locked, actor)
    return locked


def _news(task: Task, changes: dict) -> dict:
    """Rows that were already chosen may stay, also when the person has left the project."""
    return {
        name: value
        for name, value in changes.items()
        if getattr(value, "pk", None) != getattr(task, f"{name}_id", object())
    }


def refresh_goals_soon(project_id: int) -> None:
    """Goals that count tasks follow once the change is stored; their rows wait for the project."""
    transaction.on_commit(partial(refresh_task_goals, project_id=project_id))


def touches_goals(task: Task, pairs: dict) -> bool:
    """Whether a goal may count differently after these changes."""
    return "goal_id" in pairs or bool(task.goal_id and pairs.keys() & {"column_id", "archived"})


def save(task: Task, actor: User, verb: str, pairs: dict) -> AuditEvent:
    """Store a changed task with its next version and its audit row."""
    if touches_goals(task, pairs):
        refresh_goals_soon(task.project_id)
    pairs["version"] = [task.version, task.version + 1]
    task.version += 1
    task.save(
        update_fields=[
            *PLAIN,
            "column",
            "assignee",
            "goal",
            "position",
            "completed_at",
            "archived_at",
            "version",
            "updated_at",
        ]
    )
    return record(actor=actor, verb=verb, target=task, **pairs)


def _tell_assignee(task: Task, actor: User) -> None:
    person = task.assignee
    if person is None or person == actor:
        return
    with in_language_of(person):
        words = {"who": actor, "key": task.key, "title": task.title, "project": task.project}
        notify(
            recipient=person,
            kind="task.assigned",
            subject=_("%(key)s is yours: %(title)s") % words,
            body=_("%(who)s gave you the task “%(title)s” in %(project)s.") % words,
            url=reverse("projects:task_detail", args=[task.project_id, task.number]),
            dedupe_key=f"task.assigned:{task.pk}:{person.pk}:{task.version}",
            action=_("Open the task"),
        )


@transaction.atomic
def archive_task(*, task: Task, actor: User) -> Task:
    """Take a task off the board and out of every list; nothing is lost. Repeating is harmless."""
    return _set_archived(task, actor, "task.archived", timezone.now())


@transaction.atomic
def restore_task(*, task: Task, actor: User) -> Task:
    """Bring an archived task back to where it stood."""
    return _set_archived(task, actor, "task.restored", None)


def _set_archived(task: Task, actor: User, verb: str, moment: object) -> Task:
    locked = lock_task(task)
    if bool(locked.archived_at) == bool(moment):
        return locked
    if moment is None and locked.column.archived_at:
        raise ValidationError(
            _("Its column “%(column)s” was archived. Restore the column first.")
            % {"column": locked.column}
        )
    pair = [bool(locked.archived_at), bool(moment)]
    locked.archived_at = moment
    save(locked, actor, verb, {"archived": pair})
    return locked


@transaction.atomic
def finish_task(*, task: Task, actor: User) -> Task:
    """Move a task to the first column of done work; done work stays where it is."""
    if task.column.category == BoardColumn.Category.DONE:
        return task
    done = BoardColumn.objects.filter(
        project=task.project, category=BoardColumn.Category.DONE, archived_at=None
    ).first()
    if done is None:
        raise ValidationError(_("This board has no column for done work. Add one first."))
    return update_task(task=task, actor=actor, column=done)


@transaction.atomic
def undo_change(*, event: AuditEvent, actor: User) -> Task:
    """Take back one recorded change of a task, unless somebody has changed the same since.

    Undoing twice changes nothing the second time.
    """
    task = Task.objects.select_related("project").get(pk=event.target_id)
    if "column_id" in event.changes:
        column = BoardColumn.objects.filter(pk=event.changes["column_id"][0], archived_at=None)
        lock_column(task.project, column.first())
    locked = lock_task(task)
    if event.verb == "task.created":
        return archive_task(task=locked, actor=actor)
    pairs = revert(locked, event.changes, rows_of(locked.project, [event.changes]))
    if pairs:
        save(locked, actor, "task.undone", pairs)
    return locked


def rows_of(project: Project, changes: list[dict]) -> dict:
    """The rows that old values name, by kind and id, in one statement each."""
    wanted = {
        name: {each[name][0] for each in changes if name in each} - {None}
        for name in ("column_id", "assignee_id", "goal_id")
    }
    labels = {pk for each in changes if "label_ids" in each for pk in each["label_ids"][0]}
    columns = BoardColumn.objects.filter(project=project, archived_at=None)
    return {
        "column": columns.in_bulk(wanted["column_id"]) if wanted["column_id"] else {},
        "assignee": User.objects.in_bulk(wanted["assignee_id"]) if wanted["assignee_id"] else {},
        "goal": Goal.objects.filter(project=project).in_bulk(wanted["goal_id"])
        if wanted["goal_id"]
        else {},
        "label": Label.objects.filter(project=project).in_bulk(labels) if labels else {},
    }


def revert(task: Task, changes: dict, rows: dict) -> dict:
    """Put the old values back into a locked task; the audit pairs of what was put back."""
    old = {}
    for name, (before, after) in changes.items():
        if name in PLAIN:
            field = Task._meta.get_field(name)
            old |= _old_value(
                getattr(task, name), name, field.to_python(before), field.to_python(after)
            )
        elif name.removesuffix("_id") in ("column", "assignee", "goal") and name.endswith("_id"):
            kind = name.removesuffix("_id")
            found = _old_value(getattr(task, name), kind, before, after)
            old |= {kind: rows[kind].get(pk) for kind, pk in found.items()}
    if "column" in old and old["column"] is None:
        raise ValidationError(_("The column it came from is gone. Nothing was undone."))
    pairs = set_fields(task, old)
    if "column" in pairs:
        pairs["position"] = [task.position, changes["position"][0]]
        task.position = changes["position"][0]
    if "archived" in changes and bool(task.archived_at) == changes["archived"][1]:
        task.archived_at = timezone.now() if changes["archived"][0] else None
        pairs["archived"] = changes["archived"][::-1]
    if "label_ids" in changes:
        pairs |= _revert_labels(task, changes["label_ids"], rows["label"])
    return pairs


def _old_value(now: object, name: str, before: object, after: object) -> dict:
    if now == before:
        return {}
    if now != after:
        raise ValidationError(_("Somebody has changed the same since then. Nothing was undone."))
    return {name: before}


def _revert_labels(task: Task, pair: list, rows: dict) -> dict:
    before = [rows[pk] for pk in pair[0] if pk in rows]
    now = list(task.labels.all())
    if sorted(label.pk for label in now) != pair[1]:
        return {}
    task.labels.set(before)
    return label_pairs(now, before)
