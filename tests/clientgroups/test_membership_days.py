import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clientgroups.selectors.membership_days import members_on, moves_between, size_series
from clientgroups.services.groups import add_clients
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def day(text):
    return dt.date.fromisoformat(text)


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


@pytest.fixture
def group():
    """Early: January to March. Late: since 29 February. Both: again since June."""
    group = ClientGroupFactory()
    rows = [
        ("Early", "2024-01-10", "2024-03-01"),
        ("Late", "2024-02-29", None),
        ("Both", "2024-01-01", "2024-02-01"),
        ("Both", "2024-06-01", None),
        ("Nobody", "2024-02-05", "2024-02-05"),
    ]
    clients = {}
    for name, begins, ends in rows:
        clients.setdefault(name, ClientFactory(name=name))
        MembershipFactory(
            client_group=group,
            client=clients[name],
            valid_from=day(begins),
            valid_to=ends and day(ends),
        )
    return group


@pytest.mark.parametrize(
    ("on", "names"),
    [
        ("2023-12-31", []),
        ("2024-01-31", ["Both", "Early"]),
        ("2024-02-05", ["Early"]),
        ("2024-02-29", ["Early", "Late"]),
        ("2024-03-01", ["Late"]),
        ("2026-01-01", ["Both", "Late"]),
    ],
)
def test_members_of_a_past_day_are_those_whose_row_held_then(group, on, names):
    assert [row.client.name for row in members_on(group, day(on))] == names


def test_moves_compare_two_days_and_leave_out_who_came_and_left(group):
    moves = moves_between(group, day("2024-01-31"), day("2024-03-01"))

    assert [row.client.name for row in moves.joined] == ["Late"]
    assert [row.client.name for row in moves.left] == ["Both", "Early"]


def test_size_by_month_begins_with_nothing_known_and_ends_today(group):
    series = size_series(group, 8, day("2024-06-15"))

    assert [(size.day.isoformat(), size.n) for size in series] == [
        ("2023-11-30", None),
        ("2023-12-31", None),
        ("2024-01-31", 2),
        ("2024-02-29", 2),
        ("2024-03-31", 1),
        ("2024-04-30", 1),
        ("2024-05-31", 1),
        ("2024-06-15", 2),
    ]
    assert size_series(ClientGroupFactory(), 1, day("2024-06-15"))[0].n is None


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_members_page_shows_a_past_day(client, sign_in, group, headers):
    sign_in("viewer", group)
    address = url("group_members", group.pk)

    page = text_of(client.get(address + "?on=2024-02-29", headers=headers))
    assert "Members on 29 Feb 2024" in page
    assert "Early" in page
    assert "Both" not in page
    found = text_of(client.get(address + "?on=2024-02-29&q=late", headers=headers))
    assert "Early" not in found
    nobody = text_of(client.get(address + "?on=2024-02-29&q=!", headers=headers))
    assert "Nobody found" in nobody


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "UTC"])
def test_today_is_the_day_of_the_installation_wherever_the_reader_sits(
    client, sign_in, group, zone
):
    with time_machine.travel("2026-05-02T03:00:00Z", tick=False):
        sign_in("viewer", group, time_zone=zone)

        page = text_of(client.get(url("group_members", group.pk) + "?on=2026-05-02"))

    assert "Members on 2 May<" in page


@pytest.mark.parametrize(("on", "words"), [("2999-01-01", "up to today"), ("soon", "valid date")])
def test_day_that_cannot_be_answered_is_refused_beside_the_field(client, sign_in, group, on, words):
    sign_in("viewer", group)

    page = text_of(client.get(url("group_members", group.pk) + f"?on={on}"))

    assert words in page
    assert f'value="{on}"' in page
    assert "Late" in page


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_moves_page_compares_two_days(client, sign_in, group, headers):
    sign_in("viewer", group)
    address = url("group_moves", group.pk)
    assert "Choose two days" in text_of(client.get(address, headers=headers))

    page = client.get(address + "?since=2024-01-31&until=2024-03-01", headers=headers)
    assert [(title, n) for title, n, _rows in page.context["sides"]] == [
        ("Joined", 1),
        ("Left", 2),
    ]
    until_today = client.get(address + "?since=2024-01-31&until=", headers=headers)
    assert until_today.context["until"] == timezone.localdate()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=2024-03-01&until=2024-01-01", "lies behind"),
        ("since=&until=2024-01-01", "Name the first day"),
        ("since=2024-01-01&until=2999-01-01", "up to today"),
        ("since=x&until=2024-01-01", "valid date"),
    ],
)
def test_two_days_that_make_no_sense_are_refused(client, sign_in, group, query, words):
    sign_in("viewer", group)

    page = client.get(url("group_moves", group.pk) + "?" + query)

    assert words in text_of(page)
    assert "sides" not in page.context


# Joining on a past day ----------------------------------------------------------------------------


def test_clients_may_join_on_a_past_day():
    group = ClientGroupFactory()
    client = ClientFactory(owner=group.owner)
    since = timezone.localdate() - dt.timedelta(days=30)

    for _again in range(2):
        add_clients(group=group, clients=[client], actor=group.owner, since=since)

    assert list(group.memberships.values_list("valid_from", "valid_to")) == [(since, None)]


def test_joining_inside_an_earlier_membership_is_refused_with_its_end(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    one = ClientFactory(owner=user, name="Harbour")
    MembershipFactory(
        client_group=group, client=one, valid_from=day("2026-01-01"), valid_to=day("2026-03-01")
    )
    other = ClientFactory(owner=user)

    response = client.post(
        url("group_add_clients", group.pk), {"clients": [one.pk, other.pk], "since": "2026-02-01"}
    )

    assert response.status_code == 422
    assert "Harbour was in the group until 1 Mar already" in text_of(response)
    assert group.memberships.count() == 1
    client.post(url("group_add_clients", group.pk), {"clients": [one.pk], "since": "2026-03-01"})
    assert group.memberships.current().get().valid_from == day("2026-03-01")


def test_joining_in_the_future_is_refused():
    group = ClientGroupFactory()
    client = ClientFactory(owner=group.owner)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)

    with pytest.raises(ValidationError, match="up to today"):
        add_clients(group=group, clients=[client], actor=group.owner, since=tomorrow)
