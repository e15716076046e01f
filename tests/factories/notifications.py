import factory

from notifications.models import Message
from tests.factories.accounts import UserFactory


class MessageFactory(factory.django.DjangoModelFactory):
    """A message to a person who signs in, waiting to be mailed; trait: contact (no person)."""

    class Meta:
        model = Message

    class Params:
        contact = factory.Trait(
            recipient=None, address=factory.Sequence(lambda n: f"contact{n}@example.net")
        )

    recipient = factory.SubFactory(UserFactory)
    address = factory.LazyAttribute(lambda message: message.recipient.email)
    kind = "task.assigned"
    subject = factory.Sequence(lambda n: f"Task {n} is yours")
    body = "Please write the plan."
    url = "/my-work/"
    dedupe_key = factory.Sequence(lambda n: f"task.assigned:{n}")
