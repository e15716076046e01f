"""Exchange rates and the policy of values: whoever changes one has what rests on it worked out."""

from django.db import transaction

from accounts.audit import record
from accounts.models import User
from clientgroups.models import ExchangeRate, ValuePolicy
from clientgroups.services.marks import mark_dynamic_groups_stale
from clientgroups.services.rfm import mark_scores_stale

RATE_FIELDS = ("currency", "base", "valid_from", "rate", "source")
POLICY_FIELDS = (
    "base_currency",
    "window_months",
    "few_clients",
    "recency_bounds",
    "frequency_bounds",
    "monetary_bounds",
    "active_months",
)


def _plain(row: ExchangeRate | ValuePolicy, names: tuple) -> dict:
    return {
        name: value if isinstance(value := getattr(row, name), int | list) else str(value)
        for name in names
    }


def _worked_out_anew() -> None:
    """Sums on pages are worked out when they are read; scores and rules are kept in tables."""
    mark_scores_stale()
    mark_dynamic_groups_stale()


@transaction.atomic
def save_rate(*, actor: User, rate: ExchangeRate) -> ExchangeRate:
    """Store a new or changed rate and have scores and rules worked out with it.

    Saving what stands there already changes nothing.
    """
    rate.currency, rate.base = rate.currency.strip().upper(), rate.base.strip().upper()
    rate.full_clean()
    before = ExchangeRate.objects.select_for_update().filter(pk=rate.pk).first()
    old = _plain(before, RATE_FIELDS) if before else dict.fromkeys(RATE_FIELDS)
    if before and all(getattr(before, n) == getattr(rate, n) for n in RATE_FIELDS):
        return rate
    rate.save()
    new = _plain(rate, RATE_FIELDS)
    changes = {name: [old[name], new[name]] for name in RATE_FIELDS if old[name] != new[name]}
    record(actor=actor, verb="rate.saved", target=rate, **changes)
    _worked_out_anew()
    return rate


@transaction.atomic
def delete_rate(*, actor: User, rate: ExchangeRate) -> None:
    """Remove a rate; purchases that no other one covers are left out of sums from now on."""
    found = ExchangeRate.objects.select_for_update().filter(pk=rate.pk).first()
    if found is None:
        return
    old = _plain(found, RATE_FIELDS)
    record(
        actor=actor,
        verb="rate.deleted",
        target=found,
        **{name: [value, None] for name, value in old.items()},
    )
    found.delete()
    _worked_out_anew()


@transaction.atomic
def save_value_policy(*, actor: User, policy: ValuePolicy) -> ValuePolicy:
    """Store the policy and have scores and rules follow it."""
    policy.base_currency = policy.base_currency.strip().upper()
    policy.full_clean(validate_unique=False)
    before = ValuePolicy.objects.select_for_update().filter(pk=1).first()
    old = _plain(before or ValuePolicy(pk=1), POLICY_FIELDS)
    new = _plain(policy, POLICY_FIELDS)
    if before and old == new:
        return policy
    if before is None:
        ValuePolicy.objects.create(pk=1)
    ValuePolicy.objects.filter(pk=1).update(**{n: getattr(policy, n) for n in POLICY_FIELDS})
    changes = {name: [old[name], new[name]] for name in POLICY_FIELDS if old[name] != new[name]}
    record(actor=actor, verb="value_policy.saved", target=policy, **changes)
    _worked_out_anew()
    return policy
