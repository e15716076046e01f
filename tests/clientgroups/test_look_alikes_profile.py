import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import (
    Client,
    ClientMerge,
    NotDuplicate,
)
from clientgroups.selectors.duplicates import duplicate_pairs, twins_of
from clientgroups.services.clients import archive_client
from clientgroups.services.duplicates import dismiss_pair, recall_pair
from clientgroups.services.merges import merge_clients
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def merged(kept=None, gone=None, **options):
    kept, gone = kept or ClientFactory(), gone or ClientFactory()
    options.setdefault("actor", kept.owner)
    return merge_clients(kept=kept, gone=gone, **options)


# Look-alikes --------------------------------------------------------------------------------------


def signs(pairs):
    return {(pair.first, pair.second): pair.signs for pair in pairs}


def test_look_alikes_are_found_by_name_mail_phone_and_spelling():
    user = UserFactory(admin=True)
    a, b = ClientFactory(name="Larkfield Foods GmbH"), ClientFactory(name="LARKFIELD  foods")
    c, d = ClientFactory(name="海港食品有限公司"), ClientFactory(name="海港食品")
    e, f = ClientFactory(name="Northwind Trading"), ClientFactory(name="Northwind Tradings")
    ContactFactory(client=a, email="Mia@x.example")
    ContactFactory(client=e, email="mia@X.example")
    ContactFactory(client=c, phone="+86 138 0013 8000")
    ContactFactory(client=f, phone="13800138000")
    ClientFactory(name="Quite another")

    found = signs(duplicate_pairs(user))

    assert found == {
        (a.pk, b.pk): ("name",),
        (c.pk, d.pk): ("name",),
        (a.pk, e.pk): ("email",),
        (c.pk, f.pk): ("phone",),
        (e.pk, f.pk): ("similar",),
    }
    for client in (a, e):
        expected = {pair for pair in found if client.pk in pair}
        assert set(signs(twin.pair for twin in twins_of(client, user))) == expected


def test_several_signs_make_a_pair_surer():
    a, b = ClientFactory(name="Lark"), ClientFactory(name="lark")
    (plain,) = duplicate_pairs(a.owner.__class__.objects.get(pk=UserFactory(admin=True).pk))
    for client in (a, b):
        ContactFactory(client=client, email="same@x.example", phone="5550 12345")
    (surer,) = duplicate_pairs(UserFactory(admin=True))

    assert (plain.score, surer.score) == (60, 88)
    assert [str(reason) for reason in surer.reasons] == ["same e-mail", "same name", "same phone"]


def test_look_alikes_out_of_reach_are_not_on_offer():
    lead = GroupAccessFactory(role="lead")
    mine = MembershipFactory(client_group=lead.client_group, client__name="Lark").client
    ClientFactory(name="LARK")
    viewer = GroupAccessFactory(role="viewer").user

    assert duplicate_pairs(lead.user) == []
    assert twins_of(mine, lead.user) == []
    ClientFactory(name="LARK.", owner=lead.user)
    assert len(duplicate_pairs(lead.user)) == 1
    assert duplicate_pairs(viewer) == []


def test_a_switchboard_shared_by_many_is_no_sign():
    for _number in range(6):
        ContactFactory(phone="+49 30 1234567")
    assert duplicate_pairs(UserFactory(admin=True)) == []


def test_pair_that_somebody_told_apart_stays_away_until_recalled():
    user = UserFactory(admin=True)
    a, b = ClientFactory(name="Lark"), ClientFactory(name="lark")

    assert dismiss_pair(first=b, second=a, actor=user)
    assert not dismiss_pair(first=a, second=b, actor=user)
    assert duplicate_pairs(user) == []
    assert twins_of(a, user) == []
    assert recall_pair(first=a, second=b, actor=user)
    assert not recall_pair(first=a, second=b, actor=user)
    assert len(duplicate_pairs(user)) == 1
    with pytest.raises(ValidationError, match="two different"):
        dismiss_pair(first=a, second=a, actor=user)
    assert not NotDuplicate.objects.exists()


# Pages --------------------------------------------------------------------------------------------


@pytest.fixture
def pair(sign_in):
    """Two look-alikes that the person who is signed in leads."""
    member = MembershipFactory(client__name="<b>Lark</b>", client__city="Kiel")
    other = MembershipFactory(
        client_group=member.client_group, client__name="<b>LARK</b>", client__city="Bonn"
    )
    sign_in("lead", member.client_group)
    return member.client, other.client


def test_list_of_look_alikes_shows_why_and_leads_on(client, pair):
    kept, gone = pair

    page = client.get(url("duplicate_list")).content.decode()

    assert "same name" in page
    assert "<b>Lark" not in page
    assert url("client_merge", kept.pk, gone.pk) in page


def test_empty_list_of_look_alikes_says_so(client, sign_in):
    sign_in("outsider")
    assert "No two clients look alike" in client.get(url("duplicate_list")).content.decode()


def test_look_alikes_need_as_many_queries_for_three_as_for_one(client, sign_in, count_queries):
    sign_in("admin")

    def grow(name):
        ClientFactory(name=name)
        ClientFactory(name=f"{name} Ltd")

    grow("Larkfield")
    client.get(url("duplicate_list"))
    one = count_queries(lambda: client.get(url("duplicate_list")))
    grow("Northwind")
    grow("Bluebird")

    assert count_queries(lambda: client.get(url("duplicate_list"))) == one


