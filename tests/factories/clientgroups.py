import datetime as dt

import factory
from django.utils import timezone

from clientgroups.models import Client, ClientGroup, Contact, GroupAccess, Membership, Purchase
from tests.factories.accounts import UserFactory


class ClientGroupFactory(factory.django.DjangoModelFactory):
    """A listed group without members; nobody but its owner's services grant access."""

    class Meta:
        model = ClientGroup

    name = factory.Sequence(lambda n: f"Group {n}")
    owner = factory.SubFactory(UserFactory, manager=True)


class GroupAccessFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = GroupAccess

    client_group = factory.SubFactory(ClientGroupFactory)
    user = factory.SubFactory(UserFactory)
    role = "member"


class ClientFactory(factory.django.DjangoModelFactory):
    """A client in no group, owned by a project manager."""

    class Meta:
        model = Client

    name = factory.Sequence(lambda n: f"Client {n}")
    owner = factory.SubFactory(UserFactory, manager=True)


class ContactFactory(factory.django.DjangoModelFactory):
    """Somebody at a client who may be asked by e-mail."""

    class Meta:
        model = Contact

    client = factory.SubFactory(ClientFactory)
    name = factory.Sequence(lambda n: f"Contact {n}")
    email = factory.Sequence(lambda n: f"contact{n}@example.org")


class MembershipFactory(factory.django.DjangoModelFactory):
    """A client in a group since a year ago."""

    class Meta:
        model = Membership

    client_group = factory.SubFactory(ClientGroupFactory)
    client = factory.SubFactory(ClientFactory)
    valid_from = factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(days=365))


class PurchaseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Purchase

    client = factory.SubFactory(ClientFactory)
    bought_on = factory.LazyFunction(timezone.localdate)
    amount = "100.00"
    external_id = factory.Sequence(lambda n: f"P{n}")
