import datetime as dt
import secrets

import factory
from django.utils import timezone

from clientgroups.models import Activity, ActivityInvitation
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
)


class ActivityFactory(factory.django.DjangoModelFactory):
    """The draft of an event in ten days, by e-mail, for a group without clients."""

    class Meta:
        model = Activity

    class Params:
        invited = factory.Trait(status="invited")
        begun = factory.Trait(
            status="invited",
            starts_at=factory.LazyFunction(lambda: timezone.now() - dt.timedelta(hours=2)),
            ends_at=factory.LazyFunction(lambda: timezone.now() - dt.timedelta(hours=1)),
        )

    client_group = factory.SubFactory(ClientGroupFactory)
    name = factory.Sequence(lambda n: f"Harvest evening {n}")
    starts_at = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=10))
    owner = factory.SubFactory(UserFactory)


class ActivityInvitationFactory(factory.django.DjangoModelFactory):
    """A contact in the activity's group who was mailed and has not answered.

    `member=False`: the client is in none of its groups.
    """

    class Meta:
        model = ActivityInvitation
        skip_postgeneration_save = True

    activity = factory.SubFactory(ActivityFactory, invited=True)
    client = factory.SubFactory(ClientFactory)
    contact = factory.SubFactory(ContactFactory, client=factory.SelfAttribute("..client"))
    token = factory.LazyFunction(lambda: secrets.token_hex(32))
    sent_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def member(self, create, wanted, **kwargs):
        group = self.activity.client_group
        if wanted is not False and not self.client.memberships.filter(client_group=group).exists():
            MembershipFactory(client_group=group, client=self.client)


def person_in(group, **fields):
    """A contact of a new client that is in a group."""
    client = ClientFactory(**{k[8:]: fields.pop(k) for k in list(fields) if k[:8] == "client__"})
    MembershipFactory(client_group=group, client=client)
    return ContactFactory(client=client, **fields)
