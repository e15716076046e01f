"""What pages and other apps read of goals: trees, counts, own goals, texts, the SMART check."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from projects.models import Goal, Project
from projects.selectors.goal_history import history_remark
from projects.selectors.goal_texts import pace_texts, reason_text
from projects.selectors.goals import (
    goal_tree,
    goals_summary,
    my_goals,
    score_goals,
    sub_goals,
)
from projects.selectors.smart import smart_faults, smart_letters
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.goals import CheckInFactory, GoalFactory, GoalMeasurementFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db


def letter(goal, key, history=""):
    return next(each for each in smart_letters(goal, history) if each.key == key)


# Trees -------------------------------------------------------------------------------------------


def test_tree_nests_goals_in_order_with_depth_and_roll_up(django_assert_num_queries):
    top = GoalFactory(position=1)
    first = GoalFactory(project=top.project, position=0)
    child = GoalFactory(project=top.project, parent=top, weight=3, progress=1)
    GoalFactory(project=top.project, parent=top, weight=1, progress=0)
    GoalFactory(project=top.project, parent=top, weight=9, progress=0, state="cancelled")
    GoalFactory()

    with django_assert_num_queries(1):
        roots = goal_tree(top.project)
        owners = [str(node.goal.owner) for root in roots for node in root.walk()]

    assert [node.goal for node in roots] == [first, top]
    assert (roots[1].depth, roots[1].children[0].depth) == (0, 1)
    assert roots[1].children[0].goal == child
    assert roots[1].rollup.progress == Decimal("0.75")
    assert len(owners) == 5


def test_sub_goals_are_those_right_below_with_theirs():
    top = GoalFactory()
    middle = GoalFactory(project=top.project, parent=top)
    leaf = GoalFactory(project=top.project, parent=middle)

    (node,) = sub_goals(top)

    assert (node.goal, node.children[0].goal) == (middle, leaf)
    assert sub_goals(leaf) == []
    assert sub_goals(GoalFactory.build(project=top.project)) == []


# For other pages ---------------------------------------------------------------------------------


def test_summary_counts_running_goals_of_the_projects_by_pace(django_assert_num_queries):
    project = ProjectFactory()
    today = timezone.localdate()
    due = today + dt.timedelta(days=8)
    GoalFactory(project=project, pace="on_track", due_on=due)
    GoalFactory(project=project, pace="behind", due_on=today - dt.timedelta(days=2))
    GoalFactory(project=project, pace="unknown")
    GoalFactory(project=project, pace="at_risk", draft=True)
    GoalFactory(pace="at_risk")

    with django_assert_num_queries(1):
        found = goals_summary(Project.objects.filter(pk=project.pk))

    assert (found.on_track, found.at_risk, found.behind, found.unknown) == (1, 0, 1, 1)
    assert (found.total, found.next_due) == (3, due)


def test_my_goals_are_open_ones_in_running_projects_that_i_see():
    user = UserFactory()
    goal = GoalFactory(owner=user)
    grant(user, "member", goal.project)
    GoalFactory(owner=user)
    GoalFactory(owner=user, project=goal.project, state="cancelled")
    closed = GoalFactory(owner=user, project__status="closed")
    grant(user, "member", closed.project)

    assert list(my_goals(user)) == [goal]


def test_score_goals_read_the_score_of_their_own_group_or_that_of_their_project():
    inherited = GoalFactory(csat=True)
    group = inherited.project.client_group
    own = GoalFactory(csat=True, client_group=group)
    GoalFactory(csat=True, project__client_group=group, client_group=own.project.client_group)
    GoalFactory(csat=True, project__client_group=group, draft=True)
    GoalFactory(project__client_group=group)

    assert set(score_goals([group.pk], "csat")) == {inherited, own}
    assert not score_goals([group.pk], "nps")


def test_goals_are_visible_to_those_who_see_their_project():
    goal, user = GoalFactory(), UserFactory()
    GoalFactory()
    assert not Goal.objects.visible_to(user)

    grant(user, "viewer", goal.project.client_group)
    assert list(Goal.objects.visible_to(user)) == [goal]
    assert Goal.objects.visible_to(UserFactory(admin=True)).count() == 2


def test_rows_of_goals_say_what_they_are():
    entry, note = GoalMeasurementFactory(), CheckInFactory()

    assert str(entry).endswith(": 50")
    assert str(note).startswith("Two of three")
    assert entry.project == entry.goal.project


# Words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ({"code": "overdue", "days": 1}, "1 day overdue."),
        ({"code": "overdue", "days": 3}, "3 days overdue."),
        ({"code": "overdue", "days": 3, "path": ["Rota"]}, "“Rota” is 3 days overdue."),
        ({"code": "overdue", "days": 1, "path": ["A", "B"]}, "“A › B” is 1 day overdue."),
        ({"code": "no_data"}, "Nothing was measured yet."),
        ({"code": "few", "n": 8}, "Too few answers to judge: 8."),
        ({"code": "reached"}, "The target is reached."),
        ({"code": "missed", "path": ["Rota"]}, "“Rota” was missed."),
        (
            {"code": "slow", "progress": 40, "expected": 60},
            "40% is done; 60% was expected by today.",
        ),
        (
            {"code": "slow", "progress": 40, "expected": 60, "path": ["Rota"]},
            "“Rota” is at 40%; 60% was expected by today.",
        ),
        (
            {"code": "forecast", "value": 82.5, "target": 85.0, "due": "2031-01-31"},
            "At this pace it stands at 82.5 on 31 Jan 2031; the target is 85.",
        ),
        (
            {"code": "forecast", "value": 82.5, "target": 85.0, "due": "2031-01-31", "path": ["R"]},
            "“R” is heading for 82.5 on 31 Jan 2031; its target is 85.",
        ),
    ],
)
def test_a_reason_is_a_sentence(reason, text):
    with translation.override("en"):
        assert reason_text(reason) == text


def test_reasons_of_a_goal_come_worst_first():
    goal = GoalFactory.build(pace_reasons=[{"code": "unsure"}, {"code": "no_data"}])

    assert len(pace_texts(goal)) == 2
    assert "may be chance" in pace_texts(goal)[0]


# SMART -------------------------------------------------------------------------------------------


def test_a_complete_goal_meets_every_letter():
    goal = GoalFactory(relevance="They stay.", attainability="Done in 2025.")

    assert [each.key for each in smart_letters(goal)] == list("SMART")
    assert all(each.is_met for each in smart_letters(goal))


@pytest.mark.parametrize(
    ("statement", "met"), [("", False), ("Faster", False), ("更快", False),
                           ("Answer within two hours", True), ("两小时内回复客户", True)]
)  # fmt: skip
def test_s_wants_a_sentence(statement, met):
    assert (
        letter(GoalFactory.build(statement=statement, project=ProjectFactory()), "S").is_met is met
    )


def test_m_names_each_missing_part_and_equal_ends():
    goal = GoalFactory.build(project=ProjectFactory(), metric="", unit="", baseline=5, target=5)

    assert [name for name, _ in letter(goal, "M").faults] == ["metric", "unit", "target"]


def test_a_is_advice_that_history_can_answer():
    goal = GoalFactory()

    assert letter(goal, "A").advice
    assert letter(goal, "A", history="It was faster.").is_met
    assert smart_faults(goal) == {}


def test_r_names_the_nearest_thing_that_the_goal_serves():
    parent = GoalFactory(statement="Raise satisfaction to 85")
    child = GoalFactory(project=parent.project, parent=parent)

    assert "Raise satisfaction" in letter(child, "R").remark
    assert str(parent.project) in letter(parent, "R").remark


def test_t_wants_owner_and_dates_inside_those_of_the_parent():
    parent = GoalFactory()
    goal = GoalFactory.build(
        project=parent.project,
        parent=parent,
        owner=None,
        start_on=parent.start_on - dt.timedelta(days=1),
        due_on=None,
    )

    assert [name for name, _ in letter(goal, "T").faults] == ["owner", "due_on", "start_on"]


# History -----------------------------------------------------------------------------------------


def history(goal, values, gap=31):
    for number, value in enumerate(values):
        day = goal.start_on + dt.timedelta(days=number * gap)
        GoalMeasurementFactory(goal=goal, value=value, measured_on=day)


def test_history_compares_the_pace_that_is_needed_with_earlier_steps():
    old = GoalFactory(metric="Retention")
    history(old, [50, 60, 62, 90, 91])
    goal = GoalFactory(project=old.project, metric="retention", baseline=70, target=90)

    remark = history_remark(goal)

    # 20 points in 100 days are 6.1 a month; the steps were about 9.8, 2, 27.5 and 1.
    assert remark == "It needs +6.1 a month; 2 of 4 earlier steps were at least as fast."


def test_history_of_a_falling_metric():
    old = GoalFactory(metric="Days", baseline=48, target=24)
    history(old, [48, 30, 29, 28, 27])

    assert "1 of 4" in history_remark(old)


@pytest.mark.parametrize(
    "traits", [{"from_tasks": True}, {"draft": True, "target": None}, {"draft": True}]
)
def test_history_is_silent_when_it_knows_too_little(traits):
    assert history_remark(GoalFactory(**traits)) == ""


def test_history_leaves_out_steps_of_a_few_days():
    goal = GoalFactory()
    history(goal, [1, 2, 3, 4, 5, 6], gap=3)

    assert history_remark(goal) == ""
