"""Progress and pace as stored: sources, roll-up, time, and how many statements it takes."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from projects.models import Goal
from projects.services.goals import refresh_progress, refresh_task_goals
from tests.factories.goals import GoalFactory, GoalMeasurementFactory
from tests.factories.projects import BoardColumnFactory, ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db


def refreshed(goal, **when):
    refresh_progress(project_id=goal.project_id, **when)
    goal.refresh_from_db()
    return goal


def child(parent, value=None, **fields):
    goal = GoalFactory(project=parent.project, parent=parent, **fields)
    if value is not None:
        GoalMeasurementFactory(goal=goal, value=value)
    return goal


def test_refresh_takes_the_newest_value_of_the_metric():
    goal = GoalFactory(baseline=75, target=85)
    GoalMeasurementFactory(goal=goal, value=84, measured_on=timezone.localdate())
    GoalMeasurementFactory(goal=goal, value=70, measured_on=goal.start_on)

    refreshed(goal)

    assert (goal.current_value, goal.progress) == (84, Decimal("0.9"))
    assert goal.pace == "on_track"
    assert goal.progress_at is not None


def test_refresh_without_values_says_unknown_and_never_0():
    goal = refreshed(GoalFactory())

    assert (goal.current_value, goal.progress, goal.pace) == (None, None, "unknown")
    assert goal.pace_reasons == [{"code": "no_data"}]


def test_refresh_rolls_sub_goals_up_by_weight():
    parent = GoalFactory(from_subgoals=True)
    child(parent, 100, weight=3)
    child(parent, 0, weight=1)

    assert refreshed(parent).progress == Decimal("0.75")


def test_refresh_leaves_cancelled_unmeasured_and_weightless_sub_goals_out():
    parent = GoalFactory(from_subgoals=True)
    child(parent, 100)
    child(parent, 0, state="cancelled")
    child(parent, 0, weight=0)
    child(parent)

    assert refreshed(parent).progress == 1


def test_refresh_of_a_parent_whose_weights_are_all_zero_is_unknown():
    parent = GoalFactory(from_subgoals=True)
    child(parent, 100, weight=0)

    assert refreshed(parent).progress is None


def test_refresh_counts_an_achieved_sub_goal_without_figures_as_reached():
    parent = GoalFactory(from_subgoals=True)
    child(parent, state="achieved", closing_summary="Done.", closed_at=timezone.now())
    child(parent, 0)

    assert refreshed(parent).progress == Decimal("0.5")


def test_refresh_lets_the_own_metric_of_a_parent_decide():
    parent = GoalFactory()
    GoalMeasurementFactory(goal=parent, value=60)
    child(parent, 0)

    assert refreshed(parent).progress == Decimal("0.6")


def test_refresh_rolls_up_through_the_levels_at_once():
    top = GoalFactory(from_subgoals=True)
    middle = child(top, from_subgoals=True)
    child(middle, 80)

    assert refreshed(top).progress == Decimal("0.8")


def test_refresh_counts_the_done_share_of_live_tasks():
    goal = GoalFactory(from_tasks=True)
    project = goal.project
    cancelled = BoardColumnFactory(project=project, cancelled=True)
    TaskFactory(project=project, goal=goal, done=True)
    TaskFactory(project=project, goal=goal)
    TaskFactory(project=project, goal=goal, column=cancelled)
    TaskFactory(project=project, goal=goal, done=True, archived=True)
    TaskFactory(project=project, done=True)

    assert refreshed(goal).progress == Decimal("0.5")


def test_refresh_of_a_goal_without_tasks_is_unknown():
    assert refreshed(GoalFactory(from_tasks=True)).progress is None


def test_refresh_of_task_goals_does_nothing_where_no_goal_counts_tasks(count_queries):
    goal = GoalFactory()

    assert count_queries(lambda: refresh_task_goals(project_id=goal.project_id)) == 1
    assert refresh_task_goals(project_id=GoalFactory(from_tasks=True).project_id) == 1


def test_refresh_notices_by_time_alone_that_a_goal_is_late():
    goal = GoalFactory()
    GoalMeasurementFactory(goal=goal, value=50)

    refreshed(goal)
    assert goal.pace == "on_track"

    refreshed(goal, today=goal.due_on + dt.timedelta(days=3))
    assert (goal.pace, goal.pace_reasons) == ("behind", [{"code": "overdue", "days": 3}])


def test_refresh_puts_a_parent_at_risk_and_names_the_overdue_sub_goal():
    parent = GoalFactory()
    GoalMeasurementFactory(goal=parent, value=80)
    past = timezone.localdate() - dt.timedelta(days=3)
    late = child(parent, 50, statement="Weekend rota", due_on=past)

    refreshed(parent)

    assert parent.pace == "at_risk"
    assert parent.pace_reasons == [{"code": "overdue", "days": 3, "path": ["Weekend rota"]}]
    late.refresh_from_db()
    assert late.pace == "behind"


@pytest.mark.parametrize("state", ["cancelled", "achieved", "draft"])
def test_refresh_does_not_blame_a_parent_for_what_does_not_run(state):
    parent = GoalFactory()
    GoalMeasurementFactory(goal=parent, value=80)
    past = timezone.localdate() - dt.timedelta(days=3)
    child(parent, 50, state=state, due_on=past, closing_summary="Over.")

    assert refreshed(parent).pace == "on_track"


def test_refresh_puts_a_parent_at_risk_for_a_missed_sub_goal():
    parent = GoalFactory()
    GoalMeasurementFactory(goal=parent, value=80)
    child(parent, 50, statement="Rota", state="missed", closing_summary="Too late.")

    refreshed(parent)

    assert (parent.pace, parent.pace_reasons) == ("at_risk", [{"code": "missed", "path": ["Rota"]}])


def test_refresh_of_a_score_with_too_few_answers_is_unknown_and_no_progress():
    goal = GoalFactory(csat=True)
    GoalMeasurementFactory(goal=goal, value=82, low=60, high=95, n=9)

    refreshed(goal)

    assert (goal.current_value, goal.progress, goal.pace) == (82, None, "unknown")
    assert goal.pace_reasons == [{"code": "few", "n": 9}]


@pytest.mark.parametrize(("judged_by", "code"), [("interval", "unsure"), ("point", "reached")])
def test_refresh_asks_the_interval_whether_a_score_is_reached(judged_by, code):
    goal = GoalFactory(csat=True, judged_by=judged_by)
    GoalMeasurementFactory(goal=goal, value=86, low=83, high=89, n=200)

    refreshed(goal)

    assert goal.progress == 1
    assert goal.pace_reasons == [{"code": code}]


def test_refresh_keeps_what_a_closed_goal_had():
    goal = GoalFactory()
    GoalMeasurementFactory(goal=goal, value=50)
    refreshed(goal)
    Goal.objects.update(state="achieved", closing_summary="Done.")
    GoalMeasurementFactory(goal=goal, value=10)

    refreshed(goal)

    assert (goal.progress, goal.pace) == (Decimal("0.5"), "done")


def test_refresh_computes_a_closed_goal_that_was_never_looked_at():
    goal = GoalFactory(state="missed", closing_summary="Too late.")
    GoalMeasurementFactory(goal=goal, value=50)

    refreshed(goal)

    assert (goal.progress, goal.pace) == (Decimal("0.5"), "behind")


def test_refresh_forgets_the_progress_of_a_goal_that_is_a_draft_again():
    goal = GoalFactory(draft=True, progress=Decimal("0.5"), current_value=50)

    refreshed(goal)

    assert (goal.progress, goal.current_value, goal.pace) == (None, None, "unknown")


def test_refresh_twice_changes_nothing_the_second_time():
    goal = GoalFactory()
    GoalMeasurementFactory(goal=goal, value=50)

    assert refresh_progress() == 1
    before = Goal.objects.values().get()
    assert refresh_progress() == 0
    assert Goal.objects.values().get() == before


def test_refresh_renews_as_of_of_running_goals_after_an_hour():
    goal = refreshed(GoalFactory())
    old = timezone.now() - dt.timedelta(hours=2)
    Goal.objects.update(progress_at=old)

    assert refresh_progress() == 0
    goal.refresh_from_db()
    assert goal.progress_at > old


def test_refresh_of_one_project_leaves_others_alone():
    goal, other = GoalFactory(), GoalFactory()
    GoalMeasurementFactory(goal=other, value=50)

    refreshed(goal)

    other.refresh_from_db()
    assert other.progress_at is None


def test_refresh_of_hundreds_of_goals_takes_as_many_statements_as_of_three(count_queries):
    def grow(number):
        for _ in range(number):
            parent = GoalFactory(project=ProjectFactory(), from_subgoals=True)
            child(parent, 40)
            child(parent, from_tasks=True)

    grow(1)
    few = count_queries(refresh_progress)
    grow(60)
    Goal.objects.update(progress_at=None)

    assert count_queries(refresh_progress) == few <= 8


def test_refresh_of_a_project_without_goals_changes_nothing():
    assert refresh_progress(project_id=ProjectFactory().pk) == 0


def test_refresh_of_all_goes_on_after_a_portion_of_projects(monkeypatch):
    monkeypatch.setattr("projects.services.goal_progress.PORTION", 2)
    for _ in range(3):
        GoalMeasurementFactory()

    assert refresh_progress() == 3
    assert not Goal.objects.filter(progress=None).exists()
