from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from accounts.clients import client_name
from accounts.models import AuditEvent, User
from accounts.trail import Change, changes_of, kind_of, sentence_of


@dataclass(frozen=True)
class SessionRow:
    """One place where a person is signed in."""

    pk: int
    address: str
    client: str
    signed_in_at: datetime
    is_current: bool


@dataclass(frozen=True)
class SecondFactor:
    """The second step of a person's sign-in."""

    active: bool
    codes_left: int


@dataclass(frozen=True)
class AuditRow:
    """One line of the audit trail, ready to be read."""

    event: AuditEvent
    text: str
    kind: str
    changes: list[Change]


def active_people() -> QuerySet[User]:
    """Everybody who signs in, by name; whoever offers a choice narrows it to the row at hand."""
    return User.objects.filter(is_active=True)


def live_sessions(user: User) -> QuerySet[UserSession]:
    """The recorded sessions of a person that the session store still knows."""
    live = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return UserSession.objects.filter(user=user, session_key__in=live)


def sessions_of(user: User, current_key: str | None) -> list[SessionRow]:
    """Where a person is signed in: this place first, then the newest."""
    rows = [
        SessionRow(
            pk=each.pk,
            address=each.ip,
            client=client_name(each.user_agent),
            signed_in_at=each.created_at,
            is_current=each.session_key == current_key,
        )
        for each in live_sessions(user).order_by("-created_at", "-pk")
    ]
    return sorted(rows, key=lambda row: not row.is_current)


def second_factor_of(user: User) -> SecondFactor:
    """Whether a person's sign-in asks for a code, and how many recovery codes are left."""
    found = {each.type: each for each in Authenticator.objects.filter(user=user)}
    codes = found.get(Authenticator.Type.RECOVERY_CODES)
    return SecondFactor(
        active=Authenticator.Type.TOTP in found,
        codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
    )


def own_session(user: User, pk: int) -> UserSession:
    """One session of this person; anybody else's is not found."""
    session = UserSession.objects.filter(user=user, pk=pk).first()
    if session is None:
        raise Http404
    return session


def audit_events() -> QuerySet[AuditEvent]:
    """The audit trail, newest first, with its people."""
    return AuditEvent.objects.select_related("actor")


def audit_row(event: AuditEvent) -> AuditRow:
    """One line of the trail in words."""
    return AuditRow(
        event=event,
        text=sentence_of(event),
        kind=kind_of(event),
        changes=list(changes_of(event)),
    )


def time_zones() -> list[str]:
    """Zones people live in, without the aliases of old systems."""
    regions = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Arctic/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(regions))]
