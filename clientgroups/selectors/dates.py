import calendar
import datetime as dt

from django.utils import timezone


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day some months earlier, or the last day of a month that is too short."""
    index = day.year * 12 + day.month - 1 - months
    year, month = max(index // 12, 1), index % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def today_here() -> dt.date:
    """The day of this installation, which no reader's time zone moves.

    Stages and scores are worked out for one day for everybody; a reader in Auckland must not make
    them a day ahead of what the nightly run says.
    """
    return timezone.localdate(timezone=timezone.get_default_timezone())
