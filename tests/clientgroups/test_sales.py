import datetime as dt
from decimal import Decimal

import pytest

from clientgroups.models import Client
from clientgroups.selectors.rates import LeftOut
from clientgroups.selectors.sales import Growth, Sales, grown, growth_of, growths_in, sales_of
from clientgroups.selectors.value_periods import (
    Period,
    first_day,
    last_day,
    periods,
    previous,
    year_before,
)
from clientgroups.selectors.value_rows import purchases_behind, with_worth
from clientgroups.selectors.value_scope import Scope
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    MembershipFactory,
    PurchaseFactory,
)
from tests.factories.value import ExchangeRateFactory

# Periods -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("month", dt.date(2024, 2, 29), dt.date(2024, 2, 1), dt.date(2024, 2, 29)),
        ("month", dt.date(2025, 2, 28), dt.date(2025, 2, 1), dt.date(2025, 2, 28)),
        ("month", dt.date(2026, 12, 31), dt.date(2026, 12, 1), dt.date(2026, 12, 31)),
        ("quarter", dt.date(2026, 11, 23), dt.date(2026, 10, 1), dt.date(2026, 12, 31)),
        ("quarter", dt.date(2024, 2, 29), dt.date(2024, 1, 1), dt.date(2024, 3, 31)),
        ("year", dt.date(2024, 2, 29), dt.date(2024, 1, 1), dt.date(2024, 12, 31)),
    ],
)
def test_period_has_its_first_and_last_day(kind, day, first, last):
    assert first_day(kind, day) == first
    assert last_day(kind, first) == last


def test_periods_end_with_the_one_of_today_which_is_partial():
    found = periods("month", dt.date(2026, 3, 5), 3)

    assert [(p.start, p.end, p.partial) for p in found] == [
        (dt.date(2026, 1, 1), dt.date(2026, 1, 31), False),
        (dt.date(2026, 2, 1), dt.date(2026, 2, 28), False),
        (dt.date(2026, 3, 1), dt.date(2026, 3, 5), True),
    ]
    assert found[0].before == dt.date(2025, 12, 31)
    assert periods("month", dt.date(2026, 2, 28), 1)[0].partial is False


def test_periods_have_names():
    day = dt.date(2026, 11, 23)

    assert [periods(kind, day, 1)[0].label for kind in ("month", "quarter", "year")] == [
        "Nov 2026",
        "Q4 2026",
        "2026",
    ]


@pytest.mark.parametrize(
    ("kind", "today", "before", "year_ago"),
    [
        # Over: whole periods, however many days they have.
        ("month", (2024, 2, 29), ((2024, 1, 1), (2024, 1, 31)), ((2023, 2, 1), (2023, 2, 28))),
        ("month", (2025, 2, 28), ((2025, 1, 1), (2025, 1, 31)), ((2024, 2, 1), (2024, 2, 29))),
        # Not over: as many days of the one before, the same dates a year earlier.
        ("month", (2026, 3, 30), ((2026, 2, 1), (2026, 2, 28)), ((2025, 3, 1), (2025, 3, 30))),
        ("month", (2026, 3, 5), ((2026, 2, 1), (2026, 2, 5)), ((2025, 3, 1), (2025, 3, 5))),
        ("quarter", (2024, 2, 29), ((2023, 10, 1), (2023, 11, 29)), ((2023, 1, 1), (2023, 2, 28))),
        ("year", (2024, 2, 29), ((2023, 1, 1), (2023, 3, 1)), ((2023, 1, 1), (2023, 2, 28))),
    ],
)
def test_periods_are_compared_with_fair_spans(kind, today, before, year_ago):
    (period,) = periods(kind, dt.date(*today), 1)

    def span(found):
        return found.start, found.end

    assert span(previous(period)) == tuple(dt.date(*day) for day in before)
    assert span(year_before(period)) == tuple(dt.date(*day) for day in year_ago)


# Sales -------------------------------------------------------------------------------------------


def sales(total):
    return Sales(None, None, None if total is None else Decimal(total), 1)


@pytest.mark.parametrize(
    ("current", "before", "expected"),
    [
        (150, 100, Decimal("0.5")),
        (0, 100, Decimal(-1)),
        (100, 0, None),
        (100, -5, None),
        (100, None, None),
        (None, 100, None),
    ],
)
def test_growth_needs_something_above_zero_before(current, before, expected):
    growth = Growth(sales(current), sales(before), sales(before))

    assert grown(growth.current, growth.before) == growth.pop == growth.yoy == expected


