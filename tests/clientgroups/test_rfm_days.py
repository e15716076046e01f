import datetime as dt

import pytest

from clientgroups.models import Client, RfmScore, ValuePolicy
from clientgroups.selectors.rfm_days import Picked, scores_of_day
from clientgroups.selectors.value_scope import Scope
from clientgroups.services.rfm import mark_scores_stale, score_clients
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 6, 30)
ONE = dt.timedelta(days=1)


def bought(client, *lines, currency="CNY"):
    """Lines are (days before DAY, amount)."""
    for days, amount in lines:
        PurchaseFactory(client=client, bought_on=DAY - days * ONE, amount=amount, currency=currency)


def everybody():
    return Scope(clients=Client.objects.all())


def test_past_day_is_worked_out_by_the_same_sql_and_kept_nowhere():
    client = ClientFactory()
    bought(client, (100, 10), (0, 10))
    score_clients(as_of=DAY)

    today = scores_of_day(everybody(), DAY, Picked())
    before = scores_of_day(everybody(), DAY - 50 * ONE, Picked())

    assert (today.stored, before.stored) == (True, False)
    assert [line.frequency for line in (*today.lines, *before.lines)] == [2, 1]
    assert RfmScore.objects.get().as_of == DAY


def test_stored_and_worked_out_scores_of_a_day_are_the_same():
    ValuePolicy.objects.create(pk=1, few_clients=0)
    for n in range(12):
        bought(ClientFactory(), *((n * k, 10 * n) for k in range(1, 4)))
    score_clients(as_of=DAY)
    stored = scores_of_day(everybody(), DAY, Picked())
    mark_scores_stale()

    anew = scores_of_day(everybody(), DAY, Picked())

    assert (stored.stored, anew.stored) == (True, False)
    assert stored.lines == anew.lines
    assert stored.named == anew.named
    assert stored.heat == anew.heat


def test_heat_map_and_named_groups_add_up_to_all_clients():
    for n in range(6):
        bought(ClientFactory(), *((n + k, 300) for k in range(1, n + 2)))

    day = scores_of_day(everybody(), DAY, Picked())

    assert day.n == day.found == 6 == sum(cell.n for line in day.heat for cell in line)
    assert sum(line.n for line in day.named) == 6
    assert sum(line.money for line in day.named) == 300 * 21
    assert [[cell.r, cell.f] for cell in day.heat[0]] == [[5, n] for n in range(1, 6)]
    assert max(cell.step for line in day.heat for cell in line) == 5
    assert day.by_bounds


def test_group_shows_members_of_the_day_with_scores_relative_to_all():
    ValuePolicy.objects.create(pk=1, few_clients=0)
    group = ClientGroupFactory()
    rows = [ClientFactory() for _ in range(5)]
    for n, client in enumerate(rows):
        bought(client, (n, 10))
    MembershipFactory(client_group=group, client=rows[0], valid_from=DAY - ONE)
    MembershipFactory(client_group=group, client=rows[1], valid_from=DAY + ONE)
    MembershipFactory(client_group=group, client=rows[2], valid_from=DAY - 9 * ONE, valid_to=DAY)

    day = scores_of_day(Scope(group=group), DAY, Picked())

    assert [(line.client, line.r) for line in day.lines] == [(rows[0].pk, 5)]
    assert (day.scored, day.n) == (5, 1)


def test_list_is_narrowed_by_scores_and_group_and_paged():
    for n in range(7):
        bought(ClientFactory(), (n, 100 + n))

    r5 = scores_of_day(everybody(), DAY, Picked(r=5, f=1, m=1), offset=2, limit=2)
    none = scores_of_day(everybody(), DAY, Picked(segment="champions"))

    assert (r5.found, [line.monetary for line in r5.lines]) == (7, [104, 103])
    assert r5.lines[0].code == 511
    assert (none.found, none.lines, none.n) == (0, [], 7)
    assert r5.named[2].segment == "new"
    assert (r5.named[2].n, r5.named[2].share, r5.named[2].money_share) == (7, 1, 1)


def test_purchases_without_a_rate_are_named_for_the_window():
    bought(ClientFactory(), (1, 10), currency="GBP")
    bought(ClientFactory(), (3000, 10), currency="JPY")

    day = scores_of_day(everybody(), DAY, Picked())

    assert [(row.currency, row.n) for row in day.missing] == [("GBP", 1)]
    assert day.named[0].money_share is None


def test_days_that_pass_are_counted_without_writing_every_row():
    still, buyer = ClientFactory(), ClientFactory()
    bought(still, (3, 10))
    bought(buyer, (3, 10))
    score_clients(as_of=DAY)
    PurchaseFactory(client=buyer, bought_on=DAY + ONE, amount=5)

    done = score_clients(as_of=DAY + 2 * ONE)

    day = scores_of_day(everybody(), DAY + 2 * ONE, Picked())
    assert (done.changed, day.stored) == (1, True)
    assert [(line.client, line.recency) for line in day.lines] == [(buyer.pk, 1), (still.pk, 5)]
    assert [row.as_of for row in RfmScore.objects.order_by("client")] == [DAY, DAY + 2 * ONE]
    mark_scores_stale()
    assert scores_of_day(everybody(), DAY + 2 * ONE, Picked()).lines == day.lines
