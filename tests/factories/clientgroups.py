import datetime as dt
from decimal import Decimal

import factory
from django.utils import timezone

from accounts.permissions import Role
from clientgroups.models import (
    Client,
    ClientGroup,
    Contact,
    GroupAccess,
    LifecycleChange,
    Membership,
    Purchase,
)
from tests.factories.accounts import UserFactory


class ClientFactory(factory.django.DjangoModelFactory):
    """A potential client without contacts or purchases."""

    class Meta:
        model = Client

    name = factory.Sequence(lambda n: f"Client {n}")
    external_id = factory.Sequence(lambda n: f"N{n:05d}")
    owner = factory.SubFactory(UserFactory)


class ContactFactory(factory.django.DjangoModelFactory):
    """Somebody who may be sent surveys; trait: chinese."""

    class Meta:
        model = Contact

    class Params:
        chinese = factory.Trait(language="zh-hans")

    client = factory.SubFactory(ClientFactory)
    name = factory.Sequence(lambda n: f"Contact {n}")
    email = factory.Sequence(lambda n: f"contact{n}@example.com")


class PurchaseFactory(factory.django.DjangoModelFactory):
    """One purchase; the derived figures of its client are left alone."""

    class Meta:
        model = Purchase

    client = factory.SubFactory(ClientFactory)
    bought_on = factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(days=10))
    amount = Decimal("100.00")
    external_id = factory.Sequence(lambda n: f"P{n}")


class ClientGroupFactory(factory.django.DjangoModelFactory):
    """A listed group without members; its owner holds no role. Trait: dynamic (loyal clients)."""

    class Meta:
        model = ClientGroup

    class Params:
        dynamic = factory.Trait(
            kind=ClientGroup.Kind.DYNAMIC,
            rule={"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]},
        )

    name = factory.Sequence(lambda n: f"Group {n}")
    owner = factory.SubFactory(UserFactory)


class GroupAccessFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = GroupAccess

    client_group = factory.SubFactory(ClientGroupFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.MEMBER


class MembershipFactory(factory.django.DjangoModelFactory):
    """A membership that began today and is open."""

    class Meta:
        model = Membership

    client_group = factory.SubFactory(ClientGroupFactory)
    client = factory.SubFactory(ClientFactory)


class LifecycleChangeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LifecycleChange

    client = factory.SubFactory(ClientFactory)
    before = Client.Stage.POTENTIAL
    after = Client.Stage.EXISTING
    as_of = factory.LazyFunction(timezone.localdate)
    reason = "Signed the contract"
