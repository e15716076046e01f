"""Values and check-ins of goals: rules, repeats, trail; the constraints of the database."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from projects.models import CheckIn, Goal, GoalMeasurement
from projects.services.goals import (
    check_in,
    record_measurement,
)
from projects.services.measurements import (
    delete_measurement,
    restore_measurement,
    update_measurement,
)
from projects.tasks import refresh_goal_progress
from tests.factories.accounts import UserFactory
from tests.factories.goals import CheckInFactory, GoalFactory, GoalMeasurementFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def actor():
    return UserFactory()


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def faults(error):
    return {name: errors for name, errors in error.value.message_dict.items()}


# Values ------------------------------------------------------------------------------------------


def test_record_measurement_recomputes_goal_and_parent(actor):
    parent = GoalFactory(from_subgoals=True)
    goal = GoalFactory(project=parent.project, parent=parent)

    record_measurement(goal=goal, measured_on=TODAY(), value=60, actor=actor)

    parent.refresh_from_db()
    assert parent.progress == Decimal("0.6")
    assert verbs() == ["goal.measured"]


def test_record_measurement_by_hand_twice_is_one_value(actor):
    goal = GoalFactory()

    for _ in range(2):
        record_measurement(goal=goal, measured_on=TODAY(), value=60, source="Desk", actor=actor)
    record_measurement(goal=goal, measured_on=TODAY(), value=61, source="Desk", actor=actor)

    assert GoalMeasurement.objects.count() == 2
    assert verbs() == ["goal.measured"] * 2


def test_record_measurement_of_one_source_replaces_the_value_before():
    goal = GoalFactory(csat=True)
    figures = {"goal": goal, "measured_on": TODAY(), "source_key": "csat:month:2026-11-01"}

    record_measurement(value=80.1234567, low=70, high=90, n=40, **figures)
    record_measurement(value=81, low=72, high=90, n=44, source_url="/scores/1/", **figures)
    record_measurement(value=81, low=72, high=90, n=44, source_url="/scores/1/", **figures)

    entry = GoalMeasurement.objects.get()
    assert (entry.value, entry.n, entry.source_url) == (81, 44, "/scores/1/")
    assert verbs() == []


@pytest.mark.parametrize(
    ("traits", "more", "words"),
    [
        ({}, {"measured_on": dt.date(2999, 1, 1)}, "future"),
        ({}, {"low": 9, "high": 3}, "lower bound"),
        ({"from_tasks": True}, {}, "sub-goals or tasks"),
        ({"state": "cancelled"}, {}, "Reopen"),
        ({"draft": True, "baseline": None}, {}, "baseline"),
    ],
)
def test_record_measurement_refuses(traits, more, words):
    goal = GoalFactory(**traits)

    with pytest.raises(ValidationError, match=words):
        record_measurement(**{"goal": goal, "measured_on": TODAY(), "value": 5} | more)

    assert not GoalMeasurement.objects.exists()


def test_database_keeps_one_value_per_source():
    entry = GoalMeasurementFactory(source_key="csat:month:2026-11-01")

    with pytest.raises(IntegrityError, match="once_per_source"), transaction.atomic():
        GoalMeasurementFactory(goal=entry.goal, source_key=entry.source_key)


def test_update_measurement_keeps_both_in_the_trail_and_repeats_harmlessly(actor):
    entry = GoalMeasurementFactory(value=50)

    for _ in range(2):
        update_measurement(measurement=entry, actor=actor, value=Decimal(55), source=entry.source)

    assert AuditEvent.objects.get().changes == {"value": ["50", "55"]}
    assert Goal.objects.get().progress == Decimal("0.55")


def test_update_measurement_refuses_a_day_in_the_future(actor):
    entry = GoalMeasurementFactory()

    with pytest.raises(ValidationError):
        update_measurement(measurement=entry, actor=actor, measured_on=dt.date(2999, 1, 1))


def test_delete_and_restore_measurement(actor):
    entry = GoalMeasurementFactory(value=50)
    goal = entry.goal

    event = delete_measurement(measurement=entry, actor=actor)
    entry.pk = entry.pk or 1
    assert Goal.objects.get().progress is None

    for _ in range(2):
        restore_measurement(goal=goal, event=event, actor=actor)
    restored = GoalMeasurement.objects.get()
    assert (restored.value, restored.source) == (50, "Ticket report")
    assert Goal.objects.get().progress == Decimal("0.5")


def test_delete_measurement_twice_records_once(actor):
    entry = GoalMeasurementFactory()
    twin = GoalMeasurement.objects.get()

    assert delete_measurement(measurement=entry, actor=actor)
    assert delete_measurement(measurement=twin, actor=actor) is None
    assert verbs() == ["goal.measurement_deleted"]


def test_values_of_surveys_and_of_closed_goals_are_not_edited(actor):
    computed = GoalMeasurementFactory(source_key="csat:month:2026-11-01")
    closed = GoalMeasurementFactory(goal__state="missed", goal__closing_summary="Late.")

    for entry in (computed, closed):
        with pytest.raises(ValidationError):
            update_measurement(measurement=entry, actor=actor, value=Decimal(1))
        with pytest.raises(ValidationError):
            delete_measurement(measurement=entry, actor=actor)


# Check-ins ---------------------------------------------------------------------------------------


def test_check_in_twice_in_a_day_with_the_same_words_is_one():
    goal = GoalFactory()

    for note in ("Two stores left.", "Two stores left. ", "One store left."):
        check_in(goal=goal, actor=goal.owner, note=note, confidence=70)

    assert CheckIn.objects.count() == 2
    assert verbs() == ["goal.checked_in"] * 2


@pytest.mark.parametrize(("note", "confidence"), [("", 50), ("Fine.", 101)])
def test_check_in_refuses(note, confidence):
    goal = GoalFactory()

    with pytest.raises(ValidationError):
        check_in(goal=goal, actor=goal.owner, note=note, confidence=confidence)


def test_database_refuses_confidence_over_a_hundred():
    with pytest.raises(IntegrityError, match="checkin_confidence_percent"), transaction.atomic():
        CheckInFactory(confidence=101)


# Other constraints, the task ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"due_on": TODAY() - dt.timedelta(days=60)}, "goal_due_after_start"),
        ({"progress": Decimal("1.1")}, "goal_progress_share"),
        ({"weight": -1}, "goal_weight_not_negative"),
    ],
)
def test_database_refuses(fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        GoalFactory(**fields)


def test_database_refuses_a_goal_as_its_own_parent():
    goal = GoalFactory()

    with pytest.raises(IntegrityError, match="goal_parent_is_another"), transaction.atomic():
        Goal.objects.update(parent=goal)


def test_beat_recomputes_goals_and_records_its_run():
    GoalMeasurementFactory()

    assert refresh_goal_progress() == 1
    assert refresh_goal_progress() == 0
