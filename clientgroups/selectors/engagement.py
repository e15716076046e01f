"""What counts as engagement: a register of event sources, and the policy that weighs them.

An event is (client, day, kind); the kind names the weight in EngagementPolicy. Apps above add
their events when they load, so that one statement reads them all; see services.engagement.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clientgroups.models import (
    ActivityInvitation,
    EngagementPolicy,
    Interaction,
    LifecycleChange,
    Purchase,
    ServiceRequest,
)

# What counts as a touch, for touch plans: one of us and the client spoke, wrote or met, from
# either side, or they came to an activity. A note is ours alone; a survey answer, a purchase, a
# request and an invitation reach us without anybody of us having talked with the client.
TOUCHES = ("call", "visit", "email", "chat", "meeting", "attended")
WHAT_COUNTS = _(
    "Calls, visits, e-mails, chats and meetings count, from either side, and activities the client "
    "attended. Notes, survey answers, purchases and requests do not."
)


@dataclass(frozen=True)
class EventSource:
    """Events of one table: `rows(scope)` gives (client, day, kind) of the clients in a scope.

    `scope` is a filter over `client`, for example {"client__pk__range": (1, 500)}.
    """

    key: str
    label: str
    rows: Callable[[dict], QuerySet]


SOURCES: dict[str, EventSource] = {}
# Key -> the clients of whom a table tells something new since an instant.
CHANGES: dict[str, Callable[[dt.datetime], QuerySet]] = {}


def register_events(source: EventSource) -> None:
    """Let a table count for engagement; the same key again replaces the entry."""
    SOURCES[source.key] = source


def register_changes(key: str, clients: Callable[[dt.datetime], QuerySet]) -> None:
    """Let the sweep find clients whose figures are to be worked out again before the night."""
    CHANGES[key] = clients


def changed_clients(since: dt.datetime) -> set[int]:
    """Clients about whom something was written since an instant, as far as rows carry one."""
    return {key for clients in CHANGES.values() for key in clients(since)}


def engagement_policy() -> EngagementPolicy:
    """The policy row, or its defaults while nobody has changed them."""
    return EngagementPolicy.objects.filter(pk=1).first() or EngagementPolicy(pk=1)


def weights_of(policy: EngagementPolicy) -> dict[str, float]:
    """Weight per kind of event, in the order of the policy."""
    kinds = ("call", "visit", "email", "chat", "meeting")
    more = ("accepted", "attended", "survey", "request", "purchase")
    return {kind: float(getattr(policy, kind)) for kind in (*kinds, *more)}


def day_of(field: str) -> TruncDate:
    """The day of an instant where the installation stands."""
    return TruncDate(field, tzinfo=timezone.get_default_timezone())


def _interactions(scope):
    rows = Interaction.objects.touches().filter(**scope)
    return rows.order_by().values_list("client", day_of("happened_at"), "kind")


def _purchases(scope):
    rows = Purchase.objects.filter(amount__gte=0, **scope)
    return rows.order_by().values_list("client", F("bought_on"), Value("purchase"))


def _requests(scope):
    rows = ServiceRequest.objects.filter(**scope)
    return rows.order_by().values_list("client", day_of("opened_at"), Value("request"))


def _accepted(scope):
    rows = ActivityInvitation.objects.filter(answer="accepted", answered_at__isnull=False, **scope)
    return rows.order_by().values_list("client", day_of("answered_at"), Value("accepted"))


def _attended(scope):
    rows = ActivityInvitation.objects.filter(attended=True, **scope).alias(
        came_at=Coalesce("activity__starts_at", "answered_at", "sent_at")
    )
    rows = rows.filter(Q(came_at__isnull=False)).order_by()
    return rows.values_list("client", day_of("came_at"), Value("attended"))


register_events(EventSource("interaction", _("Calls, visits, messages, meetings"), _interactions))
register_events(EventSource("purchase", _("Purchases"), _purchases))
register_events(EventSource("request", _("Service requests"), _requests))
register_events(EventSource("accepted", _("Accepted invitations"), _accepted))
register_events(EventSource("attended", _("Attended activities"), _attended))


def _asked(since):
    moments = (
        "opened_at",
        "first_answered_at",
        "resolved_at",
        "rated_at",
        "resolution_breached_at",
    )
    new = Q()
    for name in (*moments, "resolution_breached_at"):
        new |= Q(**{f"{name}__gte": since})
    return ServiceRequest.objects.filter(new).order_by().values_list("client", flat=True)


def _answered(since):
    rows = ActivityInvitation.objects.filter(answered_at__gte=since)
    return rows.order_by().values_list("client", flat=True)


def _moved(since):
    return LifecycleChange.objects.filter(at__gte=since).order_by().values_list("client", flat=True)


register_changes("request", _asked)
register_changes("activity", _answered)
register_changes("stage", _moved)
