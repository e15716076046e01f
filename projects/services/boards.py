"""A whole board from another product, written at once and taken back at once."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import record
from accounts.models import User
from projects.models import (
    Attachment,
    BoardColumn,
    ChecklistItem,
    Comment,
    Label,
    Project,
    Task,
)

# Room between two neighbours, so that a card moved between them needs no renumbering.
STEP = 1 << 16
BATCH = 500


@dataclass
class ColumnData:
    """A list; `existing` is the column of the project that its cards go into instead."""

    external_id: str
    name: str
    category: str
    archived: bool = False
    existing: int | None = None


@dataclass
class LabelData:
    external_id: str
    name: str
    colour: str


@dataclass
class ItemData:
    external_id: str
    checklist: str
    checklist_position: int
    text: str
    is_done: bool
    position: int
    due_on: dt.date | None = None
    assignee: int | None = None


@dataclass
class CommentData:
    external_id: str
    author: int | None
    author_name: str
    body: str
    created_at: dt.datetime


@dataclass
class AttachmentData:
    external_id: str
    name: str
    url: str
    size: int | None = None
    added_at: dt.datetime | None = None


@dataclass
class TaskData:
    """A card. People are given as ids of users, columns and labels by their external id."""

    external_id: str
    title: str
    column: str
    created_at: dt.datetime
    description: str = ""
    url: str = ""
    assignee: int | None = None
    labels: list[str] = field(default_factory=list)
    start_on: dt.date | None = None
    due_on: dt.date | None = None
    done_at: dt.datetime | None = None
    progress: int = 0
    archived: bool = False
    items: list[ItemData] = field(default_factory=list)
    comments: list[CommentData] = field(default_factory=list)
    attachments: list[AttachmentData] = field(default_factory=list)


@dataclass
class BoardData:
    """A board ready to be written: tasks in the order in which they stand."""

    name: str
    columns: list[ColumnData] = field(default_factory=list)
    labels: list[LabelData] = field(default_factory=list)
    tasks: list[TaskData] = field(default_factory=list)


@transaction.atomic
def import_board(*, actor: User, project: Project, board: BoardData, batch: uuid.UUID) -> dict:
    """Write a board into a project, all of it or nothing.

    Tasks, columns and labels that came with an earlier import are known by their external id and
    left as they are, so importing the same board again changes nothing.
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    columns, new_columns = _write_columns(project, board, batch)
    labels, new_labels = _write_labels(project, board, batch)
    known = set(
        Task.objects.filter(project=project)
        .exclude(external_id="")
        .values_list("external_id", flat=True)
    )
    fresh = [task for task in board.tasks if task.external_id not in known]
    tasks = _write_tasks(project, actor, fresh, columns, batch)
    counts = {
        "columns": new_columns,
        "labels": new_labels,
        "tasks": len(tasks),
        "known_tasks": len(board.tasks) - len(fresh),
        **_write_parts(fresh, tasks, labels),
    }
    if any(counts[key] for key in counts if key != "known_tasks"):
        record(
            actor=actor,
            verb="board.imported",
            target=project,
            board=[None, board.name[:200]],
            **{key: [None, count] for key, count in counts.items()},
        )
    return counts


def _write_columns(project: Project, board: BoardData, batch: uuid.UUID) -> tuple[dict, int]:
    """External id -> column, for new columns and for those the cards go into instead."""
    own = {column.pk: column for column in project.columns.all()}
    known = {column.external_id: column for column in own.values() if column.external_id}
    last = max((column.position for column in own.values()), default=-1)
    found, fresh = {}, []
    for data in board.columns:
        if data.existing in own:
            found[data.external_id] = own[data.existing]
        elif data.external_id in known:
            found[data.external_id] = known[data.external_id]
        else:
            last += 1
            column = BoardColumn(
                project=project,
                name=data.name,
                category=data.category,
                position=last,
                external_id=data.external_id,
                import_batch=batch,
                archived_at=timezone.now() if data.archived else None,
            )
            found[data.external_id] = column
            fresh.append(column)
    BoardColumn.objects.bulk_create(fresh, batch_size=BATCH)
    return found, len(fresh)


def _write_labels(project: Project, board: BoardData, batch: uuid.UUID) -> tuple[dict, int]:
    """External id -> label; a label of the project with the same name and colour is shared."""
    same = {(label.name, label.colour): label for label in project.labels.all()}
    found, fresh = {}, []
    for data in board.labels:
        label = same.get((data.name, data.colour))
        if label is None:
            label = Label(
                project=project,
                name=data.name,
                colour=data.colour,
                external_id=data.external_id,
                import_batch=batch,
            )
            same[data.name, data.colour] = label
            fresh.append(label)
        found[data.external_id] = label
    Label.objects.bulk_create(fresh, batch_size=BATCH)
    return found, len(fresh)


def _write_tasks(
    project: Project, actor: User, fresh: list[TaskData], columns: dict, batch: uuid.UUID
) -> list[Task]:
    lasts = dict(
        Task.objects.filter(project=project)
        .order_by()
        .values_list("column")
        .annotate(last=Max("position"))
    )
    number = project.last_task_number
    tasks = []
    for data in fresh:
        column = columns[data.column]
        number += 1
        lasts[column.pk] = lasts.get(column.pk, 0) + STEP
        tasks.append(
            Task(
                project=project,
                number=number,
                column=column,
                position=lasts[column.pk],
                title=data.title,
                description=data.description,
                assignee_id=data.assignee,
                progress=100 if column.category == "done" else data.progress,
                start_on=data.start_on,
                due_on=data.due_on,
                completed_at=_completed(data, column),
                archived_at=timezone.now() if data.archived else None,
                created_by=actor,
                created_at=data.created_at,
                external_id=data.external_id,
                external_url=data.url,
                import_batch=batch,
            )
        )
    Task.objects.bulk_create(tasks, batch_size=BATCH)
    if tasks:
        project.last_task_number = number
        project.save(update_fields=["last_task_number"])
    return tasks


