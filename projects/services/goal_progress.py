"""Recomputing progress and pace of goals: a handful of statements for any number of them."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from projects.models import BoardColumn, Goal, GoalMeasurement, Project, Task
from projects.progress import (
    Facts,
    Reading,
    Verdict,
    basis_of,
    is_reached,
    judge,
    progress_of,
    roll_up,
)

PORTION = 500
AS_OF_AGE = dt.timedelta(hours=1)
DERIVED = ["current_value", "progress", "pace", "pace_reasons"]
COMPUTED = (Goal.State.ACTIVE, Goal.State.ACHIEVED, Goal.State.MISSED)


def refresh_progress(*, project_id: int | None = None, today: dt.date | None = None) -> int:
    """Recompute the goals of one project, or of all; return how many rows changed.

    Time alone makes a goal late, so all of them are looked at, not only those that were touched.
    A run over all passes by projects that somebody is changing: that change refreshes them itself.
    """
    today = today or timezone.localdate()
    changed, after = 0, 0
    while after is not None:
        written, after = _refresh_portion(project_id, after, today)
        changed += written
    return changed


def refresh_task_goals(*, project_id: int) -> int:
    """Recompute a project after one of its tasks changed, if any of its goals counts tasks."""
    counting = Goal.objects.active().filter(project=project_id, source=Goal.Source.TASKS)
    return refresh_progress(project_id=project_id) if counting.exists() else 0


@transaction.atomic
def _refresh_portion(project_id, after, today):
    projects = Project.objects.filter(Exists(Goal.objects.filter(project=OuterRef("pk"))))
    if project_id is not None:
        projects = projects.filter(pk=project_id)
    locked = projects.select_for_update(no_key=True, skip_locked=project_id is None)
    keys = [each.pk for each in locked.filter(pk__gt=after).order_by("pk").only("pk")[:PORTION]]
    if not keys:
        return 0, None
    written = _Forest(keys, today).save()
    return written, keys[-1] if len(keys) == PORTION else None


class _Forest:
    """The live goals of some projects with everything that their progress is computed from."""

    def __init__(self, projects, today):
        self.today = today
        goals = Goal.objects.live().filter(project__in=projects)
        self.goals = {goal.pk: goal for goal in goals.defer("search").order_by("pk")}
        self.children = defaultdict(list)
        for goal in self.goals.values():
            self.children[goal.parent_id if goal.parent_id in self.goals else None].append(goal)
        computed = [goal for goal in self.goals.values() if _is_computed(goal)]
        self.readings = _readings([goal.pk for goal in computed if goal.is_measured])
        self.tasks = _task_counts([goal.pk for goal in computed if not goal.is_measured])

    def save(self):
        now = timezone.now()
        changed, touched = 0, []
        for goal in self._from_the_leaves():
            before = [getattr(goal, name) for name in DERIVED]
            self._derive(goal)
            differs = before != [getattr(goal, name) for name in DERIVED]
            is_old = goal.progress_at is None or now - goal.progress_at > AS_OF_AGE
            if differs or (is_old and goal.state == Goal.State.ACTIVE):
                goal.progress_at = now
                touched.append(goal)
            changed += differs
        Goal.objects.bulk_update(touched, [*DERIVED, "progress_at"], batch_size=PORTION)
        return changed

    def _from_the_leaves(self):
        order, waiting = [], list(self.children[None])
        while waiting:
            goal = waiting.pop()
            order.append(goal)
            waiting += self.children[goal.pk]
        return reversed(order)

    def _derive(self, goal):
        if _is_computed(goal):
            goal.current_value, goal.progress = self._value_and_progress(goal)
        if goal.state == Goal.State.DRAFT:
            goal.current_value = goal.progress = None
        verdict = self._verdict(goal)
        goal.pace, goal.pace_reasons = verdict.pace, verdict.reasons

    def _value_and_progress(self, goal):
        if goal.source == Goal.Source.SUBGOALS:
            return None, roll_up(child.share for child in self.children[goal.pk]).progress
        if goal.source == Goal.Source.TASKS:
            done, total = self.tasks.get(goal.pk, (0, 0))
            return None, progress_of(Decimal(done), Decimal(0), Decimal(total)) if total else None
        readings = self.readings[goal.pk]
        basis = basis_of(readings)
        share = basis and progress_of(basis.value, goal.baseline, goal.target)
        return readings[-1].value if readings else None, share

    def _verdict(self, goal):
        if goal.state != Goal.State.ACTIVE:
            closed = {Goal.State.ACHIEVED: Goal.Pace.DONE, Goal.State.MISSED: Goal.Pace.BEHIND}
            return Verdict(closed.get(goal.state, Goal.Pace.UNKNOWN))
        readings = self.readings[goal.pk]
        basis = basis_of(readings)
        return judge(
            Facts(
                start=goal.start_on,
                due=goal.due_on,
                today=self.today,
                progress=goal.progress,
                is_reached=_is_reached(goal, basis),
                baseline=goal.baseline if goal.is_measured else None,
                target=goal.target if goal.is_measured else None,
                readings=readings,
                children=[_slipping(child) for child in self.children[goal.pk]],
                too_few=readings[-1].n if readings and basis is None else None,
            )
        )


def _is_computed(goal):
    """A running goal; a closed one keeps what it had, unless it never was looked at."""
    if goal.state == Goal.State.ACTIVE:
        return True
    return goal.state in COMPUTED and goal.progress_at is None and goal.is_measured


def _is_reached(goal, basis):
    if not goal.is_measured:
        return goal.progress is not None and goal.progress >= 1
    if basis is None:
        return False
    by_point = goal.judged_by == Goal.Judging.POINT
    return is_reached(basis, goal.baseline, goal.target, by_point)


def _slipping(goal):
    if goal.state == Goal.State.MISSED:
        return goal.statement, Goal.Pace.BEHIND, [{"code": "missed"}]
    return goal.statement, goal.pace, goal.pace_reasons


def _readings(goals):
    """goal -> its readings, oldest first; the later entry of one day stands for the day."""
    found = defaultdict(dict)
    rows = GoalMeasurement.objects.filter(goal__in=goals).order_by("measured_on", "pk")
    for goal, *reading in rows.values_list("goal", "measured_on", "value", "low", "high", "n"):
        found[goal][reading[0]] = Reading(*reading)
    return defaultdict(list, {goal: list(days.values()) for goal, days in found.items()})


def _task_counts(goals):
    """goal -> (done, all) of its live tasks; cancelled work is neither."""
    live = Task.objects.live().filter(goal__in=goals)
    rows = live.exclude(column__category=BoardColumn.Category.CANCELLED).values("goal")
    done = Q(column__category=BoardColumn.Category.DONE)
    counted = rows.annotate(done=Count("pk", filter=done), total=Count("pk")).order_by("goal")
    return {row["goal"]: (row["done"], row["total"]) for row in counted}
