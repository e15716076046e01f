"""How often the clients of a group are to be touched."""

import datetime as dt

from django.db import transaction

from accounts.audit import record
from accounts.models import AuditEvent, User
from accounts.once import once
from clientgroups.models import ClientGroup, TouchPlan
from clientgroups.services.health import rescore

FIELDS = ("stage", "every_days", "kind", "note", "begins_on")
# More clients than this wait for the nightly run: a page must not.
AT_ONCE = 500


def _values(plan: TouchPlan) -> dict:
    """The fields as the audit trail keeps them."""
    return {name: _shown(getattr(plan, name)) for name in FIELDS}


def _shown(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value


def _renew(group: ClientGroup) -> None:
    """Health reads the plans: work it out again where that is quick."""
    keys = list(group.memberships.current().values_list("client", flat=True)[: AT_ONCE + 1])
    if len(keys) <= AT_ONCE:
        rescore(clients=keys)


@once
@transaction.atomic
def add_plan(*, group: ClientGroup, actor: User, **fields: object) -> TouchPlan:
    """Add a cadence for a stage of a group, or for every stage; each stage has one."""
    plan = TouchPlan(client_group=group, **fields)
    plan.full_clean()
    plan.save()
    changes = {name: [None, value] for name, value in _values(plan).items()}
    record(actor=actor, verb="touch_plan.added", target=plan, **changes)
    _renew(group)
    return plan


@transaction.atomic
def change_plan(*, plan: TouchPlan, actor: User, **fields: object) -> TouchPlan:
    """Change a cadence; saving the same again changes nothing."""
    plan = TouchPlan.objects.select_for_update().get(pk=plan.pk)
    before = _values(plan)
    for name, value in fields.items():
        setattr(plan, name, value)
    changed = {n: [before[n], new] for n, new in _values(plan).items() if before[n] != new}
    if changed:
        plan.full_clean()
        plan.save()
        record(actor=actor, verb="touch_plan.changed", target=plan, **changed)
        _renew(plan.client_group)
    return plan


@transaction.atomic
def delete_plan(*, plan: TouchPlan, actor: User) -> AuditEvent:
    """Delete a cadence; the event holds what undo needs."""
    group = plan.client_group
    changes = {name: [value, None] for name, value in _values(plan).items()}
    event = record(actor=actor, verb="touch_plan.deleted", target=group, **changes)
    plan.delete()
    _renew(group)
    return event


@transaction.atomic
def restore_plan(*, group: ClientGroup, event: AuditEvent, actor: User) -> TouchPlan:
    """Bring a deleted cadence back; one that stands there for the stage by now stays instead."""
    ClientGroup.objects.select_for_update().get(pk=group.pk)
    values = {name: event.changes[name][0] for name in FIELDS}
    values["begins_on"] = dt.date.fromisoformat(values["begins_on"])
    found = group.touch_plans.filter(stage=values["stage"]).first()
    return found or add_plan(group=group, actor=actor, **values)