@pytest.mark.django_db
def test_sales_are_added_up_in_the_currency_of_sums_and_name_what_is_left_out():
    ExchangeRateFactory(valid_from=dt.date(2026, 1, 10), rate=7)
    ExchangeRateFactory(valid_from=dt.date(2026, 1, 20), rate=8)
    client = ClientFactory()
    for day, amount, currency in (
        (1, 100, "CNY"),
        (9, 5, "USD"),
        (10, 5, "USD"),
        (25, 1, "USD"),
        (26, -30, "CNY"),
        (27, 1, "GBP"),
        (27, 2, "GBP"),
    ):
        PurchaseFactory(
            client=client, bought_on=dt.date(2026, 1, day), amount=amount, currency=currency
        )
    PurchaseFactory(bought_on=dt.date(2026, 2, 1))
    start, end = dt.date(2026, 1, 1), dt.date(2026, 1, 31)

    found = sales_of(Client.objects.all(), start, end)

    assert (found.total, found.n) == (Decimal("113.00"), 3)
    assert found.missing == [LeftOut("GBP", 2), LeftOut("USD", 1)]
    assert found.left_out == 3
    rows = purchases_behind(Scope(clients=Client.objects.all()), start, end)
    assert sum(row.worth for row in with_worth(rows) if row.worth is not None) == 113
    missing = purchases_behind(Scope(clients=Client.objects.all()), start, end, missing="USD")
    assert [row.bought_on.day for row in missing] == [9]


@pytest.mark.django_db
def test_no_purchase_is_no_data_and_not_zero():
    found = sales_of(Client.objects.all(), dt.date(2026, 1, 1), dt.date(2026, 1, 31))

    assert (found.total, found.n, found.missing) == (None, 0, [])


@pytest.mark.django_db
def test_growth_compares_with_the_period_before_and_with_the_year_before():
    client = ClientFactory()
    for day, amount in (
        (dt.date(2024, 2, 29), 50),
        (dt.date(2025, 1, 31), 80),
        (dt.date(2025, 2, 1), 40),
        (dt.date(2025, 2, 28), 60),
        (dt.date(2025, 3, 1), 999),
    ):
        PurchaseFactory(client=client, bought_on=day, amount=amount)
    (february,) = periods("month", dt.date(2025, 2, 28), 1)

    found = growth_of(Client.objects.filter(pk=client.pk), february)

    assert (found.current.total, found.before.total, found.year_ago.total) == (100, 80, 50)
    assert (found.pop, found.yoy) == (Decimal("0.25"), Decimal(1))


@pytest.mark.django_db
def test_group_counts_purchases_of_members_on_the_day():
    group = ClientGroupFactory()
    row = MembershipFactory(
        client_group=group, valid_from=dt.date(2026, 1, 10), valid_to=dt.date(2026, 1, 20)
    )
    for day in (9, 10, 19, 20):
        PurchaseFactory(client=row.client, bought_on=dt.date(2026, 1, day), amount=day)
    PurchaseFactory(bought_on=dt.date(2026, 1, 15), amount=1000)
    span = Period("month", dt.date(2026, 1, 1), dt.date(2026, 1, 31))

    (found,) = growths_in(Scope(group=group), [span])

    assert found.current.total == 29
    rows = purchases_behind(Scope(group=group), span.start, span.end)
    assert sorted(row.bought_on.day for row in rows) == [10, 19]


@pytest.mark.django_db
def test_scope_of_some_clients_counts_only_theirs():
    purchase = PurchaseFactory(bought_on=dt.date(2026, 1, 15), amount=7)
    PurchaseFactory(bought_on=dt.date(2026, 1, 15), amount=1000)
    some = Client.objects.filter(pk=purchase.client_id, name__contains="%")
    mine = Client.objects.filter(pk=purchase.client_id)
    start, end = dt.date(2026, 1, 1), dt.date(2026, 1, 31)

    assert sales_of(some, start, end).total is None
    assert sales_of(mine, start, end).total == 7
    assert list(purchases_behind(Scope(clients=mine), start, end)) == [purchase]
