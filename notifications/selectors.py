from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.http import Http404

from accounts.models import User
from notifications.models import Message


@dataclass(frozen=True)
class QueueState:
    """How the outgoing mail is doing, for the page of administrators."""

    waiting: int
    parked: int
    oldest_at: datetime | None


def inbox(user: User) -> QuerySet[Message]:
    """A person's messages, the unread first."""
    return Message.objects.inbox_of(user)


def unread_count(user: User) -> int:
    """The number on the bell of the top bar."""
    return Message.objects.filter(recipient=user).unread().count()


def inbox_message(user: User, pk: int) -> Message:
    """One message of this person; anybody else's is not found."""
    message = Message.objects.filter(recipient=user, pk=pk).first()
    if message is None:
        raise Http404
    return message


def queue_state() -> QueueState:
    """Waiting and given-up e-mails, and since when the oldest of them waits."""
    unsent = Q(state__in=[Message.State.WAITING, Message.State.LEASED])
    return QueueState(
        **Message.objects.exclude(state=Message.State.SENT).aggregate(
            waiting=Count("pk", filter=unsent),
            parked=Count("pk", filter=Q(state=Message.State.PARKED)),
            oldest_at=Min("created_at", filter=unsent),
        )
    )