def test_pair_is_told_apart_with_undo(client, pair):
    kept, gone = pair
    to = url("duplicate_list")

    response = client.post(url("duplicate_dismiss", kept.pk, gone.pk), {"next": to}, follow=True)

    assert "No two clients look alike" in response.content.decode()
    undo = url("duplicate_recall", kept.pk, gone.pk)
    assert undo in response.content.decode()
    response = client.post(undo, {"next": to}, follow=True)
    assert "same name" in response.content.decode()


def test_next_to_another_site_is_not_followed(client, pair):
    kept, gone = pair
    response = client.post(
        url("duplicate_dismiss", kept.pk, gone.pk), {"next": "https://evil.example/"}
    )
    assert response.url == url("client_list")


def test_client_page_offers_its_twin(client, pair):
    page = client.get(pair[0].get_absolute_url()).content.decode()
    panel = url("client_alike", pair[0].pk)
    assert f'hx-get="{panel}"' in page
    for headers in ({}, HTMX):
        shown = client.get(panel, headers=headers).content.decode()
        assert url("client_merge", pair[0].pk, pair[1].pk) in shown
    archive_client(client=pair[1], actor=pair[1].owner)
    assert "hidden" in client.get(panel, headers=HTMX).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_merge_page_puts_values_side_by_side(client, pair, headers):
    kept, gone = pair
    ContactFactory(client=kept, name="Mia <i>", email="m@x.example")
    ContactFactory(client=gone, name="Mia <i>", email="m@x.example")

    page = client.get(url("client_merge", kept.pk, gone.pk), headers=headers).content.decode()

    assert ("<html" in page) == (not headers)
    for text in ("Kiel", "Bonn", "1 contact", "People at both become one: Mia &lt;i&gt;"):
        assert text in page
    assert "<i>" not in page


def test_merge_by_form_redirects_and_is_undone_by_the_toast(client, pair):
    kept, gone = pair

    response = client.post(
        url("client_merge", kept.pk, gone.pk), {"field_city": "theirs"}, follow=True
    )

    kept.refresh_from_db()
    merge = ClientMerge.objects.get()
    assert kept.city == "Bonn"
    undo = url("client_merge_undo", kept.pk, merge.pk)
    assert undo in response.content.decode()
    assert client.get(gone.get_absolute_url()).url == kept.get_absolute_url()
    response = client.post(undo, follow=True)
    assert "stands by itself again" in response.content.decode()
    assert client.get(gone.get_absolute_url()).status_code == 200


def test_merge_of_equal_clients_asks_for_nothing(client, sign_in):
    user = sign_in("outsider")
    rows = [ClientFactory(owner=user, name="Lark", external_id=None) for _number in range(2)]

    response = client.post(url("client_merge", rows[0].pk, rows[1].pk))

    assert response.status_code == 302


def test_refused_merge_says_why_and_changes_nothing(client, pair):
    kept, gone = pair
    archive_client(client=gone, actor=gone.owner)
    MembershipFactory(client=gone, client_group=kept.memberships.get().client_group)

    response = client.post(url("client_merge", kept.pk, gone.pk), {"field_city": "mine"})

    assert response.status_code == 422
    assert "put away" in response.content.decode()


def test_refused_undo_says_why(client, pair):
    kept, gone = pair
    merge = merged(kept, gone)
    Client.objects.filter(pk=gone.pk).update(erased_at=timezone.now())

    response = client.post(url("client_merge_undo", kept.pk, merge.pk), follow=True)

    assert "was erased" in response.content.decode()


def test_merge_needs_the_right_on_both(client, sign_in):
    mine, theirs = MembershipFactory(), MembershipFactory()
    user = sign_in("lead", mine.client_group)
    address = url("client_merge", mine.client.pk, theirs.client.pk)

    assert client.get(address).status_code == 404
    GroupAccessFactory(client_group=theirs.client_group, user=user, role="member")
    assert client.get(address).status_code == 403
    assert (
        client.post(url("duplicate_dismiss", mine.client.pk, theirs.client.pk)).status_code == 403
    )
    assert client.get(url("client_merge", mine.client.pk, mine.client.pk)).status_code == 404


def test_another_client_is_found_by_typing(client, pair):
    kept, gone = pair
    Client.objects.filter(pk=gone.pk).update(name="Northwind")
    address = url("client_duplicates", kept.pk)

    assert "No other client" in client.get(address).content.decode()
    response = client.post(address, {"other": "", "other_text": "northw"})
    assert response.url == url("client_merge", kept.pk, gone.pk)
    response = client.post(address, {"other": "", "other_text": "nobody"})
    assert response.status_code == 422
    assert "No client fits" in response.content.decode()


def test_old_addresses_lead_to_the_last_of_a_chain(client, sign_in):
    user = sign_in("outsider")
    first, second, third = (ClientFactory(owner=user) for _number in range(3))
    merged(second, first)
    merged(third, second)

    assert client.get(first.get_absolute_url()).url == third.get_absolute_url()
