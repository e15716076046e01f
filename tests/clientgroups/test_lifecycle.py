import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent
from clientgroups.models import Client, LifecycleChange, LifecyclePolicy
from clientgroups.selectors.dates import months_before
from clientgroups.services.lifecycle import (
    derive_lifecycle,
    fix_stage,
    follow_calendar,
    undo_fix_stage,
)
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    LifecycleChangeFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
START = dt.date(2024, 1, 1)
DAY = dt.timedelta(days=1)


def bought(client, *days, amount=10):
    for day in days:
        PurchaseFactory(client=client, bought_on=day, amount=amount)


def stage_of(client):
    return Client.objects.values_list("stage", flat=True).get(pk=client.pk)


def reference(before, purchases, as_of, policy):
    """The rule in plain Python."""
    counted = {day for day, amount in purchases if amount >= 0 and day <= as_of}
    if not counted:
        return "potential"
    start = months_before(as_of, policy.window_months)
    recent = sum(day > start for day in counted)
    if max(counted) <= start - policy.grace_days * DAY:
        return "lapsed"
    needed = policy.stay_loyal_purchases if before == "loyal" else policy.loyal_purchases
    return "loyal" if recent >= needed else "existing"


days = st.integers(0, 1200).map(lambda n: START + n * DAY)
purchases = st.lists(st.tuples(days, st.sampled_from([-5, 0, 12])), max_size=9)
people = st.lists(st.tuples(st.sampled_from(Client.Stage.values), purchases), max_size=6)
policies = st.tuples(st.integers(1, 18), st.integers(2, 5), st.integers(0, 60))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(people=people, as_of=days, numbers=policies)
def test_derived_stages_equal_the_reference(people, as_of, numbers):
    with transaction.atomic():
        window, loyal, grace = numbers
        policy = LifecyclePolicy.objects.create(
            pk=1, window_months=window, loyal_purchases=loyal, grace_days=grace
        )
        owner = UserFactory()
        clients = []
        for stage, history in people:
            client = ClientFactory(owner=owner, stage=stage)
            for day, amount in history:
                PurchaseFactory(client=client, bought_on=day, amount=amount)
            clients.append((client, stage, history))

        derive_lifecycle(as_of=as_of)

        for client, before, history in clients:
            after = reference(before, history, as_of, policy)
            assert stage_of(client) == after
            assert client.lifecycle_changes.count() == (before != after)
        assert derive_lifecycle(as_of=as_of) == 0
        transaction.set_rollback(True)


def test_client_becomes_loyal_and_lapses_and_the_log_has_both_moves():
    client = ClientFactory()
    bought(client, *(START + n * 30 * DAY for n in range(4)))
    last = START + 90 * DAY

    derive_lifecycle(as_of=last)
    assert stage_of(client) == "loyal"
    derive_lifecycle(as_of=dt.date(2025, 3, 31) + 29 * DAY)
    assert stage_of(client) == "existing"
    derive_lifecycle(as_of=dt.date(2025, 3, 31) + 30 * DAY)

    moves = client.lifecycle_changes.order_by("pk").values_list("before", "after")
    assert list(moves) == [("potential", "loyal"), ("loyal", "existing"), ("existing", "lapsed")]


def test_loyal_client_stays_loyal_with_fewer_purchases_than_it_takes_to_become_so():
    loyal, new = ClientFactory(stage="loyal"), ClientFactory()
    for client in (loyal, new):
        bought(client, START, START + DAY)

    derive_lifecycle(as_of=START + 2 * DAY)

    assert (stage_of(loyal), stage_of(new)) == ("loyal", "existing")


def test_purchases_after_the_day_and_refunds_are_ignored():
    later, refunded = ClientFactory(), ClientFactory()
    bought(later, START + DAY)
    bought(refunded, START, amount=-1)

    assert derive_lifecycle(as_of=START) == 0

    assert (stage_of(later), stage_of(refunded)) == ("potential", "potential")


def test_derive_marks_rule_groups_stale_only_when_somebody_moved():
    group = ClientGroupFactory(dynamic=True)
    client = ClientFactory()
    derive_lifecycle(as_of=START)
    group.refresh_from_db()
    assert group.stale_at is None

    bought(client, START)
    derive_lifecycle(as_of=START + DAY)

    group.refresh_from_db()
    assert group.stale_at is not None


def test_derive_leaves_a_history_kept_at_a_past_day():
    client = ClientFactory(stage="loyal", stage_as_of=START, stage_follows_today=False)
    bought(client, START)

    assert derive_lifecycle(as_of=START + 900 * DAY) == 0
    assert stage_of(client) == "loyal"
    assert derive_lifecycle(as_of=START + 900 * DAY, clients=[client.pk]) == 1
    assert stage_of(client) == "lapsed"


def test_derive_of_a_batch_touches_only_its_clients():
    batch = "6f2f27fd-60ad-4b5d-8a39-35f9f2f4e6fb"
    inside, created, outside = ClientFactory(), ClientFactory(import_batch=batch), ClientFactory()
    PurchaseFactory(client=inside, bought_on=START, import_batch=batch)
    bought(created, START)
    bought(outside, START)

    moved = derive_lifecycle(as_of=START, batch=batch, actor=inside.owner)

    assert moved == 2
    assert [stage_of(c) for c in (inside, created, outside)] == ["existing"] * 2 + ["potential"]
    assert {str(row.import_batch) for row in LifecycleChange.objects.all()} == {batch}


