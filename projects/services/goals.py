"""Everything a person does to a goal; the values it is measured by are in `measurements`."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from accounts.once import once
from clientgroups.models import ClientGroup
from notifications.services import in_language_of, notify
from projects.models import CheckIn, Goal, Project
from projects.selectors.goals import owners_of
from projects.selectors.smart import is_smart, smart_faults
from projects.services.goal_progress import refresh_progress, refresh_task_goals
from projects.services.goal_tree import check_dates, check_place, descendants_of, lock_tree
from projects.services.measurements import record_measurement

__all__ = [
    "StaleGoal",
    "activate_goal",
    "cancel_goal",
    "check_in",
    "close_goal",
    "create_goal",
    "record_measurement",
    "refresh_progress",
    "refresh_task_goals",
    "reopen_goal",
    "save_goal",
    "update_goal",
]

EDITABLE = (
    "statement",
    "relevance",
    "attainability",
    "source",
    "metric",
    "unit",
    "baseline",
    "target",
    "judged_by",
    "owner",
    "weight",
    "start_on",
    "due_on",
    "parent",
    "client_group",
)
# Derived, and never out of what a person typed.
_DERIVED = ("search", "progress", "current_value")


class StaleGoal(Exception):  # noqa: N818 - it is a state to show, not a fault
    """Somebody else has changed the goal since the editor read it; `goal` is how it stands."""

    def __init__(self, goal: Goal) -> None:
        super().__init__(_("Somebody else has changed this goal."))
        self.goal = goal


@once
@transaction.atomic
def create_goal(*, actor: User, project: Project, statement: str, **fields: object) -> Goal:
    """Write a goal down as a draft, which may still lack anything but its statement."""
    lock_tree(project.pk)
    goal = Goal(project=project, statement=statement.strip())
    _check_rows(goal, actor, fields)
    for name, value in fields.items():
        _set(goal, name, value)
    _check(goal)
    siblings = Goal.objects.filter(project=project, parent=goal.parent)
    last = siblings.aggregate(last=models.Max("position"))["last"]
    goal.position = 0 if last is None else last + 1
    goal.save(force_insert=True)
    record(actor=actor, verb="goal.created", target=goal, statement=[None, goal.statement])
    _tell_owner(goal, actor)
    return goal


@transaction.atomic
def update_goal(*, goal: Goal, actor: User, version: int | None = None, **changes: object) -> Goal:
    """Change fields of a goal. With `version`, refuse when somebody else was faster.

    A running goal must stay SMART; writing what stands there already changes nothing.
    """
    goal = lock_goal(goal)
    if version is not None and version != goal.version:
        raise StaleGoal(goal)
    _refuse_closed(goal)
    _check_rows(goal, actor, changes)
    pairs = {}
    for name, value in changes.items():
        before = getattr(goal, name)
        if before != value:
            pairs[name] = [_plain(before), _plain(value)]
            _set(goal, name, value)
    if not pairs:
        return goal
    if goal.state == Goal.State.ACTIVE:
        _refuse_vague(goal)
    _check(goal, moved="parent" in pairs)
    goal.version += 1
    goal.save(update_fields=[*pairs, "version"])
    # `target` names the row in the trail, so the value to reach has another name there.
    trail = {"target_value" if name == "target" else name: pair for name, pair in pairs.items()}
    record(actor=actor, verb="goal.updated", target=goal, **trail)
    if "owner" in pairs:
        _tell_owner(goal, actor)
    return _refreshed(goal)


@transaction.atomic
def save_goal(
    *,
    goal: Goal,
    actor: User,
    start: bool = False,
    version: int | None = None,
    once_key: UUID | None = None,
    fields: dict[str, object],
) -> Goal:
    """Store what a form holds, new or old, and start the goal if asked: all or nothing."""
    if goal.pk is None:
        goal = create_goal(actor=actor, project=goal.project, once_key=once_key, **fields)
    else:
        goal = update_goal(goal=goal, actor=actor, version=version, **fields)
    return activate_goal(goal=goal, actor=actor) if start else goal


@transaction.atomic
def activate_goal(*, goal: Goal, actor: User) -> Goal:
    """Start a goal that can be measured, is owned and dated; starting it twice changes nothing.

    Otherwise a ValidationError says by field what is missing.
    """
    goal = lock_goal(goal)
    if goal.state == Goal.State.ACTIVE:
        return goal
    _refuse_closed(goal)
    _refuse_vague(goal)
    check_place(goal)
    check_dates(goal)
    return _change_state(goal, Goal.State.ACTIVE, "goal.activated", actor)


@transaction.atomic
def close_goal(*, goal: Goal, actor: User, outcome: str, summary: str) -> Goal:
    """Close a running goal as achieved or missed, with what was learned; twice changes nothing."""
    goal = lock_goal(goal)
    if goal.state == outcome:
        return goal
    if outcome not in (Goal.State.ACHIEVED, Goal.State.MISSED):
        raise ValidationError({"outcome": _("Choose whether the goal was achieved or missed.")})
    if goal.state != Goal.State.ACTIVE:
        raise ValidationError(_("Only a running goal can be closed."))
    if not summary.strip():
        raise ValidationError({"summary": _("Say in a sentence how it went and why.")})
    goal.closing_summary = summary.strip()
    goal.closed_at = timezone.now()
    return _change_state(goal, outcome, "goal.closed", actor)


@transaction.atomic
def cancel_goal(*, goal: Goal, actor: User) -> Goal:
    """Give a goal up together with its open sub-goals; they no longer count anywhere."""
    goal = lock_goal(goal)
    if goal.state == Goal.State.CANCELLED:
        return goal
    _refuse_closed(goal)
    now = timezone.now()
    open_states = (Goal.State.DRAFT, Goal.State.ACTIVE)
    below = Goal.objects.filter(pk__in=descendants_of(goal), state__in=open_states)
    for each in [*below, goal]:
        # The same instant marks those that went together; reopening brings them back together.
        each.closed_at = now
        _store_state(each, Goal.State.CANCELLED, "goal.cancelled", actor)
    return _refreshed(goal)


@transaction.atomic
def reopen_goal(*, goal: Goal, actor: User) -> Goal:
    """Take back closing or cancelling, with the sub-goals that were cancelled along with it."""
    goal = lock_goal(goal)
    if goal.is_open:
        return goal
    if goal.parent and not goal.parent.is_open:
        raise ValidationError(
            _("The parent “%(goal)s” is closed. Reopen it first.") % {"goal": goal.parent}
        )
    together = Goal.objects.filter(
        pk__in=descendants_of(goal), state=Goal.State.CANCELLED, closed_at=goal.closed_at
    )
    rows = [goal, *together] if goal.state == Goal.State.CANCELLED else [goal]
    before = _states_before(rows)
    for each in rows:
        check_dates(each)
        each.closed_at, each.closing_summary = None, ""
        was_active = before.get(each.pk) == Goal.State.ACTIVE and is_smart(each)
        state = Goal.State.ACTIVE if was_active else Goal.State.DRAFT
        _store_state(each, state, "goal.reopened", actor)
    return _refreshed(goal)


@transaction.atomic
def check_in(*, goal: Goal, actor: User, note: str, confidence: int) -> CheckIn:
    """Note how a goal is going. The same words by the same person once a day are one note."""
    goal = lock_goal(goal)
    _refuse_closed(goal)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    entry = CheckIn(goal=goal, author=actor, note=note.strip(), confidence=confidence)
    entry.full_clean()
    twin = CheckIn.objects.filter(
        goal=goal,
        author=actor,
        note=entry.note,
        confidence=confidence,
        created_at__gte=midnight,
    ).first()
    if twin:
        return twin
    entry.save()
    record(actor=actor, verb="goal.checked_in", target=goal, confidence=[None, confidence])
    return entry


def lock_goal(goal: Goal) -> Goal:
    """The goal as it stands, with its tree locked."""
    lock_tree(goal.project_id)
    rows = Goal.objects.select_related("project__client_group", "parent", "owner", "client_group")
    return rows.get(pk=goal.pk)


def _refreshed(goal):
    refresh_progress(project_id=goal.project_id)
    goal.refresh_from_db()
    return goal


def _change_state(goal, state, verb, actor):
    _store_state(goal, state, verb, actor)
    return _refreshed(goal)


def _store_state(goal, state, verb, actor):
    before, goal.state = goal.state, state
    goal.version += 1
    goal.full_clean(exclude=_DERIVED)
    goal.save(update_fields=["state", "closing_summary", "closed_at", "version"])
    record(actor=actor, verb=verb, target=goal, state=[before, str(state)])


def _states_before(goals):
    """goal -> the state it had before it was closed or cancelled last, from the audit trail."""
    events = AuditEvent.objects.filter(
        target_type=Goal._meta.label_lower,
        target_id__in=[str(goal.pk) for goal in goals],
        verb__in=["goal.closed", "goal.cancelled"],
    )
    rows = events.order_by("at", "pk").values_list("target_id", "changes")
    return {int(key): changes["state"][0] for key, changes in rows}


def _set(goal, name, value):
    if name not in EDITABLE:
        raise TypeError(f"A goal has no editable field {name!r}.")
    setattr(goal, name, value.strip() if isinstance(value, str) else value)


def _check(goal, moved=True):
    if moved:
        check_place(goal)
    check_dates(goal)
    goal.full_clean(exclude=_DERIVED)


def _check_rows(goal, actor, fields):
    owner, group = fields.get("owner"), fields.get("client_group")
    project = goal.project
    if owner and not owners_of(project, goal.owner_id).filter(pk=owner.pk).exists():
        sentence = _("%(person)s has no role in this project.") % {"person": owner}
        raise ValidationError({"owner": sentence})
    known = (goal.client_group_id, project.client_group_id)
    seen = ClientGroup.objects.visible_to(actor)
    if group and group.pk not in known and not seen.filter(pk=group.pk).exists():
        raise ValidationError({"client_group": _("Choose a client group that you may see.")})


def _refuse_closed(goal):
    if not goal.is_open:
        raise ValidationError(_("This goal is closed. Reopen it to change it."))


def _refuse_vague(goal):
    faults = smart_faults(goal)
    if faults:
        raise ValidationError(faults)


def _plain(value):
    """A value as the audit trail stores it."""
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def _tell_owner(goal, actor):
    owner = goal.owner
    if owner is None or owner == actor:
        return
    with in_language_of(owner):
        subject = _("You are the owner of “%(goal)s”") % {"goal": goal}
        body = _("%(person)s made you the owner of this goal in “%(project)s”.") % {
            "person": actor,
            "project": goal.project,
        }
        notify(
            recipient=owner,
            kind="goal.assigned",
            subject=subject,
            body=body,
            url=goal.get_absolute_url(),
            dedupe_key=f"goal.assigned:{goal.pk}:{goal.version}",
        )
