import datetime as dt
import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.selectors.retention import Share
from clientgroups.selectors.sales import Growth, Sales
from clientgroups.selectors.value import group_panel
from clientgroups.selectors.value_periods import periods
from clientgroups.views.value_charts import retention_chart, sales_chart
from clientgroups.views.value_tables import growth_cell, share_cell
from tests.clientgroups.value_pages import TODAY, body, harbour_shops, stop_the_clock, table_of
from tests.conftest import grant
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
ONE = dt.timedelta(days=1)
HOSTILE = "<script>alert(1)</script>"
LINK = re.compile(r'href="([^"]*/value/(?:clients|purchases|moves)/[^"]*)"')


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    stop_the_clock(monkeypatch)


@pytest.fixture
def group():
    return harbour_shops()


# The page of a group -----------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["", "month", "quarter", "year"])
def test_every_number_of_the_page_leads_to_its_rows(client, sign_in, group, by):
    sign_in("viewer", group)
    page = body(client, "group_value", group.pk, query=f"?by={by}")

    links = {unescape(link) for link in LINK.findall(page)}

    assert len(links) >= 15
    for link in links:
        response = client.get(link)
        assert (link, response.status_code) == (link, 200)
        assert response.context["page"].paginator.count > 0


def test_page_says_as_of_and_names_partial_periods_and_what_is_left_out(client, sign_in, group):
    sign_in("viewer", group)

    page = body(client, "group_value", group.pk)

    assert "as of 15 Jun" in page
    assert "so far" in page
    assert "1 purchase in GBP" in page
    assert "missing=GBP" in page
    assert reverse("clientgroups:rate_list") not in page


def test_manager_is_led_to_the_rates(client, sign_in, group):
    grant(sign_in("manager"), "viewer", group)

    assert reverse("clientgroups:rate_list") in body(client, "group_value", group.pk)


def test_period_may_be_chosen(client, sign_in, group):
    sign_in("viewer", group)

    page = body(client, "group_value", group.pk, query="?by=year&until=2025-12-31")

    assert "Up to" in page
    assert "2026" not in re.sub(r"<form.*?</form>|href=\"[^\"]*\"", "", page, flags=re.S)


@pytest.mark.parametrize(
    "query", ["?by=week", "?until=2027-01-01", "?until=x", "?until=1500-01-01"]
)
def test_what_cannot_be_read_is_said_and_the_usual_shown(client, sign_in, group, query):
    sign_in("viewer", group)

    page = body(client, "group_value", group.pk, query=query)

    assert 'role="alert"' in page
    assert "as of 15 Jun" in page


def test_page_of_a_group_without_clients_shows_no_data(client, sign_in):
    group = ClientGroupFactory()
    sign_in("viewer", group)

    page = body(client, "group_value", group.pk)

    assert "no data" in page
    assert "Nobody was active before any of these periods." in page
    assert "No sale in these periods." in page
    assert "Nothing to show for these periods." in page


def test_panel_of_the_group_page_is_its_card_alone(client, sign_in, group):
    sign_in("viewer", group)

    panel = body(client, "group_value", group.pk, **{"HX-Request": "true"})

    assert "<html" not in panel
    assert f'id="group-{group.pk}-value"' in panel
    links = {unescape(link) for link in LINK.findall(panel)}
    assert links
    assert {client.get(link).status_code for link in links} == {200}


def test_panel_takes_few_queries_however_many_clients(group, django_assert_num_queries):
    with django_assert_num_queries(6):
        found = group_panel(group, TODAY)["value"]

    assert (found.quarter.label, found.currency) == ("Q1 2026", "CNY")
    assert found.retention.start_n == 12


def test_page_takes_as_many_queries_for_more_clients(client, sign_in, group, count_queries):
    sign_in("viewer", group)
    address = reverse("clientgroups:group_value", args=[group.pk])
    client.get(address)
    few = count_queries(lambda: client.get(address))
    for _ in range(5):
        row = MembershipFactory(client_group=group, valid_from=dt.date(2024, 1, 1))
        PurchaseFactory(client=row.client, bought_on=dt.date(2026, 5, 5))

    assert count_queries(lambda: client.get(address)) == few


# The rows behind ---------------------------------------------------------------------------------


def test_rows_that_are_not_the_persons_any_more_are_counted_only(client, sign_in, group):
    sign_in("viewer", group)
    row = group.memberships.get(client__name="Shop 03")
    row.valid_to = dt.date(2026, 6, 1)
    row.save()

    page = body(
        client,
        "group_value_clients",
        group.pk,
        query="?what=buyers&start=2026-01-01&end=2026-01-31",
    )

    assert "Shop 02" in page
    assert "Shop 03" not in page
    assert "1 more row counts in the figure" in page


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?start=2026-01-01",
        "?start=2026-02-01&end=2026-01-01",
        "?start=0001-01-01&end=2026-01-01",
        "?start=2026-01-01&end=2026-01-31&what=rich",
        "?start=2026-01-01&end=2026-01-31&later=99999",
    ],
)
@pytest.mark.parametrize("name", ["clients", "purchases", "moves"])
def test_address_of_rows_that_no_page_made_is_answered_with_a_sentence(
    client, sign_in, group, name, query
):
    sign_in("viewer", group)
    address = reverse(f"clientgroups:group_value_{name}", args=[group.pk])

    response = client.get(address + query)

    assert response.status_code == 422
    assert "does not say which rows to show" in response.content.decode()


