"""Stages over time: the acceptance story, ends of periods, expiry of a stage set by hand."""

import datetime as dt

import pytest
from django.utils import timezone

from clientgroups.models import Client, LifecyclePolicy
from clientgroups.selectors.dates import months_before, today_here
from clientgroups.selectors.groups import stages_of
from clientgroups.selectors.lifecycle import derived_on, stage_day, stage_day_sql
from clientgroups.services.lifecycle import derive_lifecycle, fix_stage, undo_fix_stage
from clientgroups.services.purchases import apply_staged
from tests.clientgroups.staging import stage
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, MembershipFactory, PurchaseFactory

pytestmark = pytest.mark.django_db
ONE = dt.timedelta(days=1)


def buys(client, *days):
    for day in days:
        PurchaseFactory(client=client, bought_on=day)


def stage_of(client):
    return Client.objects.values_list("stage", flat=True).get(pk=client.pk)


def moves(client):
    rows = client.lifecycle_changes.order_by("pk")
    return list(rows.values_list("before", "after", "as_of"))


def test_client_who_buys_four_times_a_year_is_loyal_and_lapses_after_window_and_grace():
    client = ClientFactory()
    buys(client, *(dt.date(2025, month, 10) for month in (1, 4, 7, 10)))

    # Night after night, as it runs: every day from the first purchase on.
    day = dt.date(2025, 1, 10)
    while day <= dt.date(2026, 11, 20):
        derive_lifecycle(as_of=day)
        day += ONE

    assert moves(client) == [
        ("potential", "existing", dt.date(2025, 1, 10)),
        ("existing", "loyal", dt.date(2025, 10, 10)),
        # One purchase too few to stay loyal: only that of 10 October lies in twelve months.
        ("loyal", "existing", dt.date(2026, 7, 10)),
        # Twelve months and thirty days of grace after the last purchase.
        ("existing", "lapsed", dt.date(2026, 11, 9)),
    ]
    change = client.lifecycle_changes.get(after="loyal")
    assert change.explanation == (
        "Bought on 4 days of the months that count, the last time on 10 Oct 2025."
    )


def test_lines_of_one_order_make_nobody_loyal():
    client = ClientFactory()
    buys(client, *[dt.date(2026, 1, 5)] * 5)

    derive_lifecycle(as_of=dt.date(2026, 1, 6))

    assert stage_of(client) == "existing"
    assert client.lifecycle_changes.get().recent_purchases == 1


def test_lines_of_one_order_count_once_in_an_import_as_well():
    day = dt.date(1998, 6, 1)
    batch = stage([("A", "Larkfield", day, "1") for _ in range(5)])

    apply_staged(batch=batch, actor=UserFactory(manager=True), as_of=day)

    client = Client.objects.get()
    assert (client.stage, client.purchase_count) == ("existing", 5)
    assert client.lifecycle_changes.get().recent_purchases == 1


@pytest.mark.parametrize(
    ("as_of", "months", "start"),
    [
        (dt.date(2024, 2, 29), 12, dt.date(2023, 2, 28)),
        (dt.date(2025, 2, 28), 12, dt.date(2024, 2, 28)),
        (dt.date(2024, 3, 31), 1, dt.date(2024, 2, 29)),
        (dt.date(2025, 3, 31), 1, dt.date(2025, 2, 28)),
    ],
)
def test_window_begins_on_the_day_after_the_same_day_months_ago(as_of, months, start):
    LifecyclePolicy.objects.create(
        pk=1, window_months=months, loyal_purchases=1, stay_loyal_purchases=1, grace_days=0
    )
    inside, outside = ClientFactory(), ClientFactory()
    buys(inside, start + ONE)
    buys(outside, start)

    derive_lifecycle(as_of=as_of)

    assert months_before(as_of, months) == start
    assert (stage_of(inside), stage_of(outside)) == ("loyal", "lapsed")


@pytest.mark.parametrize(
    ("last", "lapses"),
    [
        # Twelve months and no grace: 29 February has no anniversary, the end of February is it.
        (dt.date(2024, 2, 29), dt.date(2025, 3, 1)),
        (dt.date(2023, 2, 28), dt.date(2024, 2, 28)),
        (dt.date(2024, 12, 31), dt.date(2025, 12, 31)),
    ],
)
def test_day_of_lapsing_around_leap_days_and_ends_of_years(last, lapses):
    LifecyclePolicy.objects.create(pk=1, grace_days=0)
    client = ClientFactory()
    buys(client, last)

    derive_lifecycle(as_of=lapses - ONE)
    before = stage_of(client)
    derive_lifecycle(as_of=lapses)

    assert (before, stage_of(client)) == ("existing", "lapsed")


