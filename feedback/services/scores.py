"""Keeping stored scores true, and handing them on to the goals that read them."""

import calendar
import datetime as dt
import logging
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import stats
from feedback.models import SatisfactionRollup
from feedback.scoring import PORTION, Touched, mark_all, recompute, take_marks
from feedback.selectors.scores import detail_url
from projects.models import Goal, GoalMeasurement
from projects.services.goals import record_measurement

logger = logging.getLogger(__name__)

GOAL_SOURCES = (Goal.Source.CSAT, Goal.Source.NPS)


def sweep_scores() -> int:
    """Recompute everything that is marked; return how many scores were written.

    Marks, scores and goal values change together: a worker that dies leaves the marks.
    """
    written = 0
    while (portion := _sweep_portion()) is not None:
        count, taken = portion
        written += count
        if taken < PORTION:
            break
    return written


@transaction.atomic
def _sweep_portion():
    touched = take_marks(PORTION)
    if touched is None:
        return None
    written = recompute(touched)
    _feed_goals(touched)
    return written, len(touched)


def rebuild_scores() -> int:
    """Recompute every score from the answers: the same statement over all keys."""
    with transaction.atomic():
        mark_all()
    return sweep_scores()


def _feed_goals(touched: Iterable[Touched]) -> None:
    """Give goals that are measured by a score of their group its months as measurements.

    A goal without any such measurement gets all months since its start, so that a goal written
    after the answers came in starts with what is known.
    """
    keys = {(key.scope_id, key.metric) for key in touched if key.scope == "group"}
    goals = list(
        Goal.objects.filter(source__in=GOAL_SOURCES, state=Goal.State.ACTIVE).select_related(
            "project"
        )
    )
    fresh = _never_fed(goals)
    fed = [goal for goal in goals if goal.pk in fresh or (group_of(goal), goal.source) in keys]
    if not fed:
        return
    rows = SatisfactionRollup.objects.filter(
        Q(scope="group", period_kind="month", scope_id__in={group_of(goal) for goal in fed}),
        metric__in=GOAL_SOURCES,
    )
    by_key = {}
    for row in rows.order_by("period_start"):
        by_key.setdefault((row.scope_id, row.metric), []).append(row)
    for goal in fed:
        _feed_goal(goal, by_key.get((group_of(goal), goal.source), []))


def group_of(goal: Goal) -> int:
    """The client group whose score a goal reads: its own, or that of its project."""
    return goal.client_group_id or goal.project.client_group_id


def _never_fed(goals):
    fed = GoalMeasurement.objects.filter(goal__in=goals).exclude(source_key="")
    return {goal.pk for goal in goals} - set(fed.values_list("goal", flat=True))


def _feed_goal(goal, rows):
    known = {
        each.source_key: each
        for each in goal.measurements.filter(source_key__startswith=f"{goal.source}:month:")
    }
    today = timezone.localdate()
    for row in rows:
        end = month_end(row.period_start)
        if row.n < stats.HIDDEN_BELOW or (goal.start_on and end < goal.start_on):
            continue
        key = f"{row.metric}:month:{row.period_start:%Y-%m-%d}"
        before = known.pop(key, None)
        if before is None or _differs(before, row, min(end, today)):
            _record(goal, row, key, min(end, today))
    if known:
        # Months that lost their answers: as if they had never been measured.
        GoalMeasurement.objects.filter(pk__in=[each.pk for each in known.values()]).delete()


def _differs(before, row, day):
    stored = (before.measured_on, before.n, *map(float, (before.value, before.low, before.high)))
    return stored != (day, row.n, *(round(number, 4) for number in (row.score, row.low, row.high)))


def _record(goal, row, key, day):
    try:
        with transaction.atomic():
            record_measurement(
                goal=goal,
                measured_on=day,
                value=round(row.score, 4),
                low=round(row.low, 4),
                high=round(row.high, 4),
                n=row.n,
                source=f"{row.metric.upper()} {row.period_start:%Y-%m}",
                source_key=key,
                source_url=detail_url("group", row.scope_id, row.metric, "month", row.period_start),
            )
    except ValidationError:
        # One goal that refuses a value must not stop the scores of everybody else.
        logger.exception("A goal refused a measurement.", extra={"goal": goal.pk, "key": key})


def month_end(day: dt.date) -> dt.date:
    """The last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
