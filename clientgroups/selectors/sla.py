"""Service levels and their clocks: which level holds, when things fall due, how late they are."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.models import BusinessCalendar, RequestType, ServiceRequest, SlaPolicy
from core import business_time
from core.business_time import Calendar, NeverOpen, TooFar

# Open minutes: from here on the clock is shown as urgent, and its people are warned.
WARN_MINUTES = 30
SOON_MINUTES = 240


def policy_for(type_: RequestType, priority: str) -> SlaPolicy | None:
    """The service level of a type and priority; the one that names the type wins."""
    levels = SlaPolicy.objects.filter(Q(type=type_) | Q(type=None), priority=priority)
    levels = levels.select_related("calendar").prefetch_related("calendar__exceptions")
    return levels.order_by(F("type").asc(nulls_last=True)).first()


def due_times(
    policy: SlaPolicy | None, opened_at: dt.datetime, paused_minutes: int
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """When first answer and resolution are due; nothing is where the calendar never opens."""
    if policy is None:
        return None, None
    calendar = policy.calendar.business_time
    try:
        return tuple(
            business_time.add_minutes(calendar, opened_at, minutes + paused_minutes)
            for minutes in (policy.first_answer_minutes, policy.resolution_minutes)
        )
    except (NeverOpen, TooFar):
        return None, None


def calendars() -> dict[int, Calendar]:
    """Every calendar by its key, ready to count with; two queries, whatever a page shows."""
    rows = BusinessCalendar.objects.prefetch_related("exceptions")
    return {row.pk: row.business_time for row in rows}


def moments_in(minutes: int, now: dt.datetime) -> dict[int, dt.datetime]:
    """For each calendar the instant by which so many open minutes will have passed."""
    found = {}
    for pk, calendar in calendars().items():
        try:
            found[pk] = business_time.add_minutes(calendar, now, minutes)
        except (NeverOpen, TooFar):
            continue
    return found


# What a clock says ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clock:
    """One clock of one request. `minutes` are open minutes: left, or late when `is_late`."""

    due_at: dt.datetime
    minutes: int
    is_late: bool
    is_met: bool = False
    is_paused: bool = False

    @property
    def tone(self) -> str:
        if self.is_late:
            return "late"
        if self.is_met:
            return "ok"
        if self.is_paused:
            return "done"
        return "risk" if self.minutes <= SOON_MINUTES else "info"

    @property
    def icon(self) -> str:
        if self.is_paused:
            return "player-pause"
        if self.is_met:
            return "circle-check" if not self.is_late else "alert-circle"
        return "alert-circle" if self.is_late else "clock"

    @property
    def text(self) -> str:
        """A few words: due in 2 h, 40 min late, paused with 3 h left, in time."""
        time = {"time": working_time(self.minutes)}
        if self.is_met:
            return _("%(time)s late") % time if self.is_late else _("In time")
        if self.is_paused:
            if self.is_late:
                return _("Paused, %(time)s late") % time
            return _("Paused, %(time)s left") % time
        if self.is_late:
            return _("%(time)s late") % time
        return _("Due in %(time)s") % time


def working_time(minutes: int) -> str:
    """Open minutes in words; days would mean another length in each calendar, so hours it is."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": rest}
    if not rest or hours >= 10:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}


def clock_of(
    calendar: Calendar,
    due_at: dt.datetime,
    *,
    met_at: dt.datetime | None = None,
    paused_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Clock:
    """How a due time stands: against when it was met, when it was paused, or now."""
    moment = met_at or paused_at or now or timezone.now()
    late = moment > due_at
    one, other = (due_at, moment) if late else (moment, due_at)
    return Clock(
        due_at=due_at,
        minutes=business_time.minutes_between(calendar, one, other),
        is_late=late,
        is_met=met_at is not None,
        is_paused=met_at is None and paused_at is not None,
    )


@dataclass(frozen=True)
class Clocks:
    """Both clocks of a request; None where it has no service level."""

    answer: Clock | None
    resolution: Clock | None

    @property
    def next(self) -> Clock | None:
        """The one that matters now: the earlier that still runs, else the resolution's."""
        running = [each for each in (self.answer, self.resolution) if each and not each.is_met]
        return min(running, key=lambda each: each.due_at, default=self.resolution)


def clocks_of(
    row: ServiceRequest, known: dict[int, Calendar], now: dt.datetime | None = None
) -> Clocks:
    """The clocks of a request loaded with its service level."""
    calendar = known.get(row.sla.calendar_id) if row.sla else None
    if calendar is None or row.resolution_due_at is None:
        return Clocks(None, None)
    moment = {"now": now, "paused_at": row.paused_at}
    answer = row.first_answer_due_at and clock_of(
        calendar, row.first_answer_due_at, met_at=row.first_answered_at, **moment
    )
    resolution = clock_of(calendar, row.resolution_due_at, met_at=row.resolved_at, **moment)
    return Clocks(answer, resolution)
