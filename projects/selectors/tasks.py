"""Which tasks a person sees, and what a task page shows."""

from collections import defaultdict

from django.db.models import QuerySet
from django.http import Http404

from accounts.models import AuditEvent, User
from core.prepared import prepared
from projects.models import BoardColumn, Label, Project, Task
from projects.selectors.board import chips_of
from projects.selectors.history import events_of
from projects.selectors.projects import remember_role, roles_of

UNDOABLE = (
    "task.created",
    "task.changed",
    "task.moved",
    "task.archived",
    "task.restored",
    "task.undone",
)


def visible_task(user: User, pk: int, number: int) -> Task:
    """Task `number` of project `pk`, or 404 when the person holds no role there."""
    for task in _visible(user, pk, number):
        remember_role(task.project, user, task)
        return task
    raise Http404


@prepared
def _visible(user: User, pk: int, number: int) -> QuerySet[Task]:
    return (
        Task.objects.filter(project_id=pk, number=number)
        .visible_to(user)
        .select_related("project__client_group", "project__lead", "column", "assignee", "goal")
        .annotate(**roles_of(user, "project"))
        .order_by()
    )


def live_tasks(project: Project) -> QuerySet[Task]:
    """Tasks of a project that are not archived."""
    return Task.objects.filter(project=project).live()


def visible_column(user: User, pk: int, column_pk: int) -> BoardColumn:
    """A column of a project that the person sees, archived ones included, or 404."""
    return _child(BoardColumn.objects.all(), user, pk, column_pk)


def visible_label(user: User, pk: int, label_pk: int) -> Label:
    """A label of a project that the person sees, or 404."""
    return _child(Label.objects.all(), user, pk, label_pk)


def _child(rows: QuerySet, user: User, pk: int, child_pk: int) -> BoardColumn | Label:
    found = (
        rows.filter(project__in=Project.objects.visible_to(user), project_id=pk, pk=child_pk)
        .select_related("project__client_group", "project__lead")
        .first()
    )
    if found is None:
        raise Http404
    return found


def first_card(column: BoardColumn, task: Task) -> Task | None:
    """The first card of a column, the task itself left out."""
    cards = Task.objects.filter(column=column, archived_at=None).exclude(pk=task.pk)
    return cards.order_by("position", "pk").first()


def latest_event(task: Task, *verbs: str) -> AuditEvent:
    """The newest recorded change of a task, for its undo."""
    return events_of(task).filter(verb__in=verbs).first()


def undoable_event(task: Task, pk: int) -> AuditEvent:
    """A change of this very task that can be undone, or 404."""
    event = events_of(task).filter(pk=pk, verb__in=UNDOABLE).first()
    if event is None:
        raise Http404
    return event


def with_labels(tasks: list[Task]) -> None:
    """Add to rows of a list the names and colours of their labels: one statement."""
    found = defaultdict(list)
    for pk, name, colour in chips_of([task.pk for task in tasks]):
        found[pk].append((name, colour))
    for task in tasks:
        task.chips = found[task.pk]
