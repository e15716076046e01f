"""Dated values of goals: entered by hand, or handed over by the app that computes a score."""

import datetime as dt
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from projects.models import Goal, GoalMeasurement
from projects.progress import PLACES
from projects.services.goal_progress import refresh_progress
from projects.services.goal_tree import lock_tree

TRAIL = ("measured_on", "value", "low", "high", "n", "source")


@transaction.atomic
def record_measurement(
    *,
    goal: Goal,
    measured_on: dt.date,
    value: Decimal | float,
    low: Decimal | float | None = None,
    high: Decimal | float | None = None,
    n: int | None = None,
    source: str = "",
    source_key: str = "",
    source_url: str = "",
    actor: User | None = None,
) -> GoalMeasurement:
    """Store a value of the goal's metric and recompute its project's goals.

    A `source_key` names the figure that the value was read from: a new run replaces the old
    value. By hand, the same value of the same day and source is stored once.
    """
    lock_tree(goal.project_id)
    _check(Goal.objects.get(pk=goal.pk), measured_on)
    figures = {
        "measured_on": measured_on,
        "value": _decimal(value),
        "low": _decimal(low),
        "high": _decimal(high),
        "n": n,
        "source": source.strip(),
    }
    entry = _stored(goal, source_key, figures)
    if entry is None:
        entry = GoalMeasurement(goal=goal, source_key=source_key, recorded_by=actor)
    elif not source_key or (figures | {"source_url": source_url}).items() <= vars(entry).items():
        return entry
    _write(entry, figures | {"source_url": source_url})
    if actor:
        record(actor=actor, verb="goal.measured", target=goal, **_pairs({}, figures))
    refresh_progress(project_id=goal.project_id)
    return entry


@transaction.atomic
def update_measurement(
    *, measurement: GoalMeasurement, actor: User, **changes: object
) -> GoalMeasurement:
    """Correct a value that was entered by hand; the audit trail keeps both."""
    lock_tree(measurement.goal.project_id)
    entry = GoalMeasurement.objects.select_related("goal").get(pk=measurement.pk)
    _refuse_computed(entry)
    before = {name: getattr(entry, name) for name in TRAIL}
    if "value" in changes:
        changes["value"] = _decimal(changes["value"])
    pairs = _pairs(before, before | changes)
    if not pairs:
        return entry
    _check(entry.goal, changes.get("measured_on", entry.measured_on))
    _write(entry, changes)
    record(actor=actor, verb="goal.measurement_corrected", target=entry.goal, **pairs)
    refresh_progress(project_id=entry.goal.project_id)
    return entry


@transaction.atomic
def delete_measurement(*, measurement: GoalMeasurement, actor: User) -> AuditEvent | None:
    """Remove a value that was entered by hand; return what `restore_measurement` needs.

    Removing it a second time changes nothing.
    """
    goal = measurement.goal
    lock_tree(goal.project_id)
    entry = GoalMeasurement.objects.filter(pk=measurement.pk).select_related("goal").first()
    if entry is None:
        return None
    _refuse_computed(entry)
    _refuse_closed(entry.goal)
    pairs = _pairs({name: getattr(entry, name) for name in TRAIL}, {})
    entry.delete()
    event = record(actor=actor, verb="goal.measurement_deleted", target=goal, **pairs)
    refresh_progress(project_id=goal.project_id)
    return event


def restore_measurement(*, goal: Goal, event: AuditEvent, actor: User) -> GoalMeasurement:
    """Take back the removal of a value; a second click finds it and adds nothing."""
    figures = {name: pair[0] for name, pair in event.changes.items()}
    figures["measured_on"] = dt.date.fromisoformat(figures["measured_on"])
    return record_measurement(goal=goal, actor=actor, **figures)


def _stored(goal, source_key, figures):
    rows = GoalMeasurement.objects.filter(goal=goal, source_key=source_key)
    return (rows if source_key else rows.filter(**figures)).first()


def _write(entry, figures):
    for name, value in figures.items():
        setattr(entry, name, value)
    if entry.low is not None and entry.high is not None and entry.low > entry.high:
        raise ValidationError({"low": _("The lower bound lies above the upper one.")})
    entry.full_clean(exclude=["goal", "recorded_by"])
    entry.save()


def _check(goal, day):
    _refuse_closed(goal)
    if not goal.is_measured:
        raise ValidationError(
            _("This goal follows from its sub-goals or tasks; it takes no values by hand.")
        )
    if goal.baseline is None or goal.target is None:
        raise ValidationError(_("Enter baseline and target of the goal first."))
    if day > timezone.localdate():
        raise ValidationError({"measured_on": _("This day lies in the future.")})


def _refuse_closed(goal):
    if not goal.is_open:
        raise ValidationError(_("This goal is closed. Reopen it to change it."))


def _refuse_computed(entry):
    if entry.source_key:
        raise ValidationError(
            _("This value was computed from answers. Correct the answers instead.")
        )


def _decimal(number):
    return None if number is None else Decimal(str(number)).quantize(PLACES)


def _pairs(before, after):
    """Audit pairs of what differs."""
    names = [name for name in TRAIL if before.get(name) != after.get(name)]
    return {name: [_plain(before.get(name)), _plain(after.get(name))] for name in names}


def _plain(value):
    if isinstance(value, dt.date):
        return value.isoformat()
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
