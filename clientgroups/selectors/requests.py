"""Which service requests a person sees, and what their pages show."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Least
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.permissions import Role
from clientgroups.models import (
    Client,
    Contact,
    GroupAccess,
    Membership,
    RequestMessage,
    ServiceRequest,
)
from clientgroups.selectors.events import events_of
from clientgroups.selectors.sla import (
    SOON_MINUTES,
    calendars,
    clocks_of,
    moments_in,
    working_time,
)

SHOWN_AT_CLIENT = 5
UNDOABLE = ("request.changed", "request.moved")
SERVING = (Role.MEMBER, Role.LEAD)


def visible_request(user: User, pk: int) -> ServiceRequest:
    """The request, or 404 when the person neither sees its client nor works on it."""
    rows = ServiceRequest.objects.visible_to(user).defer("search")
    return get_object_or_404(
        rows.select_related("client__owner", "contact", "type", "assignee", "sla", "follows"), pk=pk
    )


def undoable_change(request: ServiceRequest, pk: int) -> AuditEvent:
    """A recorded change of this very request that can be taken back, or 404."""
    for verb in UNDOABLE:
        found = events_of(request, verb).filter(pk=pk).first()
        if found:
            return found
    raise Http404


def servable_clients(user: User) -> QuerySet[Client]:
    """Clients whose requests the person may take: own ones, and of groups they work in."""
    rows = Client.objects.filter(archived_at=None)
    if user.sees_everything:
        return rows
    groups = GroupAccess.objects.filter(user=user, role__in=SERVING).values("client_group")
    member = Membership.objects.current().filter(client=OuterRef("pk"), client_group__in=groups)
    return rows.filter(Q(owner=user) | Exists(member))


def people_of(client: Client) -> QuerySet[User]:
    """Who may be given a request of this client: its owner and who works in its groups today."""
    groups = client.memberships.current().values("client_group")
    access = GroupAccess.objects.filter(client_group__in=groups, role__in=SERVING)
    return User.objects.filter(
        Q(pk=client.owner_id) | Q(pk__in=access.values("user")), is_active=True
    ).order_by("name", "pk")


def leads_of(client: Client) -> list[User]:
    """Who answers for a client: the leads of its groups today, or its owner without any."""
    groups = client.memberships.current().values("client_group")
    access = GroupAccess.objects.filter(client_group__in=groups, role=Role.LEAD)
    leads = User.objects.filter(pk__in=access.values("user"), is_active=True).order_by("pk")
    return list(leads) or ([client.owner] if client.owner.is_active else [])


def request_by_token(token: str) -> ServiceRequest | None:
    """What stands behind a personal link; nothing once the client was erased or they left."""
    rows = ServiceRequest.objects.filter(token=token, client__erased_at=None).defer("search")
    related = ("client", "contact", "type", "assignee", "sla__calendar")
    row = rows.select_related(*related).first()
    if row is None or (row.contact is not None and not row.contact.is_active):
        return None
    return row


# The queue --------------------------------------------------------------------------------------

WAITS = Q(status=ServiceRequest.Status.WAITING)
UNANSWERED = Q(first_answered_at=None)


def late(now: dt.datetime) -> Q:
    """Open, not waiting for the client, and past one of its due times."""
    answer = UNANSWERED & Q(first_answer_due_at__lt=now)
    return ~WAITS & (Q(resolution_due_at__lt=now) | answer)


def due_soon(now: dt.datetime, minutes: int = SOON_MINUTES) -> Q:
    """Open, not late, and due within so many open minutes of its own calendar."""
    found = Q(pk__in=[])
    for calendar, moment in moments_in(minutes, now).items():
        answer = UNANSWERED & Q(first_answer_due_at__lte=moment)
        found |= Q(sla__calendar=calendar) & (Q(resolution_due_at__lte=moment) | answer)
    return found & ~WAITS & ~late(now)


def with_next_due(rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    """Adds `next_due`: the earlier of what is due still; nothing while it waits or is done."""
    unanswered = Least("first_answer_due_at", "resolution_due_at")
    return rows.annotate(
        next_due=Case(
            When(status__in=["waiting", "resolved", "closed"], then=None),
            When(first_answered_at=None, then=unanswered),
            default=F("resolution_due_at"),
        )
    )


def queue_of(user: User) -> QuerySet[ServiceRequest]:
    rows = ServiceRequest.objects.visible_to(user).defer("search", "text", "outcome", "rating_text")
    return with_next_due(rows.select_related("client", "type", "assignee", "sla"))


def queue_counts(user: User, now: dt.datetime) -> dict[str, int]:
    """How many requests stand behind each chip of open ones; one statement."""
    rows = ServiceRequest.objects.visible_to(user).running()
    counts = rows.aggregate(
        mine=Count("pk", filter=Q(assignee=user)),
        unassigned=Count("pk", filter=Q(assignee=None)),
        late=Count("pk", filter=late(now)),
        waiting=Count("pk", filter=WAITS),
        open=Count("pk"),
    )
    return counts | {"": counts["open"]}


def with_clocks(rows: list[ServiceRequest], now: dt.datetime | None = None) -> list[ServiceRequest]:
    """Give each row `clocks` and `paused_time`; the calendars are read once."""
    known = calendars() if any(row.sla for row in rows) else {}
    for row in rows:
        row.clocks = clocks_of(row, known, now)
        row.paused_time = working_time(row.paused_minutes)
    return rows


# One request ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One line of the story of a request: a message, or a change of its state."""

    at: dt.datetime
    message: RequestMessage | None = None
    event: AuditEvent | None = None

    @property
    def side(self) -> str:
        """Who reads it: "client" wrote it, "team" wrote it to them, or it stays "internal"."""
        if self.message is None:
            return "event"
        if self.message.is_internal:
            return "internal"
        return "team" if self.message.author_id else "client"

    @property
    def status(self) -> ServiceRequest.Status | None:
        """The state a change led to."""
        value = self.event.changes.get("status", [None, None])[1] if self.event else None
        return ServiceRequest.Status(value) if value else None


def story_of(request: ServiceRequest) -> list[Entry]:
    """The conversation and the changes of state, oldest first."""
    messages = request.messages.select_related("author")
    events = AuditEvent.objects.filter(
        target_type=request._meta.label_lower, target_id=str(request.pk), changes__has_key="status"
    ).select_related("actor")
    entries = [Entry(row.at, message=row) for row in messages]
    entries += [Entry(row.at, event=row) for row in events]
    return sorted(entries, key=lambda entry: (entry.at, entry.message is None))


def visible_conversation(request: ServiceRequest) -> list[RequestMessage]:
    """What the client may read: their own words and what the team wrote to them."""
    return list(request.messages.filter(is_internal=False).select_related("author"))


def contacts_of(client: Client) -> QuerySet[Contact]:
    return client.contacts.filter(is_active=True).order_by("name", "pk")


def client_panel(client: Client, user: User) -> dict:
    """The panel of the client page, under its own name so that contexts can be merged."""
    rows = ServiceRequest.objects.filter(client=client).defer("search", "text", "outcome")
    shown = with_next_due(rows.open().select_related("type", "assignee", "sla")).order_by(
        F("next_due").asc(nulls_last=True), "pk"
    )
    figures = rows.aggregate(
        open=Count("pk", filter=~Q(status__in=["resolved", "closed"])), all=Count("pk")
    )
    panel = {
        "rows": with_clocks(list(shown[:SHOWN_AT_CLIENT]), timezone.now()),
        "open": figures["open"],
        "all": figures["all"],
    }
    return {"service": panel}