def test_rows_are_shown_as_a_fragment_to_htmx_and_escape_what_people_typed(client, sign_in):
    group = ClientGroupFactory(name=HOSTILE)
    row = MembershipFactory(client_group=group, client=ClientFactory(name=HOSTILE))
    PurchaseFactory(client=row.client, bought_on=timezone.localdate(), product=HOSTILE)
    sign_in("viewer", group)
    day = timezone.localdate().isoformat()

    for name in ("clients", "purchases", "moves"):
        query = f"?start={day}&end={day}"
        page = body(client, f"group_value_{name}", group.pk, query=query)
        part = body(client, f"group_value_{name}", group.pk, query=query, **{"HX-Request": "true"})
        assert HOSTILE not in page
        assert "<html" in page
        assert "<html" not in part
        assert part.strip() in page


def test_purchases_without_a_rate_are_shown_as_such(client, sign_in, group):
    sign_in("viewer", group)

    page = body(
        client,
        "group_value_purchases",
        group.pk,
        query="?start=2026-05-01&end=2026-05-31&missing=GBP",
    )

    assert "Purchases in GBP without a rate" in page
    assert "no rate" in page


def test_moves_can_be_narrowed_to_one_way(client, sign_in, group):
    sign_in("viewer", group)
    span = "?start=2026-05-01&end=2026-05-31"

    every = body(client, "group_value_moves", group.pk, query=span)
    none = body(client, "group_value_moves", group.pk, query=f"{span}&before=loyal")

    assert "Signed the contract" in every
    assert "No move to show" in none


# All clients -------------------------------------------------------------------------------------


def test_page_of_all_clients_holds_those_a_person_sees(client, sign_in, group):
    user = sign_in("outsider")
    own = ClientFactory(owner=user, name="Mine")
    PurchaseFactory(client=own, bought_on=dt.date(2026, 5, 3), amount=77)

    page = body(client, "all_value")
    rows = body(client, "all_value_purchases", query="?start=2026-05-01&end=2026-05-31")

    assert "¥77" in page
    assert "Mine" in rows
    assert "Shop" not in rows


def test_administrator_sees_everybody(client, sign_in, group):
    sign_in("admin")

    for name in ("clients", "purchases", "moves"):
        query = "?what=buyers&start=2026-05-01&end=2026-05-31"
        assert "Shop" in body(client, f"all_value_{name}", query=query)


# Files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["retention", "sales", "cohorts", "stages"])
def test_file_holds_the_table_of_the_page(client, sign_in, group, table):
    sign_in("viewer", group)
    address = reverse("clientgroups:group_value_export", args=[group.pk])

    rows = table_of(client.get(f"{address}?table={table}&by=quarter"))

    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}
    if table == "sales":
        assert rows[1][:3] == ["Q2 2026", "600.00", "6"]


def test_file_of_an_unknown_table_is_not_found(client, sign_in, group):
    sign_in("viewer", group)
    address = reverse("clientgroups:group_value_export", args=[group.pk])

    assert client.get(f"{address}?table=people").status_code == 404


# Pieces ------------------------------------------------------------------------------------------


def test_share_cell_says_when_there_is_too_little():
    assert share_cell(Share(0, 0)).text == "–"
    assert share_cell(Share(3, 3)).note == "fewer than 5 clients"
    assert "too few to compare" in share_cell(Share(9, 9)).note
    assert (share_cell(Share(200, 170)).text, share_cell(Share(200, 170)).plain) == ("85%", 0.85)


def test_growth_cell_shows_the_sign():
    assert (growth_cell(None).text, growth_cell(None).plain) == ("n/a", "")
    assert growth_cell(0.125).text == "+12.5%"
    assert growth_cell(-0.5).css == "value-down"


@pytest.mark.parametrize(
    ("total", "unit"),
    [(None, "in CNY"), (500, "in CNY"), (50_000, "thousands"), (50_000_000, "millions")],
)
def test_chart_of_sales_chooses_its_unit(total, unit):
    wanted = periods("month", TODAY, 2)
    growths = [Growth(*[Sales(TODAY, TODAY, total, 1)] * 3) for _ in wanted]

    chart = sales_chart(wanted, growths, "CNY")

    assert unit in chart["sub"]
    assert bool(chart["svg"]) is (total is not None)


def test_chart_of_retention_leaves_out_what_may_not_be_shown():
    wanted = periods("month", TODAY, 3)

    class Row:
        def __init__(self, n, k):
            self.share, self.start_n = Share(n, k), n

    chart = retention_chart(wanted, [Row(0, 0), Row(3, 3), Row(40, 36)])

    assert [row[1] for row in chart["rows"]] == ["–", "–", "90.0"]
    assert [row[4] for row in chart["rows"]] == [None, 3, 40]
    assert chart["svg"]
