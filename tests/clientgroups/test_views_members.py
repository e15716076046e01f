import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    GroupAccessFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}
LOYAL = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


def row(number, **fields):
    return {f"row-{number}-{name}": value for name, value in fields.items()}


FILLED = {
    "name": "Loyal",
    "description": "They stay",
    "kind": "dynamic",
    "match": "and",
    **row(1, field="stage", op="is", value="loyal"),
}


# Members by hand ----------------------------------------------------------------------------------


def test_lead_finds_and_adds_clients(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    wanted = ClientFactory(owner=user, name="海港食品")
    ClientFactory(owner=user, name="Plum")
    address = url("group_add_clients", group.pk)

    page = text_of(client.get(address + "?q=海港"))
    assert "海港食品" in page
    assert "Plum" not in page
    response = client.post(address, {"clients": [wanted.pk], "because": "Signed"}, follow=True)

    assert "1 client was added." in text_of(response)
    assert group.memberships.get().began_because == "Signed"


def test_adding_nobody_says_so_and_finding_nobody_too(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    ClientFactory(owner=user)

    response = client.post(url("group_add_clients", group.pk), {})

    assert response.status_code == 422
    assert "Tick at least one client." in text_of(response)
    page = client.get(url("group_add_clients", group.pk) + "?q=zzz", headers=HTMX)
    assert "Nobody found" in text_of(page)


def test_clients_of_others_cannot_be_added(client, sign_in):
    group, foreign = ClientGroupFactory(), ClientFactory()
    sign_in("lead", group)

    response = client.post(url("group_add_clients", group.pk), {"clients": [foreign.pk]})

    assert response.status_code == 422
    assert not group.memberships.exists()


def test_more_clients_than_fit_are_announced(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    for _ in range(21):
        ClientFactory(owner=user)

    assert "More clients fit" in text_of(client.get(url("group_add_clients", group.pk)))


def test_rule_group_takes_no_clients_by_hand(client, sign_in):
    member = MembershipFactory(client_group=ClientGroupFactory(dynamic=True))
    group = member.client_group
    user = sign_in("lead", group)
    other = ClientFactory(owner=user)

    assert "Change the rule instead" in text_of(client.get(url("group_add_clients", group.pk)))
    added = client.post(url("group_add_clients", group.pk), {"clients": [other.pk]})
    removed = client.post(url("group_remove_client", group.pk, member.pk), follow=True)
    back = client.post(url("group_reopen", group.pk, member.pk), follow=True)

    assert added.status_code == 422
    assert "follow its rule" in text_of(removed)
    assert "follow its rule" in text_of(back)
    assert group.memberships.get().valid_to is None


def test_removed_member_comes_back_by_undo(client, sign_in):
    member = MembershipFactory()
    group = member.client_group
    sign_in("lead", group)

    gone = client.post(url("group_remove_client", group.pk, member.pk), follow=True)
    undo = url("group_reopen", group.pk, member.pk)
    assert undo in text_of(gone)
    again = client.post(url("group_remove_client", group.pk, member.pk))
    assert again.status_code == 302
    client.post(undo)

    assert group.memberships.get().valid_to is None


def test_undo_of_another_persons_end_is_refused_in_words(client, sign_in):
    member = MembershipFactory(valid_to=timezone.localdate())
    group = member.client_group
    sign_in("lead", group)

    page = client.post(url("group_reopen", group.pk, member.pk), follow=True)

    assert "somebody who may has to put them back" in text_of(page)
    assert not group.memberships.current().exists()


def test_member_of_another_group_is_not_found(client, sign_in):
    member, group = MembershipFactory(), ClientGroupFactory()
    sign_in("lead", group)

    assert client.post(url("group_remove_client", group.pk, member.pk)).status_code == 404


# Access -------------------------------------------------------------------------------------------


def test_lead_gives_changes_and_takes_a_role_with_undo(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)
    other = UserFactory(email="ana@example.org")
    address = url("group_access", group.pk)

    client.post(address, {"email": "ANA@example.org", "role": "viewer"})
    again = client.post(address, {"email": other.email, "role": "viewer"}, follow=True)
    assert "has that role already" in text_of(again)
    access = group.access.get(user=other)
    gone = client.post(url("group_access_revoke", group.pk, access.pk), follow=True)
    assert not group.access.filter(user=other).exists()
    undo = next(part for part in text_of(gone).split('"') if "/access/undo/" in part)
    client.post(undo)

    assert group.access.get(user=other).role == "viewer"


def test_unknown_person_and_last_lead_are_refused_in_the_form(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    address = url("group_access", group.pk)

    unknown = client.post(address, {"email": "no@example.org", "role": "viewer"})
    lower = client.post(address, {"email": user.email, "role": "viewer"})
    access = group.access.get()
    revoked = client.post(url("group_access_revoke", group.pk, access.pk), follow=True)

    assert unknown.status_code == lower.status_code == 422
    assert "Nobody signs in with this e-mail" in text_of(unknown)
    assert "needs a lead" in text_of(lower)
    assert "needs a lead" in text_of(revoked)
    assert access.role == group.access.get().role == "lead"


def test_lead_who_gives_up_the_role_leaves_the_page(client, sign_in):
    group = GroupAccessFactory(role="lead").client_group
    user = sign_in("lead", group)

    response = client.post(url("group_access", group.pk), {"email": user.email, "role": "viewer"})

    assert response["Location"] == url("group_list")


def test_undo_of_a_role_that_changed_since_is_refused(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)
    other = UserFactory()
    address = url("group_access", group.pk)
    first = client.post(address, {"email": other.email, "role": "viewer"}, follow=True)
    undo = next(part for part in text_of(first).split('"') if "/access/undo/" in part)
    client.post(address, {"email": other.email, "role": "member"})

    response = client.post(undo, follow=True)

    assert "has changed since" in text_of(response)
    assert group.access.get(user=other).role == "member"
