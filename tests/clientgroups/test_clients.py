import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.forms.clients_filter import (
    ClientFilterForm,
    clients_counted,
    clients_to_page,
)
from clientgroups.models import Client, ClientMark, Contact, HealthPolicy
from clientgroups.selectors import visible_client, visible_group
from clientgroups.selectors.clients import CappedPaginator
from clientgroups.services.clients import (
    create_client,
    create_contact,
    update_client,
    update_contact,
)
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db


def test_create_client_is_owned_by_its_creator_and_may_join_a_group():
    actor = UserFactory()
    group = ClientGroupFactory(owner=actor)

    client = create_client(actor=actor, name=" Larkfield ", external_id="", group=group)

    assert (client.name, client.external_id, client.owner) == ("Larkfield", None, actor)
    assert group.memberships.get().client == client
    assert ClientMark.objects.filter(client=client).exists()
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["client.created", "group.clients_added"]


def test_create_client_refuses_a_known_number():
    ClientFactory(external_id="7")

    with pytest.raises(ValidationError, match="already has this customer number"):
        create_client(actor=UserFactory(), name="Another", external_id="7")


def test_update_client_twice_records_what_changed_once():
    client, owner = ClientFactory(name="A", external_id="7"), UserFactory(name="Ana")

    for _again in range(2):
        client = update_client(
            client=client, actor=client.owner, name="B", external_id="", owner=owner
        )

    assert (client.name, client.external_id, client.owner) == ("B", None, owner)
    changes = AuditEvent.objects.get().changes
    assert changes["name"] == ["A", "B"]
    assert changes["external_id"] == ["7", None]
    assert changes["owner"][1] == "Ana"


def test_update_client_changes_no_derived_figure():
    client = ClientFactory()

    with pytest.raises(TypeError):
        update_client(client=client, actor=client.owner, stage="loyal")


def test_contact_is_added_and_changed_once():
    client = ClientFactory()
    contact = create_contact(client=client, actor=client.owner, name="Mia", email="mia@x.example")

    for _again in range(2):
        contact = update_contact(contact=contact, actor=client.owner, language="zh-hans")

    assert (str(contact), contact.language) == ("Mia", "zh-hans")
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["contact.created", "contact.updated"]


def test_one_client_has_an_address_once_whatever_its_case():
    contact = ContactFactory(email="mia@x.example")

    with pytest.raises(ValidationError, match="already has a contact"):
        create_contact(
            client=contact.client, actor=contact.client.owner, name="Mia", email="MIA@x.example"
        )
    with pytest.raises(IntegrityError, match="contact_email_once_per_client"):
        ContactFactory(client=contact.client, email="Mia@x.example")


def test_contacts_may_be_asked_with_address_and_consent_only():
    asked = ContactFactory()
    ContactFactory(email="")
    ContactFactory(email_consent=False)
    ContactFactory(is_active=False)
    ContactFactory(client__archived_at=timezone.now())

    assert list(Contact.objects.askable()) == [asked]


# Who sees and changes what ------------------------------------------------------------------------


def test_clients_are_seen_by_owner_members_of_their_groups_and_administrators():
    client, other = MembershipFactory().client, ClientFactory()
    group = client.memberships.get().client_group
    viewer = GroupAccessFactory(client_group=group, role="viewer").user
    lead = GroupAccessFactory(client_group=group, role="lead").user

    seen = Client.objects.visible_to
    assert set(seen(client.owner)) == set(seen(viewer)) == set(seen(lead)) == {client}
    assert set(seen(UserFactory(admin=True))) == {client, other}
    assert not seen(UserFactory(manager=True)).exists()
    editable = Client.objects.editable_by
    assert set(editable(client.owner)) == set(editable(lead)) == {client}
    assert not editable(viewer).exists()
    assert set(editable(UserFactory(admin=True))) == {client, other}


def test_former_members_are_out_of_sight():
    row = MembershipFactory()
    viewer = GroupAccessFactory(client_group=row.client_group).user
    assert visible_client(viewer, row.client_id) == row.client

    row.valid_to = row.valid_from
    row.save()

    with pytest.raises(Http404):
        visible_client(viewer, row.client_id)
    with pytest.raises(Http404):
        visible_group(UserFactory(), row.client_group_id)


def test_strongest_role_counts_for_client_and_contact():
    client = MembershipFactory().client
    user = UserFactory()
    for role in ("viewer", "lead"):
        group = MembershipFactory(client=client).client_group
        GroupAccessFactory(client_group=group, user=user, role=role)

    assert client.role_of(user) == ContactFactory(client=client).role_of(user) == "lead"
    assert client.role_of(client.owner) == "lead"
    assert client.role_of(UserFactory()) is None


def test_count_stops_at_the_cap(monkeypatch):
    monkeypatch.setattr("clientgroups.selectors.clients.MOST", 2)
    monkeypatch.setattr("clientgroups.forms.clients_filter.MOST_COUNTED", 3)
    clients_counted.cache_clear()
    user = UserFactory(admin=True)
    for _ in range(2):
        ClientFactory(name="Harbour")

    def count(**asked):
        form = ClientFilterForm(asked, user=user, custom=[], policy=HealthPolicy())
        found = CappedPaginator(clients_to_page(form), 50)
        return found.count, found.capped

    assert count() == count(q="harbour") == (2, False)
    for _ in range(2):
        ClientFactory(name="Harbour")
    assert count() == count(stage="potential") == count(q="harbour") == (2, True)
    assert count(stage="loyal") == (0, False)
    clients_counted.cache_clear()
