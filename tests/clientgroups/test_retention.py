import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clientgroups.models import Client, LifecycleChange, ValuePolicy
from clientgroups.selectors.dates import months_before
from clientgroups.selectors.retention import Share, cohorts_of, retention_in, retention_of
from clientgroups.selectors.sales import growths_in
from clientgroups.selectors.value import repeat_summary
from clientgroups.selectors.value_flow import flow_of, moves_in
from clientgroups.selectors.value_periods import periods
from clientgroups.selectors.value_rows import Asked, clients_behind, later_period
from clientgroups.selectors.value_scope import Scope
from core import stats
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    LifecycleChangeFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 6, 15)
ONE = dt.timedelta(days=1)
QUARTERS = [(p.start, p.end) for p in periods("quarter", TODAY, 3)]


def buys(client, *days, amount=10):
    for day in days:
        PurchaseFactory(client=client, bought_on=day, amount=amount)


def everybody():
    return Scope(clients=Client.objects.all())


# Shares ------------------------------------------------------------------------------------------


def test_share_carries_its_wilson_interval():
    share = Share(10, 8)

    assert share.rate == 0.8
    assert (round(share.low, 4), round(share.high, 4)) == (0.4902, 0.9433)
    assert round(share.half, 1) == 22.7
    assert share.state == stats.FEW


@pytest.mark.parametrize(
    ("n", "k", "state"),
    [(0, 0, stats.NONE), (4, 4, stats.HIDDEN), (9, 9, stats.FEW), (200, 170, stats.OK)],
)
def test_share_says_what_may_be_shown(n, k, state):
    assert Share(n, k).state == state


def test_share_of_nobody_is_no_data():
    share = Share(0, 0)

    assert (share.rate, share.low, share.high, share.half) == (None, None, None, None)


# Retention ---------------------------------------------------------------------------------------


def test_retention_is_end_less_new_by_start():
    kept, lost, new, never = (ClientFactory() for _ in range(4))
    buys(kept, dt.date(2025, 5, 1), dt.date(2026, 2, 1))
    buys(lost, dt.date(2025, 2, 1))
    buys(new, dt.date(2026, 3, 31))
    buys(never, dt.date(2024, 1, 1))

    found = retention_of(Client.objects.all(), dt.date(2026, 1, 1), dt.date(2026, 3, 31))

    assert (found.start_n, found.retained, found.lost, found.new_n) == (2, 1, 1, 1)
    assert found.end_n == 2
    assert found.rate == (found.end_n - found.new_n) / found.start_n == 0.5
    assert found.churn == 0.5
    assert (found.low, found.high) == stats.wilson(1, 2)
    assert found.state == stats.HIDDEN
    assert found.window_months == 12


def test_nobody_at_the_start_is_no_data_and_not_zero():
    buys(ClientFactory(), dt.date(2026, 2, 1))

    found = retention_of(Client.objects.all(), dt.date(2026, 1, 1), dt.date(2026, 3, 31))

    assert (found.rate, found.churn, found.new_n) == (None, None, 1)


@pytest.mark.parametrize("scope", ["everybody", "some", "group"])
def test_no_client_at_all_gives_a_row_per_span(scope):
    scopes = {
        "everybody": everybody(),
        "some": Scope(clients=Client.objects.filter(name="x")),
        "group": Scope(group=ClientGroupFactory()),
    }

    found = retention_in(scopes[scope], QUARTERS)

    assert [(row.start_n, row.new_n, row.buyers, row.rate) for row in found] == [
        (0, 0, 0, None)
    ] * 3


def test_repeat_rate_counts_days_and_not_lines():
    once, twice = ClientFactory(), ClientFactory()
    buys(once, dt.date(2026, 1, 5), dt.date(2026, 1, 5))
    buys(twice, dt.date(2026, 1, 5), dt.date(2026, 1, 6))
    buys(twice, dt.date(2026, 1, 7), amount=-3)

    found = retention_of(Client.objects.all(), dt.date(2026, 1, 1), dt.date(2026, 1, 31))

    assert (found.buyers, found.repeaters, found.repeat_rate) == (2, 1, 0.5)
    assert found.repeat.n == 2


def test_members_count_by_their_membership_on_the_day():
    group = ClientGroupFactory()
    stayed, left, joined, outside = (ClientFactory() for _ in range(4))
    for client in (stayed, left, joined, outside):
        buys(client, dt.date(2025, 12, 1), dt.date(2026, 2, 1))
    MembershipFactory(client_group=group, client=stayed, valid_from=dt.date(2025, 1, 1))
    MembershipFactory(
        client_group=group,
        client=left,
        valid_from=dt.date(2025, 1, 1),
        valid_to=dt.date(2026, 1, 10),
    )
    MembershipFactory(client_group=group, client=joined, valid_from=dt.date(2026, 2, 1))

    (found,) = retention_in(Scope(group=group), [(dt.date(2026, 1, 1), dt.date(2026, 3, 31))])

    # Who left the group still buys, so nobody was lost; who joined counts as new.
    assert (found.start_n, found.retained, found.new_n) == (2, 2, 1)
    # Bought in February: a member on that day.
    assert found.buyers == 2


