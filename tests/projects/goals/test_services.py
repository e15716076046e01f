"""Writing, starting, closing and reopening goals, and their values: rules, repeats, trail."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from notifications.models import Message
from projects.models import Goal
from projects.services.goals import (
    StaleGoal,
    activate_goal,
    cancel_goal,
    close_goal,
    create_goal,
    reopen_goal,
    save_goal,
    update_goal,
)
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.goals import GoalFactory, GoalMeasurementFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def actor():
    return UserFactory()


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def faults(error):
    return {name: errors for name, errors in error.value.message_dict.items()}


# Writing -----------------------------------------------------------------------------------------


def test_create_stores_a_draft_behind_its_siblings_and_tells_the_owner(actor):
    project = ProjectFactory()

    first = create_goal(actor=actor, project=project, statement=" Answer faster ")
    second = create_goal(actor=actor, project=project, statement="Two", owner=project.lead)

    assert (first.state, first.statement, first.position) == ("draft", "Answer faster", 0)
    assert second.position == 1
    assert Message.objects.get().recipient == project.lead
    assert verbs() == ["goal.created", "goal.created"]


def test_create_does_not_tell_people_about_themselves():
    project = ProjectFactory()

    create_goal(actor=project.lead, project=project, statement="One", owner=project.lead)

    assert not Message.objects.exists()


@pytest.mark.parametrize("fields", [{"statement": ""}, {"statement": "x", "weight": -1}])
def test_create_refuses_what_is_no_goal(actor, fields):
    with pytest.raises(ValidationError):
        create_goal(actor=actor, project=ProjectFactory(), **fields)

    assert not Goal.objects.exists()


def test_create_takes_no_field_that_is_derived(actor):
    with pytest.raises(TypeError, match="progress"):
        create_goal(actor=actor, project=ProjectFactory(), statement="x", progress=1)


def test_owner_must_have_a_role_in_the_project(actor):
    project, person = ProjectFactory(), UserFactory()
    with pytest.raises(ValidationError) as error:
        create_goal(actor=actor, project=project, statement="One", owner=person)
    assert faults(error) == {"owner": [f"{person} has no role in this project."]}

    grant(person, "member", project)
    assert create_goal(actor=actor, project=project, statement="One", owner=person).owner == person


def test_administrators_may_own_goals(actor):
    admin = UserFactory(admin=True)

    assert create_goal(actor=actor, project=ProjectFactory(), statement="One", owner=admin)


def test_client_group_must_be_seen_by_who_links_it(actor):
    project, group = ProjectFactory(), ClientGroupFactory()
    with pytest.raises(ValidationError) as error:
        create_goal(actor=actor, project=project, statement="One", client_group=group)
    assert list(faults(error)) == ["client_group"]

    grant(actor, "viewer", group)
    create_goal(actor=actor, project=project, statement="One", client_group=group)
    create_goal(actor=actor, project=project, statement="Two", client_group=project.client_group)
    assert Goal.objects.count() == 2


def test_update_stores_what_changed_and_recomputes(actor):
    goal = GoalFactory()
    GoalMeasurementFactory(goal=goal, value=40)

    update_goal(goal=goal, actor=actor, version=1, target=Decimal(80), statement=goal.statement)

    goal.refresh_from_db()
    assert (goal.progress, goal.version) == (Decimal("0.5"), 2)
    assert AuditEvent.objects.get().changes == {"target_value": ["100", "80"]}


def test_update_without_a_change_records_nothing(actor):
    goal = GoalFactory()

    update_goal(goal=goal, actor=actor, statement=goal.statement)

    assert (verbs(), Goal.objects.get().version) == ([], 1)


def test_update_of_a_stale_version_is_refused(actor):
    goal = GoalFactory()
    update_goal(goal=goal, actor=actor, version=1, statement="Another one")

    with pytest.raises(StaleGoal) as stale:
        update_goal(goal=goal, actor=actor, version=1, statement="Mine")

    assert stale.value.goal.statement == "Another one"


def test_update_tells_a_new_owner_once(actor):
    goal = GoalFactory()
    for _ in range(2):
        update_goal(goal=goal, actor=actor, owner=goal.project.lead)

    assert Message.objects.get().recipient == goal.project.lead


def test_update_of_a_running_goal_keeps_it_smart(actor):
    goal = GoalFactory()

    with pytest.raises(ValidationError) as error:
        update_goal(goal=goal, actor=actor, target=goal.baseline)

    assert list(faults(error)) == ["target"]


def test_update_of_a_closed_goal_is_refused(actor):
    goal = GoalFactory(state="achieved", closing_summary="Done.")

    with pytest.raises(ValidationError, match="Reopen it"):
        update_goal(goal=goal, actor=actor, statement="Another one")


def test_save_is_all_or_nothing(actor):
    project = ProjectFactory()

    with pytest.raises(ValidationError):
        save_goal(goal=Goal(project=project), actor=actor, start=True, fields={"statement": "x"})

    assert not Goal.objects.exists()


# Starting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lacks", "field"),
    [
        ({"metric": ""}, "metric"),
        ({"unit": ""}, "unit"),
        ({"baseline": None}, "baseline"),
        ({"target": None}, "target"),
        ({"target": 0}, "target"),
        ({"owner": None}, "owner"),
        ({"start_on": None}, "start_on"),
        ({"due_on": None}, "due_on"),
    ],
)
def test_activate_refuses_what_is_not_measurable_owned_or_dated(actor, lacks, field):
    goal = GoalFactory(draft=True, **lacks)

    with pytest.raises(ValidationError) as error:
        activate_goal(goal=goal, actor=actor)

    assert list(faults(error)) == [field]
    assert Goal.objects.get().state == "draft"


@pytest.mark.parametrize(
    "lacks", [{"metric": ""}, {"unit": ""}, {"target": 0}, {"owner": None}, {"due_on": None}]
)
def test_database_refuses_an_active_goal_that_is_not_smart(lacks):
    with pytest.raises(IntegrityError, match="goal_active_is_smart"), transaction.atomic():
        GoalFactory(**lacks)


@pytest.mark.parametrize("trait", ["from_subgoals", "from_tasks"])
def test_activate_needs_no_metric_for_goals_that_follow_from_others(actor, trait):
    goal = GoalFactory(draft=True, **{trait: True})

    assert activate_goal(goal=goal, actor=actor).state == "active"


def test_activate_computes_at_once_and_twice_records_once(actor):
    goal = GoalFactory(draft=True)

    for _ in range(2):
        goal = activate_goal(goal=goal, actor=actor)

    assert (goal.state, goal.pace_reasons) == ("active", [{"code": "no_data"}])
    assert verbs() == ["goal.activated"]


def test_activate_of_a_cancelled_goal_is_refused(actor):
    with pytest.raises(ValidationError):
        activate_goal(goal=GoalFactory(state="cancelled"), actor=actor)


# Closing, cancelling, reopening ------------------------------------------------------------------


def test_close_keeps_the_summary_and_twice_records_once(actor):
    goal = GoalFactory()

    for summary in ("All stores follow it.", "Something else."):
        goal = close_goal(goal=goal, actor=actor, outcome="achieved", summary=summary)

    assert (goal.state, goal.closing_summary, goal.pace) == (
        "achieved",
        "All stores follow it.",
        "done",
    )
    assert goal.closed_at is not None
    assert verbs() == ["goal.closed"]


@pytest.mark.parametrize(
    ("state", "outcome", "summary"),
    [
        ("active", "achieved", " "),
        ("active", "cancelled", "Done."),
        ("draft", "missed", "Late."),
        ("missed", "achieved", "After all."),
    ],
)
def test_close_refuses(actor, state, outcome, summary):
    goal = GoalFactory(state=state, closing_summary="Late." if state == "missed" else "")

    with pytest.raises(ValidationError):
        close_goal(goal=goal, actor=actor, outcome=outcome, summary=summary)


def test_database_refuses_a_closed_goal_without_summary():
    with pytest.raises(IntegrityError, match="goal_closed_has_summary"), transaction.atomic():
        GoalFactory(state="missed")


def test_cancel_takes_open_sub_goals_along_and_reopen_brings_them_back(actor):
    top = GoalFactory()
    middle = GoalFactory(project=top.project, parent=top)
    draft = GoalFactory(project=top.project, parent=middle, draft=True)
    over = GoalFactory(project=top.project, parent=top, state="missed", closing_summary="Late.")
    early = GoalFactory(project=top.project, parent=top)
    cancel_goal(goal=early, actor=actor)

    cancel_goal(goal=top, actor=actor)
    states = dict(Goal.objects.values_list("pk", "state"))
    assert states == {
        top.pk: "cancelled",
        middle.pk: "cancelled",
        draft.pk: "cancelled",
        early.pk: "cancelled",
        over.pk: "missed",
    }

    reopen_goal(goal=top, actor=actor)
    states = dict(Goal.objects.values_list("pk", "state"))
    assert states == {
        top.pk: "active",
        middle.pk: "active",
        draft.pk: "draft",
        early.pk: "cancelled",
        over.pk: "missed",
    }


def test_cancel_and_reopen_twice_change_nothing_more(actor):
    goal = GoalFactory()
    for _ in range(2):
        cancel_goal(goal=goal, actor=actor)
    for _ in range(2):
        reopen_goal(goal=goal, actor=actor)

    assert verbs() == ["goal.cancelled", "goal.reopened"]


def test_cancel_of_an_achieved_goal_is_refused(actor):
    with pytest.raises(ValidationError):
        cancel_goal(goal=GoalFactory(state="achieved", closing_summary="Done."), actor=actor)


def test_reopen_of_a_closed_goal_runs_again(actor):
    goal = GoalFactory()
    close_goal(goal=goal, actor=actor, outcome="missed", summary="Late.")

    goal = reopen_goal(goal=goal, actor=actor)

    assert (goal.state, goal.closing_summary, goal.closed_at) == ("active", "", None)


def test_reopen_without_a_trail_makes_a_draft(actor):
    goal = GoalFactory(state="cancelled")

    assert reopen_goal(goal=goal, actor=actor).state == "draft"


def test_reopen_below_a_closed_parent_is_refused(actor):
    parent = GoalFactory(state="cancelled")
    goal = GoalFactory(project=parent.project, parent=parent, state="cancelled")

    with pytest.raises(ValidationError, match="Reopen it first"):
        reopen_goal(goal=goal, actor=actor)


def test_reopen_is_refused_when_the_parent_ends_earlier_by_now(actor):
    parent = GoalFactory()
    goal = GoalFactory(project=parent.project, parent=parent)
    cancel_goal(goal=goal, actor=actor)
    update_goal(goal=parent, actor=actor, due_on=parent.due_on - dt.timedelta(days=9))

    with pytest.raises(ValidationError) as error:
        reopen_goal(goal=goal, actor=actor)

    assert list(faults(error)) == ["due_on"]