def _completed(data: TaskData, column: BoardColumn) -> dt.datetime | None:
    if column.category != BoardColumn.Category.DONE:
        return None
    return data.done_at or data.created_at


def _write_parts(fresh: list[TaskData], tasks: list[Task], labels: dict) -> dict:
    """What hangs on the tasks: labels, steps, comments and links."""
    pairs = list(zip(fresh, tasks, strict=True))
    through = Task.labels.through
    links = [
        through(task_id=task.pk, label_id=pk)
        for data, task in pairs
        for pk in dict.fromkeys(labels[key].pk for key in data.labels if key in labels)
    ]
    through.objects.bulk_create(links, batch_size=BATCH)
    items = [_item(task, one) for data, task in pairs for one in data.items]
    comments = [_comment(task, one) for data, task in pairs for one in data.comments]
    attachments = [
        Attachment(task=task, **vars(one)) for data, task in pairs for one in data.attachments
    ]
    ChecklistItem.objects.bulk_create(items, batch_size=BATCH)
    Comment.objects.bulk_create(comments, batch_size=BATCH)
    Attachment.objects.bulk_create(attachments, batch_size=BATCH)
    return {"items": len(items), "comments": len(comments), "attachments": len(attachments)}


def _item(task: Task, data: ItemData) -> ChecklistItem:
    fields = vars(data).copy()
    return ChecklistItem(task=task, assignee_id=fields.pop("assignee"), **fields)


def _comment(task: Task, data: CommentData) -> Comment:
    fields = vars(data).copy()
    return Comment(task=task, author_id=fields.pop("author"), **fields)


@transaction.atomic
def undo_board(*, batch: uuid.UUID, actor: User) -> dict:
    """Take an imported board back, unless somebody has worked on it since.

    Undoing twice removes nothing more. The numbers of the tasks are free again when no later task
    has one.
    """
    projects = (
        Q(tasks__import_batch=batch)
        | Q(columns__import_batch=batch)
        | Q(labels__import_batch=batch)
    )
    ids = Project.objects.filter(projects).values("pk")
    project = Project.objects.select_for_update().filter(pk__in=ids).first()
    if project is None:
        return {"columns": 0, "labels": 0, "tasks": 0}
    blockers = _blockers(batch)
    if blockers:
        raise ValidationError(blockers)
    tasks = Task.objects.filter(import_batch=batch)
    numbers = list(tasks.order_by("number").values_list("number", flat=True))
    counts = {"tasks": len(numbers)}
    tasks.delete()
    counts["labels"] = Label.objects.filter(import_batch=batch).delete()[0]
    counts["columns"] = BoardColumn.objects.filter(import_batch=batch).delete()[0]
    if numbers and numbers[-1] == project.last_task_number:
        before = project.tasks.aggregate(last=Max("number"))["last"] or 0
        project.last_task_number = max(before, numbers[0] - 1)
        project.save(update_fields=["last_task_number"])
    record(
        actor=actor,
        verb="board.undone",
        target=project,
        **{key: [count, None] for key, count in counts.items()},
    )
    return counts


def _blockers(batch: uuid.UUID) -> list[str]:
    """Sentences that say what would be lost."""
    tasks = Task.objects.filter(import_batch=batch)
    others = Task.objects.exclude(import_batch=batch)
    found = []
    if changed := tasks.filter(version__gt=1).count():
        found.append(
            ngettext(
                "%(count)s imported task has been changed since.",
                "%(count)s imported tasks have been changed since.",
                changed,
            )
            % {"count": changed}
        )
    if added := sum(
        model.objects.filter(task__in=tasks, external_id="").count()
        for model in (Comment, ChecklistItem, Attachment)
    ):
        found.append(
            ngettext(
                "%(count)s comment, step or link has been added since.",
                "%(count)s comments, steps or links have been added since.",
                added,
            )
            % {"count": added}
        )
    inside = others.filter(column__import_batch=batch).count()
    if inside:
        found.append(
            ngettext(
                "%(count)s other task stands in an imported column.",
                "%(count)s other tasks stand in imported columns.",
                inside,
            )
            % {"count": inside}
        )
    if others.filter(labels__import_batch=batch).exists():
        found.append(_("Other tasks use an imported label."))
    return found + _foreign_rows(tasks)


PARTS = (ChecklistItem, Comment, Attachment, Task.labels.through)


def _foreign_rows(tasks: QuerySet) -> list[str]:
    """Rows of other parts of the product that point at the tasks, whichever they are."""
    found = []
    for relation in Task._meta.related_objects:
        if relation.related_model in PARTS:
            continue
        rows = relation.related_model._default_manager.filter(
            **{f"{relation.field.name}__in": tasks}
        )
        if rows.exists():
            what = relation.related_model._meta.verbose_name_plural
            found.append(_("An imported task is in use: %(what)s.") % {"what": what})
    return found