def test_moving_a_client_later_changes_no_past_figure():
    group = ClientGroupFactory()
    row = MembershipFactory(client_group=group, valid_from=dt.date(2025, 1, 1))
    buys(row.client, dt.date(2025, 12, 1), dt.date(2026, 1, 5))
    span = [(dt.date(2026, 1, 1), dt.date(2026, 1, 31))]
    before = retention_in(Scope(group=group), span)

    row.valid_to = dt.date(2026, 2, 1)
    row.save()

    assert retention_in(Scope(group=group), span) == before


history = st.lists(st.integers(0, 900), max_size=6)
membership = st.none() | st.tuples(st.integers(0, 700), st.none() | st.integers(1, 300))


def reference(people, spans, months):
    """Counts per span in plain Python: (start, retained, new, buyers, repeaters)."""

    def active(days, day):
        return any(months_before(day, months) < bought <= day for bought in days)

    def member(row, day):
        return row and row[0] <= day and (row[1] is None or day < row[1])

    found = []
    for start, end in spans:
        s = r = n = b = again = 0
        for days, row in people:
            was = active(days, start - ONE) and member(row, start - ONE)
            still = active(days, end)
            s += bool(was)
            r += bool(was and still)
            n += bool(still and member(row, end) and not was)
            counted = {day for day in days if start <= day <= end and member(row, day)}
            b += bool(counted)
            again += len(counted) > 1
        found.append((s, r, n, b, again))
    return found


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    people=st.lists(st.tuples(history, membership), max_size=8),
    kind=st.sampled_from(["month", "quarter"]),
    months=st.integers(1, 14),
)
def test_retention_equals_the_reference(people, kind, months):
    first = dt.date(2024, 1, 1)
    with transaction.atomic():
        ValuePolicy.objects.create(pk=1, active_months=months)
        group, owner, known = ClientGroupFactory(), UserFactory(), []
        for days, row in people:
            client = ClientFactory(owner=owner)
            buys(client, *(first + n * ONE for n in days))
            if row:
                begins = first + row[0] * ONE
                ends = None if row[1] is None else begins + row[1] * ONE
                MembershipFactory(
                    client_group=group, client=client, valid_from=begins, valid_to=ends
                )
                row = (begins, ends)
            known.append(({first + n * ONE for n in days}, row))
        spans = [(p.start, p.end) for p in periods(kind, dt.date(2026, 5, 20), 5)]

        found = retention_in(Scope(group=group), spans)

        counts = [(x.start_n, x.retained, x.new_n, x.buyers, x.repeaters) for x in found]
        assert counts == reference(known, spans, months)
        for row, (start, end) in zip(found, spans, strict=True):
            for what, n in (
                ("start", row.start_n),
                ("retained", row.retained),
                ("lost", row.lost),
                ("new", row.new_n),
                ("buyers", row.buyers),
                ("repeat", row.repeaters),
            ):
                rows = clients_behind(Scope(group=group), Asked(what, start, end))
                assert rows.count() == n
        transaction.set_rollback(True)


def test_rows_behind_a_figure_of_everybody():
    kept, lost = ClientFactory(), ClientFactory()
    buys(kept, dt.date(2025, 12, 1), dt.date(2026, 1, 5), dt.date(2026, 1, 6))
    buys(lost, dt.date(2025, 1, 5))
    span = (dt.date(2026, 1, 1), dt.date(2026, 1, 31))

    def names(what):
        return set(clients_behind(everybody(), Asked(what, *span)))

    assert names("start") == {kept, lost}
    assert (names("retained"), names("lost"), names("new")) == ({kept}, {lost}, set())
    assert names("repeat") == names("buyers") == {kept}


# Cohorts -----------------------------------------------------------------------------------------


def with_first(client, *days):
    buys(client, *days)
    Client.objects.filter(pk=client.pk).update(first_purchase_on=min(days))
    return client


