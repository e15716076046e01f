"""Time in which a team works: opening hours, public holidays, own exceptions, clock changes.

Pure functions over a `Calendar`. An instant counts as open when its wall clock, in the zone of the
calendar, stands inside the hours of its date. So an hour that is skipped in spring is never open,
and one that comes twice in autumn counts twice. Days are walked, never minutes.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import holidays

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
# A calendar that is shut for so long is taken for one that never opens.
SHUT_FOR_GOOD = dt.timedelta(days=366)
FARTHEST = dt.timedelta(days=366 * 30)
# From and to, counted from midnight; 24 hours is the end of the day.
Span = tuple[dt.timedelta, dt.timedelta]


class NeverOpen(ValueError):  # noqa: N818 - says what the calendar is, not that code failed
    """The calendar does not open for a whole year, so nothing ever falls due."""


class TooFar(ValueError):  # noqa: N818
    """So many minutes take longer than thirty years."""


@dataclass(frozen=True)
class Calendar:
    """Seven days of hours, Monday first; `exceptions` are days with hours of their own.

    `country` is the code of the public holidays, empty for none. Its make-up working days (in
    China a Saturday or Sunday before or after a long holiday) have the hours of the first open
    day of the week.
    """

    time_zone: str
    week: tuple[tuple[Span, ...], ...]
    country: str = ""
    exceptions: tuple[tuple[dt.date, tuple[Span, ...]], ...] = ()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def own_days(self) -> dict[dt.date, tuple[Span, ...]]:
        return dict(self.exceptions)

    @cached_property
    def usual_day(self) -> tuple[Span, ...]:
        return next((spans for spans in self.week if spans), ())

    def hours_on(self, day: dt.date) -> tuple[Span, ...]:
        """The open spans of a date, in order."""
        if day in self.own_days:
            return self.own_days[day]
        if self.country:
            free, made_up = public_days(self.country, day.year)
            if day in made_up:
                return self.usual_day
            if day in free:
                return ()
        return self.week[day.weekday()]


def parse_span(pair: list[str]) -> Span:
    """[“09:00”, “18:00”] as a span; “24:00” is the end of the day. ValueError for anything else."""
    opens, closes = pair
    span = _since_midnight(opens), _since_midnight(closes)
    if span[0] >= span[1]:
        raise ValueError(f"{opens} is not before {closes}")
    return span


def _since_midnight(text: str) -> dt.timedelta:
    if text == "24:00":
        return DAY
    time = dt.time.fromisoformat(text)
    if time.tzinfo is not None:
        raise ValueError(f"{text} is not a wall clock time")
    return dt.timedelta(hours=time.hour, minutes=time.minute, seconds=time.second)


@lru_cache(maxsize=512)
def public_days(country: str, year: int) -> tuple[frozenset, frozenset]:
    """(public holidays, make-up working days) of a year; a code nobody knows has neither."""
    if not knows_country(country):
        return frozenset(), frozenset()
    # The neighbours, too: some days are moved across the turn of the year.
    found = holidays.country_holidays(country, years=(year - 1, year, year + 1))
    made_up = getattr(found, "weekend_workdays", ())
    return (
        frozenset(day for day in found if day.year == year),
        frozenset(day for day in made_up if day.year == year),
    )


def knows_country(code: str) -> bool:
    """Whether public holidays are known for a country of two letters."""
    return code in _countries()


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries(include_aliases=False))


def holiday_name(country: str, day: dt.date, language: str) -> str:
    """What a public holiday is called, in a language the source has; empty on any other day."""
    if not knows_country(country):
        return ""
    code = "zh_CN" if language.startswith("zh") else "en_US"
    return holidays.country_holidays(country, years=day.year, language=code).get(day) or ""


# The two questions ------------------------------------------------------------------------------


def add_minutes(calendar: Calendar, start: dt.datetime, minutes: int) -> dt.datetime:
    """The first instant by which so many open minutes have passed, in UTC.

    NeverOpen when there is nothing to count, TooFar when it would take more than thirty years.
    """
    left = minutes * MINUTE
    if left < dt.timedelta():
        raise ValueError("Minutes are counted forward only.")
    at = start.astimezone(dt.UTC)
    until = at + FARTHEST
    while left and at < until:
        opened = False
        for opens, closes in open_spans(calendar, at, at + SHUT_FOR_GOOD):
            opened = True
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        if not opened:
            raise NeverOpen(calendar.time_zone)
        at += SHUT_FOR_GOOD
    if left:
        raise TooFar(minutes)
    return at


def open_time(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """How long it was open between two instants; negative when the second comes first."""
    if end < start:
        return -open_time(calendar, end, start)
    spans = open_spans(calendar, start.astimezone(dt.UTC), end.astimezone(dt.UTC))
    return sum((closes - opens for opens, closes in spans), dt.timedelta())


def minutes_between(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> int:
    """Whole open minutes between two instants, towards zero; negative backwards."""
    time = open_time(calendar, start, end)
    return -(-time // MINUTE) if time < dt.timedelta() else time // MINUTE


def open_spans(
    calendar: Calendar, start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The open stretches between two UTC instants, in order."""
    for begin, stop, offset in _steady(calendar.zone, start, end):
        first, last = begin.replace(tzinfo=None) + offset, stop.replace(tzinfo=None) + offset
        midnight = dt.datetime.combine(first.date(), dt.time())
        while midnight < last:
            for opens, closes in calendar.hours_on(midnight.date()):
                one, other = max(first, midnight + opens), min(last, midnight + closes)
                if one < other:
                    yield (
                        (one - offset).replace(tzinfo=dt.UTC),
                        (other - offset).replace(tzinfo=dt.UTC),
                    )
            midnight += DAY


def _steady(
    zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[dt.datetime, dt.datetime, dt.timedelta]]:
    """Cut a stretch of UTC where the clock of the zone is changed: (from, to, offset)."""
    while start < end:
        stop, offset = min(start + DAY, end), _offset(zone, start)
        if _offset(zone, stop) != offset:
            stop = _change(zone, start, stop, offset)
        yield start, stop, offset
        start = stop


def _offset(zone: ZoneInfo, instant: dt.datetime) -> dt.timedelta:
    return instant.astimezone(zone).utcoffset()


def _change(
    zone: ZoneInfo, low: dt.datetime, high: dt.datetime, offset: dt.timedelta
) -> dt.datetime:
    """The first second after `low` at which the offset is another one."""
    seconds = int((high - low) / dt.timedelta(seconds=1))
    base = low.replace(microsecond=0)
    one, other = 0, seconds + 1
    while other - one > 1:
        middle = (one + other) // 2
        if _offset(zone, base + dt.timedelta(seconds=middle)) == offset:
            one = middle
        else:
            other = middle
    return min(base + dt.timedelta(seconds=other), high)
