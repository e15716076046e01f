"""Retention and sales of several groups, read together, are those of each group by itself."""

import datetime as dt
import random

import pytest

from clientgroups.models import ExchangeRate
from clientgroups.selectors.retention import retention_in
from clientgroups.selectors.sales import growths_in
from clientgroups.selectors.value_periods import periods
from clientgroups.selectors.value_scope import Scope
from reports.selectors.compare_value import value_figures
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)


def alone(group):
    months = [period for period in periods("month", TODAY, 13) if not period.partial][-12:]
    quarter = periods("quarter", TODAY, 2)[0]
    scope = Scope(group=group)
    return (
        retention_in(scope, [(months[0].start, months[-1].end)])[0],
        growths_in(scope, [quarter])[0],
    )


def stays(chance, group, client):
    """One or two memberships that do not overlap, some of them begun or over long ago."""
    day = TODAY - chance.randrange(200, 1500) * DAY
    for _ in range(chance.randrange(1, 3)):
        end = None if chance.random() < 0.4 else day + chance.randrange(0, 500) * DAY
        MembershipFactory(client_group=group, client=client, valid_from=day, valid_to=end)
        if end is None:
            return
        day = end + chance.randrange(0, 200) * DAY


@pytest.mark.parametrize("seed", range(4))
def test_figures_of_several_groups_are_those_of_each(seed):
    chance = random.Random(seed)  # noqa: S311 - the same figures each time
    ExchangeRate.objects.create(currency="EUR", base="CNY", valid_from="2020-01-01", rate=8)
    groups = [ClientGroupFactory() for _ in range(3)]
    for _ in range(14):
        client = ClientFactory()
        for group in chance.sample(groups, chance.randrange(1, 4)):
            stays(chance, group, client)
        for _ in range(chance.randrange(3, 12)):
            PurchaseFactory(
                client=client,
                amount=chance.choice([10, 25, -5]),
                currency=chance.choice(["CNY", "EUR", "JPY"]),
                bought_on=TODAY - chance.randrange(0, 700) * DAY,
            )
    kept = ClientFactory()
    type(kept).objects.filter(pk=client.pk).update(merged_into=kept, archived_at="2026-01-01T00Z")

    found = value_figures(groups, TODAY)

    assert [(one.retention, one.growth) for one in found] == [alone(group) for group in groups]
    assert any(one.retention.start_n for one in found)
    spans = [span for one in found for span in vars(one.growth).values()]
    assert any(span.n for span in spans)
    assert any(span.missing for span in spans)


@pytest.mark.parametrize("gone", [None, 0, 1])
def test_the_first_and_the_last_day_of_a_membership_decide(gone):
    """In the group from the day before the year to its last day, or not quite to it."""
    end = dt.date(2026, 10, 31)
    group = ClientGroupFactory()
    until = None if gone is None else end + gone * DAY
    member = MembershipFactory(client_group=group, valid_from=dt.date(2025, 10, 31), valid_to=until)
    for day in (dt.date(2025, 10, 31), dt.date(2025, 11, 1), end):
        PurchaseFactory(client=member.client, bought_on=day, amount=10)

    (found,) = value_figures([group], TODAY)

    assert (found.retention, found.growth) == alone(group)
    assert (found.retention.start_n, found.retention.retained) == (1, 1)
    assert found.retention.repeaters == (0 if gone == 0 else 1)


def test_groups_are_read_in_as_many_statements_as_one(django_assert_num_queries):
    groups = [ClientGroupFactory() for _ in range(3)]
    for number in (1, 3):
        with django_assert_num_queries(4):
            value_figures(groups[:number], TODAY)
