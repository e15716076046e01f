import datetime as dt
import secrets
import uuid

import factory
from django.utils import timezone

from clientgroups.models import (
    BusinessCalendar,
    CannedAnswer,
    RequestMessage,
    RequestType,
    ServiceRequest,
    SlaPolicy,
)
from projects.models import RequestTask
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, MembershipFactory
from tests.factories.projects import TaskFactory


class CalendarFactory(factory.django.DjangoModelFactory):
    """Monday to Friday, 9 to 18 in Shanghai, without public holidays. Trait: always."""

    class Meta:
        model = BusinessCalendar

    class Params:
        always = factory.Trait(hours=[[["00:00", "24:00"]]] * 7, time_zone="UTC")

    name = factory.Sequence(lambda n: f"Calendar {n}")


class RequestTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RequestType

    name = factory.Sequence(lambda n: f"Type {n}")
    name_zh = factory.Sequence(lambda n: f"类型 {n}")


class SlaPolicyFactory(factory.django.DjangoModelFactory):
    """First answer in two open hours, resolved in ten, for normal requests of its own type."""

    class Meta:
        model = SlaPolicy

    type = factory.SubFactory(RequestTypeFactory)
    priority = "normal"
    first_answer_minutes = 120
    resolution_minutes = 600
    calendar = factory.SubFactory(CalendarFactory)


class ServiceRequestFactory(factory.django.DjangoModelFactory):
    """A new request without service level; traits: open, waiting, resolved, closed, grouped.

    `grouped` puts its client into a group, so that roles can be granted on it.
    """

    class Meta:
        model = ServiceRequest
        skip_postgeneration_save = True

    class Params:
        open = factory.Trait(status="open")
        waiting = factory.Trait(status="waiting", paused_at=factory.LazyFunction(timezone.now))
        resolved = factory.Trait(
            status="resolved",
            resolved_at=factory.LazyFunction(timezone.now),
            first_answered_at=factory.LazyFunction(timezone.now),
            outcome="Sent a new one.",
        )
        closed = factory.Trait(
            status="closed",
            resolved_at=factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=20)),
            first_answered_at=factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=20)),
            outcome="Sent a new one.",
        )

    client = factory.SubFactory(ClientFactory)
    type = factory.SubFactory(RequestTypeFactory)
    subject = factory.Sequence(lambda n: f"Request {n}")
    text = "The lid does not close."
    opened_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(hours=1))
    token = factory.LazyFunction(lambda: secrets.token_urlsafe(32))

    @factory.post_generation
    def grouped(self, create, extracted, **kwargs):
        if extracted:
            MembershipFactory(client=self.client)


class RequestMessageFactory(factory.django.DjangoModelFactory):
    """An answer of the team that the client reads; traits: internal, from_client."""

    class Meta:
        model = RequestMessage

    class Params:
        internal = factory.Trait(is_internal=True)
        from_client = factory.Trait(author=None)

    request = factory.SubFactory(ServiceRequestFactory)
    author = factory.SubFactory(UserFactory)
    text = "A new lid is on its way."
    submission_key = factory.LazyFunction(uuid.uuid4)


class CannedAnswerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CannedAnswer

    title = factory.Sequence(lambda n: f"Answer {n}")
    text = "Dear {contact}, {agent} looks after {number} of {client}."


def grouped_request(**fields):
    """A request whose client is in a group, for tests of roles."""
    return ServiceRequestFactory(grouped=True, **fields)


def linked_task(**fields):
    """A task made of a request whose client is in the group of the task's project."""
    task = TaskFactory()
    member = MembershipFactory(client_group=task.project.client_group)
    row = ServiceRequestFactory(client=member.client, **fields)
    return RequestTask.objects.create(request=row, task=task)
