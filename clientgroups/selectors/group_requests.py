"""Open requests of the clients of a group, the most pressing first."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, Count, DateTimeField, F, Q, QuerySet, When

from clientgroups.models import ClientGroup, ServiceRequest

SHOWN = 6

# What is due next: the first answer until it is given, then the resolution; nothing while paused.
NEXT_DUE = Case(
    When(paused_at__isnull=False, then=None),
    When(first_answered_at=None, then=F("first_answer_due_at")),
    default=F("resolution_due_at"),
    output_field=DateTimeField(),
)


@dataclass(frozen=True)
class Open:
    """How many requests are open, and how many of them are past what was promised."""

    total: int
    late: int


def of_group(group: ClientGroup) -> QuerySet[ServiceRequest]:
    """Open requests of today's members."""
    members = group.memberships.current().values("client")
    return ServiceRequest.objects.open().filter(client__in=members).annotate(next_due=NEXT_DUE)


def open_of(group: ClientGroup, now: dt.datetime) -> Open:
    """One query."""
    found = of_group(group).aggregate(
        total=Count("pk"), late=Count("pk", filter=Q(next_due__lt=now))
    )
    return Open(**found)


def group_panel(group: ClientGroup, now: dt.datetime) -> dict:
    """The most pressing open requests and their number; two queries."""
    rows = of_group(group).select_related("client", "assignee", "type")
    return {
        "open": open_of(group, now),
        "requests": rows.order_by(F("next_due").asc(nulls_last=True), "pk")[:SHOWN],
        "now": now,
    }
