"""What people promised at a touch and have not done yet."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy

from accounts.models import User
from clientgroups.models import Client, GroupAccess, Interaction, Membership
from notifications.models import Message

DUE = "follow_up.due"
# A job that stood still is caught up for so long; older promises are no news to anybody.
LATE_DAYS = 3


def follow_ups(user: User, *, everyone: bool = False) -> QuerySet[Interaction]:
    """Open follow-ups of the person, due first; or those of all clients the person sees."""
    rows = Interaction.objects.visible_to(user).awaiting_follow_up()
    rows = rows.filter(client__archived_at=None)
    if not everyone:
        rows = rows.filter(follow_up_by=user)
    rows = rows.select_related("client", "contact", "by", "follow_up_by")
    return rows.order_by("follow_up_on", "pk")


@dataclass(frozen=True)
class Bunch:
    """Follow-ups under one heading."""

    label: str
    rows: list[Interaction]
    tone: str = ""


def in_bunches(rows: list[Interaction], today: dt.date) -> list[Bunch]:
    """Overdue, today, the next seven days, later; empty ones are left out."""
    week = today + dt.timedelta(days=7)
    tests = (
        (gettext_lazy("Overdue"), "late", lambda day: day < today),
        (gettext_lazy("Today"), "risk", lambda day: day == today),
        (gettext_lazy("In the next seven days"), "", lambda day: today < day <= week),
        (gettext_lazy("Later"), "", lambda day: day > week),
    )
    bunches = [
        Bunch(str(label), [row for row in rows if fits(row.follow_up_on)], tone)
        for label, tone, fits in tests
    ]
    return [bunch for bunch in bunches if bunch.rows]


def dedupe_key(touch: Interaction) -> str:
    """Another date makes a new key, and so a new reminder."""
    return f"{DUE}:{touch.pk}:{touch.follow_up_on.isoformat()}"


def to_remind(now: dt.datetime) -> QuerySet[Interaction]:
    """Follow-ups that are due somewhere on earth and were not called to mind yet.

    People who may no longer see the client, or have left, are not told about it.
    """
    today = now.astimezone(dt.UTC).date()
    person = OuterRef("follow_up_by")
    member = Membership.objects.current().filter(
        client=OuterRef("client"),
        client_group__in=GroupAccess.objects.filter(user=OuterRef(person)).values("client_group"),
    )
    told = Message.objects.filter(
        address=OuterRef("follow_up_by__email"),
        dedupe_key=Concat(
            Value(f"{DUE}:"),
            Cast(OuterRef("pk"), CharField()),
            Value(":"),
            Cast(OuterRef("follow_up_on"), CharField()),
            output_field=CharField(),
        ),
    )
    return (
        Interaction.objects.awaiting_follow_up()
        .filter(
            Q(Exists(member))
            | Q(client__owner=F("follow_up_by"))
            | Q(follow_up_by__is_superuser=True)
            | Q(follow_up_by__role=User.Role.ADMIN),
            follow_up_on__gte=today - dt.timedelta(days=LATE_DAYS),
            follow_up_on__lte=today + dt.timedelta(days=1),
            follow_up_by__is_active=True,
            client__in=Client.objects.active(),
        )
        .exclude(Exists(told))
        .select_related("client", "follow_up_by")
        .defer("text")
        .order_by("follow_up_by", "follow_up_on", "pk")
    )
