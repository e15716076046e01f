"""The page that compares groups, and its download."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories.clientgroups import (
    ClientGroupFactory,
    GroupAccessFactory,
    MembershipFactory,
    PurchaseFactory,
)
from tests.reports.test_compare import care_for, group_of, rollup

HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}


def text_of(response):
    return response.content.decode()


# The page ----------------------------------------------------------------------------------------


def address(*groups, more=""):
    query = "&".join(f"g={group.pk}" for group in groups)
    return f"{reverse('reports:group_compare')}?{query}{more}"


@pytest.mark.django_db
def test_page_says_which_differences_hold_and_which_are_chance(client, sign_in):
    loyal, lapsed = group_of(40, "loyal", name="Harbour"), group_of(40, "lapsed", name="Quay")
    rollup(loyal, "nps", [0] * 7 + [5, 5, 20, 20], 80.0, 64.0, 90.0)
    rollup(lapsed, "nps", [10] * 5 + [0] * 6, -100.0, -100.0, -87.0)
    sign_in("admin")

    page = text_of(client.get(address(lapsed, loyal)))

    assert "Loyal clients: Harbour is 100.0 points above Quay (p &lt; 0.001 after" in page
    assert "NPS: Harbour is 180.0 points above Quay" in page
    assert "Scores of Q4 2026" in page
    assert page.index(">Quay</a>") < page.index(">Harbour</a>", page.index("<table"))


@pytest.mark.django_db
def test_page_warns_of_shared_clients(client, sign_in):
    one, other = group_of(12, "loyal", name="Harbour"), ClientGroupFactory(name="Quay")
    for row in one.memberships.all()[:3]:
        MembershipFactory(client_group=other, client=row.client)
    other.member_count = 3
    other.save()
    sign_in("admin")

    page = text_of(client.get(address(one, other)))

    assert "Harbour and Quay share 3 clients (100% of the smaller group)." in page
    assert "not independent" in page


@pytest.mark.django_db
def test_page_of_small_groups_refuses_to_judge(client, sign_in):
    one, other = group_of(3, "loyal", name=HOSTILE), group_of(2, "lapsed")
    rollup(one, "csat", [0, 0, 0, 2, 2], 100.0, 51.0, 100.0)
    sign_in("admin")

    page = text_of(client.get(address(one, other)))

    assert "no measure has enough answers" in page
    assert "Hidden: fewer than 5 answers" in page
    assert HOSTILE not in page
    assert "Every comparison" not in page


@pytest.mark.django_db
def test_all_time_is_asked_by_the_address(client, sign_in):
    one, other = group_of(2, "loyal"), group_of(2, "lapsed")
    start = dt.date(1970, 1, 1)
    counts = [1, 1, 3, 20, 25]
    for group in (one, other):
        rollup(group, "csat", counts, 90.0, 79.0, 96.0, period_kind="all", period_start=start)
    sign_in("admin")

    page = text_of(client.get(address(one, other, more="&period=all")))

    assert "Scores of all time" in page
    assert "90.0 %" in page
    assert "No difference beyond chance" in page
    assert "no scores yet" in text_of(client.get(address(one, other)))


@pytest.mark.django_db
def test_page_offers_groups_to_tick(client, sign_in):
    groups = [ClientGroupFactory(name=f"Group {number}") for number in range(6)]
    unseen = ClientGroupFactory(name="Secret")
    user = sign_in("manager")
    empty = text_of(client.get(address()))
    assert "You see fewer than two groups" in empty
    for group in groups:
        GroupAccessFactory(client_group=group, user=user)

    page = text_of(client.get(address(groups[0])))
    assert "Tick at least one more" in page
    assert f'value="{groups[0].pk}" checked' in page
    assert "Secret" not in page
    assert "More than five" in text_of(client.get(address(*groups)))
    assert client.get(address(groups[0], unseen)).status_code == 404
    assert client.get(address(groups[0], more="&g=x&g=")).status_code == 200


@pytest.mark.django_db
def test_same_group_twice_counts_once(client, sign_in):
    group = ClientGroupFactory()
    sign_in("viewer", group)

    assert "Tick at least one more" in text_of(client.get(address(group, group)))


@pytest.mark.django_db
def test_page_and_fragment_are_the_same(client, sign_in):
    one, other = group_of(2, "loyal"), group_of(2, "lapsed")
    sign_in("admin")

    fragment = text_of(client.get(address(one, other), headers=HTMX))

    assert "<html" not in fragment
    assert 'id="group-compare"' in fragment
    assert 'id="group-compare"' in text_of(client.get(address(one, other)))


@pytest.mark.django_db
def test_page_needs_as_many_queries_for_many_clients(client, sign_in, count_queries):
    one, other = group_of(1, "loyal"), group_of(1, "lapsed")
    sign_in("admin")
    path = address(one, other)
    client.get(path)
    few = count_queries(lambda: client.get(path))
    for group in (one, other):
        for _ in range(3):
            MembershipFactory(client_group=group)

    assert count_queries(lambda: client.get(path)) == few


@pytest.mark.django_db
def test_table_is_exported_with_its_comparisons(client, sign_in):
    loyal, lapsed = group_of(40, "loyal", name="=cmd()"), group_of(40, "lapsed", name="Quay")
    sign_in("admin")
    path = address(loyal, lapsed).replace("/compare/", "/compare/table.csv")

    response = client.get(path)
    text = b"".join(response.streaming_content).decode("utf-8-sig")

    assert "Loyal clients,'=cmd(),1.0" in text
    assert "after correction" in text
    assert "no data" in text
    unseen = path.replace(f"g={lapsed.pk}", "g=999999")
    assert client.get(unseen).status_code == 404


@pytest.mark.django_db
def test_sales_without_a_rate_say_what_is_left_out(client, sign_in):
    one, other = group_of(1, "loyal"), group_of(1, "lapsed")
    today = timezone.localdate()
    row = one.memberships.get()
    row.valid_from = today - dt.timedelta(days=400)
    row.save()
    first = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    for currency in ("CNY", "XTS"):
        PurchaseFactory(
            client=row.client, bought_on=first - dt.timedelta(days=20), currency=currency
        )
    sign_in("admin")

    page = text_of(client.get(address(one, other)))

    assert "¥100" in page
    assert "1 purchase left out: no rate" in page


@pytest.mark.django_db
def test_download_of_one_group_is_not_there(client, sign_in):
    group = ClientGroupFactory()
    sign_in("viewer", group)

    path = address(group).replace("/compare/", "/compare/table.csv")

    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_late_requests_and_medians_stand_small_below_their_figures(client, sign_in):
    one, other = group_of(2, "loyal"), group_of(2, "lapsed")
    care_for(one)
    member = one.memberships.first().client
    type(member).objects.filter(pk=member.pk).update(health=60)
    sign_in("admin")

    page = text_of(client.get(address(one, other)))

    assert "1 later than promised" in page
    assert "1 of 1" in page
    assert "n = 1" in page
