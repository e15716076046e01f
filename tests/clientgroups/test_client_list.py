"""The list of clients is chosen once for its number and its page, whoever asks and in any order."""

import pytest
from django.urls import reverse

from clientgroups.forms import clients_filter
from clientgroups.forms.clients_filter import ORDERS, ClientFilterForm, choices_for, clients_to_page
from clientgroups.models import Client, HealthPolicy
from clientgroups.selectors import typeahead
from clientgroups.selectors.clients import CappedPaginator
from clientgroups.selectors.typeahead import few_of, walked
from clientgroups.services.tags import tags_named
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    """Somebody who leads two groups that share a client, and owns one that is in neither."""
    user = UserFactory()
    groups = [GroupAccessFactory(user=user, role="lead").client_group for _ in range(2)]
    for number in range(4):
        row = ClientFactory(name=f"Harbour {number}", health=40 - number, purchase_count=number)
        row.tags.set(tags_named(["vip"]))
        MembershipFactory(client=row, client_group=groups[number % 2])
    MembershipFactory(client=row, client_group=groups[0])
    lark = ClientFactory(name="Lark", owner=user, stage="loyal")
    ContactFactory(client=lark, name="Mia Harbour")
    gone = MembershipFactory(client__name="Harbour left", client_group=groups[0])
    type(gone).objects.filter(pk=gone.pk).update(valid_to=gone.valid_from)
    ClientFactory(name="Harbour of others")
    user.groups_led = groups
    return user


@pytest.fixture
def many(monkeypatch):
    """Everybody counts as seeing very many clients."""
    monkeypatch.setattr(typeahead, "FEW", 1)
    forget()
    yield
    forget()


def forget():
    for each in (typeahead._few, clients_filter.clients_counted, clients_filter.clients_shown):
        each.cache_clear()


def names(user, **asked):
    form = ClientFilterForm(
        asked, user=user, custom=[], policy=HealthPolicy(), choices=choices_for(user)
    )
    found = CappedPaginator(clients_to_page(form), 3)
    return found.count, [[row.name for row in found.page(n)] for n in found.page_range]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("text", ["", "harbour", "zzz"])
def test_pages_are_the_same_for_few_and_for_many(lead, order, text, request):
    few = names(lead, sort=order, q=text)

    request.getfixturevalue("many")

    assert names(lead, sort=order, q=text) == few
    assert few[0] == (0 if text == "zzz" else 5)
    assert sum(map(len, few[1])) == few[0]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("asked", [{"q": "harbour"}, {"tag": "vip"}, {"kind": "organisation"}])
def test_pages_beyond_the_cap_come_in_the_same_order(lead, order, asked, monkeypatch):
    whole = names(lead, sort=order, **asked)[1]

    monkeypatch.setattr(clients_filter, "MOST_COUNTED", 4)
    count, pages = names(lead, sort=order, **asked)

    assert count == 4
    assert [row for page in pages for row in page] == [row for page in whole for row in page][:4]


def test_early_pages_of_somebody_with_many_clients_show_what_they_may_see(lead, many):
    Client.objects.filter(name="Harbour 2").update(stage="loyal")

    assert few_of(lead) is None
    found = ["Harbour 0", "Harbour 1", "Harbour 2", "Harbour 3", "Lark"]
    assert names(lead)[1] == [found[:3], found[3:]]
    assert names(lead, sort="-name")[1] == [found[:1:-1], found[1::-1]]
    assert names(lead, stage="loyal")[1] == [["Harbour 2", "Lark"]]


@pytest.mark.parametrize("role", ["viewer", "member", "lead"])
def test_asking_client_by_client_says_the_same(lead, role):
    MembershipFactory(client_group=GroupAccessFactory(user=lead, role=role).client_group)

    for person in (lead, UserFactory(admin=True), UserFactory()):
        seen, changed = Client.objects.visible_to(person), Client.objects.editable_by(person)
        assert set(walked(person)) == set(seen)
        assert set(walked(person, "lead")) == set(changed)


def test_groups_that_share_clients_hide_none(lead, monkeypatch):
    """Keys were cut off before a client of two groups counted once: five looked like few."""
    monkeypatch.setattr(typeahead, "FEW", 4)
    forget()
    for group in lead.groups_led:
        for row in Client.objects.filter(name__in=["Harbour 0", "Harbour 1", "Harbour 2"]):
            if not row.memberships.current().filter(client_group=group).exists():
                MembershipFactory(client=row, client_group=group)

    assert few_of(lead) is None
    assert names(lead)[0] == 5
    forget()


def test_a_group_shows_its_members_and_only_to_those_who_see_it(lead):
    group = lead.groups_led[0]
    asked = {"group": str(group.pk)}

    assert names(lead, **asked)[1] == [["Harbour 0", "Harbour 2", "Harbour 3"]]
    assert names(UserFactory(admin=True), **asked)[0] == 3
    # A group that they do not see is no filter, and opens nothing.
    assert names(UserFactory(), **asked) == (0, [[]])
    assert names(lead, group=str(MembershipFactory().client_group.pk))[0] == 5
    assert names(lead, group="x", owner=str(lead.pk))[1] == [["Lark"]]


def test_the_list_with_every_filter_stays_within_twelve_queries(
    client, lead, many, count_queries, monkeypatch
):
    client.force_login(lead)
    monkeypatch.setattr(clients_filter, "MOST_COUNTED", 2)
    query = f"group={lead.groups_led[0].pk}&owner={lead.pk}&tag=vip&q=harbour&sort=-health"
    for asked in ("", query, "q=harbour", "tag=vip&kind=organisation&sort=-health"):
        address = f"{reverse('clientgroups:client_list')}?{asked}"
        client.get(address)
        # Inside the transaction of the test, reading only costs a statement more.
        assert count_queries(lambda address=address: client.get(address)) <= 12 + 1