# By hand -----------------------------------------------------------------------------------------


def fix(client, **changes):
    today = timezone.localdate()
    fields = {"stage": "loyal", "reason": "Signed for five years", "until": today + 30 * DAY}
    return fix_stage(client=client, actor=client.owner, **(fields | changes))


def test_fixed_stage_holds_until_its_day_and_is_derived_again_after():
    client = ClientFactory()
    fix(client)
    today = timezone.localdate()

    assert derive_lifecycle(as_of=today + 30 * DAY) == 0
    assert stage_of(client) == "loyal"
    assert derive_lifecycle(as_of=today + 31 * DAY) == 1

    client.refresh_from_db()
    assert (client.stage, client.stage_fixed_until, client.stage_reason) == ("potential", None, "")


def test_fix_stage_twice_records_once():
    client = ClientFactory()

    assert fix(client) is not None
    assert fix(client) is None

    assert [event.verb for event in AuditEvent.objects.all()] == ["client.stage_fixed"]
    assert client.lifecycle_changes.get().reason == "Signed for five years"


def test_fix_stage_to_the_same_stage_only_keeps_it():
    client = ClientFactory(stage="loyal")

    fix(client)

    assert not client.lifecycle_changes.exists()


@pytest.mark.parametrize(
    ("field", "changes"),
    [("reason", {"reason": "  "}), ("until", {"until": dt.date(2020, 1, 1)})],
)
def test_fix_stage_refuses_what_is_missing(field, changes):
    with pytest.raises(ValidationError) as refused:
        fix(ClientFactory(), **changes)

    assert list(refused.value.message_dict) == [field]


def test_undo_fix_stage_brings_the_former_stage_back_once():
    client = ClientFactory(stage="existing", stage_as_of=START)
    event = fix(client)

    for _again in range(2):
        undo_fix_stage(client=client, event=event, actor=client.owner)

    client.refresh_from_db()
    assert (client.stage, client.stage_as_of, client.stage_fixed_until) == ("existing", START, None)
    assert client.lifecycle_changes.count() == 2
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["client.stage_fixed", "client.stage_fix_undone"]


def test_undo_fix_stage_of_the_same_stage_writes_no_move():
    client = ClientFactory(stage="loyal")
    event = fix(client)

    undo_fix_stage(client=client, event=event, actor=client.owner)

    assert not client.lifecycle_changes.exists()


def test_undo_fix_stage_is_refused_after_another_change():
    client = ClientFactory()
    event = fix(client)
    fix(client, stage="lapsed", reason="Insolvent")

    with pytest.raises(ValidationError, match="has changed since"):
        undo_fix_stage(client=client, event=event, actor=client.owner)


def test_follow_calendar_derives_for_today_once():
    client = ClientFactory(stage="loyal", stage_as_of=START, stage_follows_today=False)
    bought(client, START)

    for _again in range(2):
        follow_calendar(client=client, actor=client.owner)

    client.refresh_from_db()
    assert (client.stage, client.stage_as_of) == ("lapsed", timezone.localdate())
    assert client.stage_follows_today
    assert AuditEvent.objects.filter(verb="client.stage_followed").count() == 1


# What stands in the log, and what the database refuses --------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": "Signed"}, "Signed"),
        ({}, "No purchase up to that day."),
        ({"last_purchase_on": START, "recent_purchases": 0}, "the last was on 1 Jan 2024"),
        ({"last_purchase_on": START, "recent_purchases": 1}, "on 1 day of the months"),
        ({"last_purchase_on": START, "recent_purchases": 4}, "on 4 days of the months"),
    ],
)
def test_change_explains_itself(fields, words):
    assert words in LifecycleChangeFactory(**({"reason": ""} | fields)).explanation


def test_change_names_both_stages():
    assert (
        str(LifecycleChangeFactory(client__name="Larkfield")) == "Larkfield: potential → existing"
    )


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: LifecycleChangeFactory(before="loyal", after="loyal"), "lifecyclechange_moves"),
        (lambda: ClientFactory(stage_fixed_until=START), "client_fixed_stage_has_reason"),
        (lambda: LifecyclePolicy.objects.create(pk=2), "lifecyclepolicy_one_row"),
        (
            lambda: LifecyclePolicy.objects.create(pk=1, stay_loyal_purchases=5),
            "lifecyclepolicy_hysteresis",
        ),
    ],
)
def test_database_refuses(make, name):
    with pytest.raises(IntegrityError, match=name):
        make()


def test_policy_has_a_name():
    assert str(LifecyclePolicy()) == "lifecycle policy"


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (dt.date(2024, 3, 31), 1, dt.date(2024, 2, 29)),
        (dt.date(2024, 1, 15), 1, dt.date(2023, 12, 15)),
        (dt.date(2024, 2, 29), 12, dt.date(2023, 2, 28)),
        (dt.date(2, 1, 1), 1200, dt.date(1, 1, 1)),
    ],
)
def test_months_before_keeps_to_the_month(day, months, before):
    assert months_before(day, months) == before
