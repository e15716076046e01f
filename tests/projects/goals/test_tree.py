"""Goals stay a tree: no circles (not even by two moves at once), eight levels, dates inside."""

import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from projects.models import Goal
from projects.services.goal_tree import DEEPEST, descendants_of
from projects.services.goals import activate_goal, create_goal, update_goal
from tests.factories.accounts import UserFactory
from tests.factories.goals import GoalFactory

DAY = dt.timedelta(days=1)


def chain(length, **fields):
    goals = [GoalFactory(**fields)]
    for _ in range(length - 1):
        goals.append(GoalFactory(project=goals[0].project, parent=goals[-1], **fields))
    return goals


def move(goal, parent):
    return update_goal(goal=goal, actor=goal.owner, parent=parent)


def refused(field, call, *words):
    with pytest.raises(ValidationError) as error:
        call()
    assert list(error.value.message_dict) == [field]
    for word in words:
        assert str(word) in error.value.message_dict[field][0]


@pytest.mark.django_db
@pytest.mark.parametrize("below", [0, 1, 2])
def test_a_goal_cannot_stand_below_itself(below):
    goals = chain(3)

    refused("parent", lambda: move(goals[0], goals[below]), "below itself")


@pytest.mark.django_db
def test_a_goal_moves_to_another_branch_and_back_to_the_top():
    goal, parent = GoalFactory(), None
    parent = GoalFactory(project=goal.project)

    assert move(goal, parent).parent == parent
    assert move(goal, None).parent is None


@pytest.mark.django_db
def test_a_parent_belongs_to_the_same_project():
    refused("parent", lambda: move(GoalFactory(), GoalFactory()), "same project")


@pytest.mark.django_db
def test_a_parent_is_open():
    goal = GoalFactory()
    closed = GoalFactory(project=goal.project, state="missed", closing_summary="Late.")

    refused("parent", lambda: move(goal, closed), "closed", closed)


@pytest.mark.django_db
def test_a_sub_goal_of_a_closed_parent_can_still_be_edited_but_not_started():
    parent = GoalFactory()
    goal = GoalFactory(project=parent.project, parent=parent, draft=True)
    Goal.objects.filter(pk=parent.pk).update(state="cancelled")

    update_goal(goal=goal, actor=goal.owner, statement="Another one")

    refused("parent", lambda: activate_goal(goal=goal, actor=goal.owner), "closed")


@pytest.mark.django_db
def test_goals_stand_at_most_eight_levels_deep():
    goals = chain(DEEPEST)
    create = {"actor": UserFactory(), "project": goals[0].project, "statement": "One too many"}

    refused("parent", lambda: create_goal(parent=goals[-1], **create), DEEPEST)
    create_goal(parent=goals[-2], **create)


@pytest.mark.django_db
def test_moving_a_branch_counts_its_own_levels():
    long, short = chain(DEEPEST - 1), None
    short = [GoalFactory(project=long[0].project)]
    short.append(GoalFactory(project=long[0].project, parent=short[0]))

    refused("parent", lambda: move(short[0], long[-1]), DEEPEST)
    move(short[1], long[-1])


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "days"), [("start_on", -1), ("due_on", 1)])
def test_dates_of_a_sub_goal_lie_inside_those_of_its_parent(field, days):
    parent = GoalFactory()
    goal = GoalFactory(project=parent.project, parent=parent)
    outside = getattr(parent, field) + days * DAY

    refused(
        field, lambda: update_goal(goal=goal, actor=goal.owner, **{field: outside}), parent
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "days"), [("start_on", 1), ("due_on", -1)])
def test_dates_of_a_parent_do_not_shrink_below_its_sub_goals(field, days):
    parent = GoalFactory()
    goal = GoalFactory(project=parent.project, parent=parent)
    inside = getattr(parent, field) + days * DAY

    def shrink():
        update_goal(goal=parent, actor=parent.owner, **{field: inside})

    refused(field, shrink, goal)
    Goal.objects.filter(pk=goal.pk).update(state="cancelled")
    shrink()


@pytest.mark.django_db
def test_a_goal_is_due_after_it_starts():
    goal = GoalFactory(draft=True)

    refused("due_on", lambda: update_goal(goal=goal, actor=goal.owner, due_on=goal.start_on))


@pytest.mark.django_db
def test_descendants_are_all_below():
    goals = chain(4)
    GoalFactory(project=goals[0].project)

    assert set(descendants_of(goals[1])) == {goals[2].pk, goals[3].pk}


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_cannot_close_a_circle():
    for _ in range(5):
        one = GoalFactory()
        two = GoalFactory(project=one.project)
        start = threading.Barrier(2)
        refusals = []

        def work(goal, parent, start=start, refusals=refusals):
            try:
                start.wait(timeout=10)
                move(goal, parent)
            except ValidationError as error:
                refusals.append(error)
            finally:
                connection.close()

        threads = [
            threading.Thread(target=work, args=pair) for pair in ((one, two), (two, one))
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)

        parents = dict(Goal.objects.filter(project=one.project).values_list("pk", "parent"))
        assert len(refusals) == 1
        assert sorted(parents.values(), key=bool) in ([None, one.pk], [None, two.pk])