# Set by hand -------------------------------------------------------------------------------------


def test_stage_set_by_hand_stays_through_its_last_day_and_is_derived_on_the_next():
    client, actor, today = ClientFactory(), UserFactory(), today_here()
    buys(client, today - 3 * ONE)
    fix_stage(client=client, stage="loyal", reason="Signed", until=today + 2 * ONE, actor=actor)

    for days in (0, 1, 2):
        derive_lifecycle(as_of=today + days * ONE)
        assert stage_of(client) == "loyal"
    derive_lifecycle(as_of=today + 3 * ONE)

    client.refresh_from_db()
    assert (client.stage, client.stage_fixed_until, client.stage_reason) == ("existing", None, "")
    by_hand, derived = client.lifecycle_changes.order_by("pk")
    assert (by_hand.reason, by_hand.actor, by_hand.after) == ("Signed", actor, "loyal")
    assert (derived.reason, derived.actor, derived.after) == ("", None, "existing")


def test_expired_stage_that_is_right_by_now_loses_its_reason_without_a_move():
    today = today_here()
    client = ClientFactory(stage="existing", stage_fixed_until=today - ONE, stage_reason="Signed")
    buys(client, today - 3 * ONE)

    assert derive_lifecycle(as_of=today) == 0

    client.refresh_from_db()
    assert (client.stage_fixed_until, client.stage_reason) == (None, "")
    assert not client.lifecycle_changes.exists()


def test_stage_that_comes_back_by_undo_is_derived_by_the_next_run_of_the_day():
    client, actor, today = ClientFactory(), UserFactory(), today_here()
    derive_lifecycle(as_of=today)
    event = fix_stage(client=client, stage="loyal", reason="Signed", until=today, actor=actor)
    buys(client, today)
    undo_fix_stage(client=client, event=event, actor=actor)

    derive_lifecycle(as_of=today)

    assert stage_of(client) == "existing"


# As of -------------------------------------------------------------------------------------------


def test_night_writes_only_who_moves_and_the_day_of_all_others_once():
    still, mover, today = ClientFactory(), ClientFactory(), today_here()
    buys(mover, today)

    derive_lifecycle(as_of=today)

    still.refresh_from_db()
    mover.refresh_from_db()
    assert (still.stage_as_of, mover.stage_as_of, derived_on()) == (None, today, today)
    assert stage_day(still, derived_on()) == today


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 9),
        ({"stage_as_of": 3}, 9),
        ({"stage_as_of": 12}, 12),
        ({"stage_as_of": 3, "stage_follows_today": False}, 3),
        ({"stage_as_of": 3, "stage_fixed_until": 20, "stage_reason": "Signed"}, 3),
        ({"stage_follows_today": False}, None),
    ],
)
def test_day_of_a_stage_is_the_same_in_python_and_in_sql(fields, expected):
    first = dt.date(2026, 1, 1)
    LifecyclePolicy.objects.create(pk=1, derived_on=first + 9 * ONE)
    days = {
        n: first + v * ONE for n, v in fields.items() if n in ("stage_as_of", "stage_fixed_until")
    }
    client = ClientFactory(**fields | days)
    wanted = None if expected is None else first + expected * ONE

    assert stage_day(client, derived_on()) == wanted
    assert Client.objects.annotate(day=stage_day_sql()).get().day == wanted


def test_day_of_a_stage_is_unknown_before_the_first_run():
    client = ClientFactory()

    assert derived_on() is None
    assert stage_day(client, None) is None
    assert Client.objects.annotate(day=stage_day_sql()).get().day is None


def test_group_shows_the_day_of_the_last_run():
    row = MembershipFactory(client=ClientFactory(stage_as_of=dt.date(2026, 1, 1)))
    LifecyclePolicy.objects.create(pk=1, derived_on=dt.date(2026, 2, 1))

    found = stages_of(row.client_group)

    assert (found.first, found.last) == (dt.date(2026, 2, 1), dt.date(2026, 2, 1))


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Pago_Pago", "Asia/Shanghai"])
def test_day_of_stages_does_not_depend_on_who_reads(zone):
    at_home = today_here()

    with timezone.override(zone):
        assert today_here() == at_home


def test_stage_may_be_set_until_the_day_of_the_installation_wherever_one_is():
    client, actor = ClientFactory(), UserFactory()

    with timezone.override("Pacific/Kiritimati"):
        event = fix_stage(
            client=client, stage="loyal", reason="Signed", until=today_here(), actor=actor
        )

    assert event.changes["stage_as_of"][1] == today_here().isoformat()
