import datetime as dt

import factory
from django.utils import timezone

from clientgroups.models import (
    Activity,
    ActivityInvitation,
    ClientHealth,
    ClientSilence,
    Interaction,
    RequestType,
    ServiceRequest,
    TouchPlan,
)
from projects.models import ProjectInteraction
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
)
from tests.factories.projects import ProjectFactory


class InteractionFactory(factory.django.DjangoModelFactory):
    """A call just now; figures of its client are left alone. Trait: promised (for today)."""

    class Meta:
        model = Interaction

    class Params:
        promised = factory.Trait(
            follow_up_on=factory.LazyFunction(timezone.localdate),
            follow_up_by=factory.SelfAttribute("by"),
            follow_up_note="Send the offer",
        )

    client = factory.SubFactory(ClientFactory)
    kind = Interaction.Kind.CALL
    summary = factory.Sequence(lambda n: f"Talk {n}")
    happened_at = factory.LazyFunction(timezone.now)
    by = factory.SubFactory(UserFactory)


def touch_in_group(**fields):
    """A touch with a member of a group, so that roles can be granted on its client."""
    membership = MembershipFactory()
    return InteractionFactory(client=membership.client, **fields)


class TouchPlanFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TouchPlan

    client_group = factory.SubFactory(ClientGroupFactory)
    every_days = 30
    begins_on = dt.date(2020, 1, 1)


class ClientHealthFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ClientHealth

    client = factory.SubFactory(ClientFactory)
    as_of = factory.LazyFunction(timezone.localdate)
    score = 60


class ClientSilenceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ClientSilence

    client = factory.SubFactory(ClientFactory)
    last_on = factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(days=60))
    usual_days = 14
    since = factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(days=10))


class RequestTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RequestType
        django_get_or_create = ("name",)

    name = "Question of the timeline"


class RequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ServiceRequest

    client = factory.SubFactory(ClientFactory)
    type = factory.SubFactory(RequestTypeFactory)
    subject = factory.Sequence(lambda n: f"Request {n}")
    opened_at = factory.LazyFunction(timezone.now)
    token = factory.Sequence(lambda n: f"touch-request-{n}")


class ActivityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Activity

    client_group = factory.SubFactory(ClientGroupFactory)
    name = factory.Sequence(lambda n: f"Open day {n}")
    owner = factory.SubFactory(UserFactory)


class ActivityInvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ActivityInvitation

    activity = factory.SubFactory(ActivityFactory)
    contact = factory.SubFactory(ContactFactory)
    client = factory.SelfAttribute("contact.client")
    token = factory.Sequence(lambda n: f"touch-invitation-{n}")
    sent_at = factory.LazyFunction(timezone.now)


class ProjectInteractionFactory(factory.django.DjangoModelFactory):
    """A talk with a member of the project's group."""

    class Meta:
        model = ProjectInteraction

    project = factory.SubFactory(ProjectFactory)
    interaction = factory.LazyAttribute(
        lambda link: InteractionFactory(
            client=MembershipFactory(client_group=link.project.client_group).client
        )
    )
