"""The order of cards. The server keeps it: people say "behind this card", never a number."""

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from projects.models import BoardColumn, Task
from projects.services.changes import set_fields
from projects.services.tasks import STEP, lock_column, lock_task, save


@transaction.atomic
def move_task(
    *,
    task: Task,
    actor: User,
    column: BoardColumn,
    before: Task | None = None,
    after: Task | None = None,
) -> Task:
    """Put a card before or behind another one, or at the end of a column.

    Moves into one column wait for each other, so two at the same moment lose no card. A neighbour
    that has left the column meanwhile is ignored. Only a change of column is recorded: the order
    inside one is not history.
    """
    lane = lock_column(task.project, column)
    locked = lock_task(task)
    if locked.archived_at:
        raise ValidationError(_("This task is archived. Restore it first."))
    position = _position(lane, locked, before, after)
    if lane.pk == locked.column_id:
        if position != locked.position:
            locked.position = position
            locked.save(update_fields=["position"])
        return locked
    pairs = set_fields(locked, {"column": lane})
    pairs["position"] = [locked.position, position]
    locked.position = position
    save(locked, actor, "task.moved", pairs)
    return locked


def _position(lane: BoardColumn, task: Task, before: Task | None, after: Task | None) -> int:
    low, high = _neighbours(lane, task, before, after)
    if low is not None and high is not None and high - low < 2:
        _renumber(lane)
        low, high = _neighbours(lane, task, before, after)
    stays = lane.pk == task.column_id
    if stays and (low is None or low < task.position) and (high is None or task.position < high):
        return task.position
    if low is None and high is None:
        return STEP
    if high is None:
        return low + STEP
    return high - STEP if low is None else (low + high) // 2


def _neighbours(
    lane: BoardColumn, task: Task, before: Task | None, after: Task | None
) -> tuple[int | None, int | None]:
    """Positions on both sides of the place that was asked for."""
    cards = Task.objects.filter(column=lane, archived_at=None).exclude(pk=task.pk)
    above = cards.filter(pk=after.pk).first() if after else None
    below = cards.filter(pk=before.pk).first() if before and above is None else None
    if above:
        below = cards.filter(_behind(above)).order_by("position", "pk").first()
    elif below:
        above = cards.exclude(_behind(below)).exclude(pk=below.pk)
        above = above.order_by("position", "pk").last()
    else:
        above = cards.order_by("position", "pk").last()
    return above.position if above else None, below.position if below else None


def _behind(card: Task) -> Q:
    return Q(position__gt=card.position) | Q(position=card.position, pk__gt=card.pk)


def _renumber(lane: BoardColumn) -> None:
    """Make room between all cards of a column, archived ones included, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE projects_task AS task SET position = ordered.place * %s
            FROM (SELECT id, row_number() OVER (ORDER BY position, id) AS place
                  FROM projects_task WHERE column_id = %s) AS ordered
            WHERE task.id = ordered.id
            """,
            [STEP, lane.pk],
        )
