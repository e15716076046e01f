"""How an activity reads for one person: its text, its time in their zone, its calendar file."""

import datetime as dt
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_name
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from clientgroups.models import Activity, ActivityInvitation, Contact
from core import formats, ics


def invitation_text(activity: Activity, language: str) -> str:
    """The invitation in a language, or in the other when this one is empty."""
    chinese = language.startswith("zh")
    first, second = activity.text_zh, activity.text
    return ((first or second) if chinese else (second or first)).strip()


def zone_of(contact: Contact, owner: User) -> ZoneInfo:
    """The zone a contact reads times in: their own, or that of the person who invites."""
    return ZoneInfo(contact.time_zone) if contact.time_zone else owner.zone


def when_of(activity: Activity, zone: dt.tzinfo) -> str:
    """Begin and end with the name of the time zone, in the active language; '' without a begin."""
    if activity.starts_at is None:
        return ""
    locale = formats.locale()
    starts = timezone.localtime(activity.starts_at, zone)
    text = f"{format_date(starts, 'full', locale=locale)} {_clock(starts, locale)}"
    if activity.ends_at:
        ends = timezone.localtime(activity.ends_at, zone)
        if ends.date() != starts.date():
            text += f" – {format_date(ends, 'full', locale=locale)} {_clock(ends, locale)}"
        elif ends != starts:
            text += f"–{_clock(ends, locale)}"
    return f"{text} ({get_timezone_name(starts, locale=locale)})"


def _clock(moment, locale):  # noqa: ANN001, ANN202
    return format_time(moment, "HH:mm", locale=locale)


def event_of(invitation: ActivityInvitation) -> ics.Event:
    """The activity as a contact's calendar keeps it; the time must be set."""
    activity = invitation.activity
    site = settings.SITE_URL.rstrip("/")
    return ics.Event(
        uid=f"activity-{activity.pk}@{urlsplit(site).hostname}",
        starts_at=activity.starts_at,
        ends_at=activity.ends_at,
        changed_at=timezone.now(),
        summary=activity.name,
        description=invitation_text(activity, invitation.contact.language),
        place=activity.place,
        url=site + invitation.get_absolute_url(),
        sequence=activity.version - 1,
        cancelled=activity.status == Activity.Status.CANCELLED,
    )