def test_cohorts_show_the_share_that_bought_again():
    q4 = [with_first(ClientFactory(), dt.date(2025, 10, 1)) for _ in range(2)]
    buys(q4[0], dt.date(2026, 2, 1), dt.date(2026, 2, 2), dt.date(2026, 6, 1))
    with_first(ClientFactory(), dt.date(2026, 4, 1))
    with_first(ClientFactory(), dt.date(2020, 4, 1))

    old, new = cohorts_of(everybody(), "quarter", TODAY, 4)

    assert (old.period.start, old.size) == (dt.date(2025, 10, 1), 2)
    assert [(cell.offset, cell.n, cell.share) for cell in old.cells] == [
        (0, 2, 1.0),
        (1, 1, 0.5),
        (2, 1, 0.5),
    ]
    assert [cell.partial for cell in old.cells] == [False, False, True]
    assert [cell.step for cell in old.cells] == [5, 3, 3]
    assert (new.size, len(new.cells), new.period.partial) == (1, 1, True)
    later = later_period("quarter", old.period.start, 1, TODAY)
    assert later == (dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    asked = Asked("cohort", old.period.start, old.period.end, later, TODAY)
    assert list(clients_behind(everybody(), asked)) == [q4[0]]


def test_cohort_that_never_came_back_is_nought_and_not_missing():
    with_first(ClientFactory(), dt.date(2026, 1, 1))

    (cohort,) = cohorts_of(everybody(), "month", TODAY, 12)

    assert [cell.n for cell in cohort.cells] == [1, 0, 0, 0, 0, 0]
    assert [cell.step for cell in cohort.cells] == [5, 0, 0, 0, 0, 0]


def test_cohorts_of_a_group_are_its_members_of_the_day():
    group = ClientGroupFactory()
    inside = with_first(ClientFactory(), dt.date(2026, 1, 1))
    left = with_first(ClientFactory(), dt.date(2026, 1, 1))
    with_first(ClientFactory(), dt.date(2026, 1, 1))
    MembershipFactory(client_group=group, client=inside, valid_from=TODAY)
    MembershipFactory(
        client_group=group, client=left, valid_from=dt.date(2025, 1, 1), valid_to=TODAY
    )

    (cohort,) = cohorts_of(Scope(group=group), "year", TODAY, 3)

    assert cohort.size == 1
    asked = Asked("cohort", dt.date(2026, 1, 1), dt.date(2026, 12, 31), None, TODAY)
    assert list(clients_behind(Scope(group=group), asked)) == [inside]


# Stage flow --------------------------------------------------------------------------------------


def move(client, before, after, day):
    return LifecycleChangeFactory(client=client, before=before, after=after, as_of=day)


def test_flow_counts_moves_by_period_and_their_net():
    client, other = ClientFactory(), ClientFactory()
    move(client, "potential", "existing", dt.date(2026, 1, 1))
    move(other, "potential", "existing", dt.date(2026, 3, 31))
    move(client, "existing", "loyal", dt.date(2026, 4, 1))
    move(client, "loyal", "lapsed", dt.date(2020, 4, 1))

    flow = flow_of(everybody(), periods("quarter", TODAY, 2))

    ways = [(way.before, way.after, way.numbers, way.total, way.rises) for way in flow.ways]
    assert ways == [
        ("existing", "loyal", [0, 1], 1, True),
        ("potential", "existing", [2, 0], 2, True),
    ]
    assert dict(flow.nets) == {
        "potential": [-2, 0],
        "existing": [2, -1],
        "loyal": [0, 1],
        "lapsed": [0, 0],
    }


@pytest.mark.parametrize("kind", ["group", "some", "everybody"])
def test_what_stayed_behind_with_a_merged_client_counts_nowhere(kind):
    kept = ClientFactory(first_purchase_on=dt.date(2026, 2, 2))
    gone = ClientFactory(
        merged_into=kept, archived_at=timezone.now(), first_purchase_on=dt.date(2026, 2, 2)
    )
    group = ClientGroupFactory()
    for client in (kept, gone):
        MembershipFactory(client_group=group, client=client, valid_from=dt.date(2025, 1, 1))
        buys(client, dt.date(2026, 2, 2), dt.date(2026, 2, 3))
        move(client, "potential", "existing", dt.date(2026, 2, 2))
    scope = {
        "group": Scope(group=group),
        "some": Scope(clients=Client.objects.filter(pk__in=[kept.pk, gone.pk])),
        "everybody": everybody(),
    }[kind]
    quarters = periods("quarter", TODAY, 3)
    first = quarters[1]

    found = retention_in(scope, QUARTERS)[1]
    sold = growths_in(scope, [first])[0].current

    assert (found.new_n, found.buyers, found.repeaters) == (1, 1, 1)
    assert (sold.n, sold.total) == (2, 20)
    assert sum(way.total for way in flow_of(scope, quarters).ways) == 1
    assert [move.client for move in moves_in(scope)] == [kept]
    assert sum(cohort.size for cohort in cohorts_of(scope, "quarter", TODAY, 3)) == 1
    assert {row.client for row in scope.purchases()} == {kept}
    for what in ("buyers", "repeat", "new", "cohort"):
        asked = Asked(what, first.start, first.end)
        assert list(clients_behind(scope, asked)) == [kept]
    assert [row.client for row in repeat_summary(TODAY)] == [kept.pk]


@pytest.mark.parametrize("kind", ["group", "some", "everybody"])
def test_moves_behind_the_flow_are_those_of_members_on_the_day(kind):
    group = ClientGroupFactory()
    row = MembershipFactory(client_group=group, valid_from=dt.date(2026, 2, 1))
    inside = move(row.client, "existing", "loyal", dt.date(2026, 2, 1))
    before = move(row.client, "potential", "existing", dt.date(2026, 1, 31))
    scope = {
        "group": Scope(group=group),
        "some": Scope(clients=Client.objects.filter(pk=row.client_id)),
        "everybody": everybody(),
    }[kind]

    flow = flow_of(scope, periods("quarter", TODAY, 2))

    expected = [inside] if kind == "group" else [inside, before]
    assert list(moves_in(scope).order_by("-as_of")) == expected
    assert sum(way.total for way in flow.ways) == len(expected)
    assert LifecycleChange.objects.count() == 2
