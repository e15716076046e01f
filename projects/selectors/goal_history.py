"""Can it be reached? What earlier values of the same metric say about the pace that is needed."""

from itertools import pairwise

from django.utils.translation import ngettext

from core.formats import signed
from projects.models import Goal, GoalMeasurement

MONTH = 30.44
FEWEST_STEPS, SHORTEST_DAYS = 4, 7


def history_remark(goal: Goal) -> str:
    """How many earlier steps of this metric were as fast as needed; "" when unknown."""
    needed = _needed(goal)
    if needed is None:
        return ""
    steps = _steps(goal)
    if len(steps) < FEWEST_STEPS:
        return ""
    fast = sum(step >= needed if needed >= 0 else step <= needed for step in steps)
    text = ngettext(
        "It needs %(needed)s a month; %(fast)s of %(n)s earlier step was at least as fast.",
        "It needs %(needed)s a month; %(fast)s of %(n)s earlier steps were at least as fast.",
        len(steps),
    )
    return text % {"needed": signed(needed), "fast": fast, "n": len(steps)}


def _needed(goal):
    known = (goal.baseline, goal.target, goal.start_on, goal.due_on)
    if not goal.is_measured or None in known or goal.due_on <= goal.start_on:
        return None
    months = (goal.due_on - goal.start_on).days / MONTH
    return float(goal.target - goal.baseline) / months


def _steps(goal):
    """Changes a month between neighbouring values of this metric, a week apart or more."""
    twins = Goal.objects.filter(
        project=goal.project, metric__iexact=goal.metric, unit__iexact=goal.unit
    )
    rows = GoalMeasurement.objects.filter(goal__in=twins).order_by("goal", "measured_on", "pk")
    found = []
    for before, after in pairwise(rows.values_list("goal", "measured_on", "value")):
        days = (after[1] - before[1]).days
        if before[0] == after[0] and days >= SHORTEST_DAYS:
            found.append(float(after[2] - before[2]) / days * MONTH)
    return found
