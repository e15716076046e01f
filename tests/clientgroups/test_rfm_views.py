import datetime as dt
import re
from html import unescape

import pytest
from django.urls import reverse

from clientgroups.models import Client
from clientgroups.selectors.value import spending_in_base
from clientgroups.services.rfm import score_clients
from tests.clientgroups.value_pages import TODAY, body, harbour_shops, stop_the_clock, table_of
from tests.conftest import grant
from tests.factories.clientgroups import ClientFactory, ClientGroupFactory, PurchaseFactory
from tests.factories.value import ExchangeRateFactory, RfmScoreFactory

pytestmark = pytest.mark.django_db
ONE = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    stop_the_clock(monkeypatch)


@pytest.fixture
def group():
    return harbour_shops()


# RFM ---------------------------------------------------------------------------------------------


def test_rfm_page_shows_map_groups_clients_and_method(client, sign_in, group):
    sign_in("viewer", group)

    page = body(client, "rfm")

    assert "12 clients with a score" in page
    assert "Champions" in page
    assert "worked out for this page" in page
    assert "fixed bounds give the scores" in page
    assert "1 purchase in GBP" in page
    assert "Clients as CSV" not in page


def test_rfm_page_reads_the_scores_of_the_night(client, sign_in, group):
    score_clients(as_of=TODAY)
    sign_in("viewer", group)

    assert "worked out for this page" not in body(client, "rfm")


def test_rfm_of_fifty_clients_explains_fifths(client, sign_in):
    user = sign_in("outsider")
    for n in range(50):
        PurchaseFactory(client=ClientFactory(owner=user), bought_on=TODAY - n * ONE)

    page = body(client, "rfm")
    second = body(client, "rfm", query="?page=2")
    beyond = body(client, "rfm", query="?page=99")

    assert "whole fifths of all 50 scored clients" in page
    assert "1–50 of 50" in page
    assert "1–50 of 50" in second
    assert "1–50 of 50" in beyond


def test_rfm_cell_lists_its_clients(client, sign_in, group):
    sign_in("viewer", group)
    page = body(client, "rfm")
    (cell,) = set(re.findall(r'href="(\?[^"]*)#rfm-clients"', page.split("h-segments")[0])[:1])

    listed = body(client, "rfm", query=unescape(cell))

    assert 'aria-current="true"' in listed.split("h-segments")[0]


@pytest.mark.parametrize(
    "query", ["?as_of=2027-01-01", "?as_of=x", "?group=99", "?segment=rich", "?r=9", "?page=x"]
)
def test_rfm_page_says_what_it_cannot_read(client, sign_in, group, query):
    sign_in("viewer", group)

    page = body(client, "rfm", query=query)

    assert ('role="alert"' in page) is (query != "?page=x")


def test_rfm_page_of_a_group_and_of_nobody(client, sign_in, group):
    user = sign_in("viewer", group)
    empty = ClientGroupFactory()
    grant(user, "viewer", empty)

    assert "12 clients with a score" in body(client, "rfm", query=f"?group={group.pk}")
    assert "No client has a score for this day" in body(client, "rfm", query=f"?group={empty.pk}")


def test_rfm_list_without_a_client_of_these_scores(client, sign_in, group):
    sign_in("viewer", group)

    assert "No client has these scores." in body(client, "rfm", query="?r=1&f=5&m=5")


def test_rfm_files_hold_groups_map_and_clients(client, sign_in, group):
    grant(sign_in("manager"), "viewer", group)

    groups = table_of(client.get(reverse("clientgroups:rfm_export")))
    heat = table_of(client.get(reverse("clientgroups:rfm_export") + "?table=heat"))
    clients = table_of(client.get(reverse("clientgroups:rfm_clients_export") + "?segment=new"))

    assert (len(groups), len(heat), len(heat[0])) == (8, 6, 6)
    assert sum(int(row[1]) for row in groups[1:]) == 12
    assert sum(int(n) for row in heat[1:] for n in row[1:]) == 12
    assert {row[5] for row in clients[1:]} <= {"New buyers"}
    assert "Clients as CSV" in body(client, "rfm")


# The client --------------------------------------------------------------------------------------


def test_spending_of_a_client_is_in_the_currency_of_sums(django_assert_num_queries):
    client = ClientFactory()
    ExchangeRateFactory(valid_from=dt.date(2026, 1, 1))
    ExchangeRateFactory(valid_from=dt.date(2026, 3, 1), rate=8)
    RfmScoreFactory(client=client)
    for day, amount, currency in (
        (dt.date(2026, 1, 1), 100, "CNY"),
        (dt.date(2026, 1, 1), 10, "USD"),
        (dt.date(2026, 1, 11), 10, "USD"),
        (dt.date(2026, 1, 12), -20, "CNY"),
        (dt.date(2026, 2, 10), 1, "GBP"),
    ):
        PurchaseFactory(client=client, bought_on=day, amount=amount, currency=currency)

    with django_assert_num_queries(2):
        found = spending_in_base(client, TODAY)

    assert (found.currency, found.total, found.purchases) == ("CNY", 220, 3)
    assert round(found.average, 2) == round(found.total / 3, 2)
    assert (found.days, found.gap, found.longest, found.since) == (3, 20, 30, 125)
    assert [(row.currency, row.n) for row in found.missing] == [("GBP", 1)]
    assert (found.left_out, found.rate_on) == (1, dt.date(2026, 3, 1))
    assert found.overdue
    assert found.rfm.code == 544


def test_client_without_purchases_has_no_figures():
    found = spending_in_base(ClientFactory(), TODAY)

    assert (found.total, found.average, found.gap, found.since) == (None, None, None, None)
    assert not found.overdue
    assert found.rfm is None


def test_client_page_shows_value_and_score(client, sign_in, group):
    sign_in("viewer", group)
    score_clients(as_of=TODAY)
    shop = Client.objects.get(name="Shop 11")

    page = client.get(reverse("clientgroups:client_detail", args=[shop.pk])).content.decode()

    assert "1 purchase in GBP" in page
    assert "as of 15 Jun" in page
    assert "value-code" in page
