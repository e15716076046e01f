"""Months, quarters and years, and the spans that are fair to compare with them."""

import calendar
import datetime as dt
from dataclasses import dataclass, replace

from babel.dates import format_skeleton
from django.utils.translation import gettext as _

from clientgroups.selectors.dates import months_before
from core import formats

MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """A span of days, both inclusive. A partial one is not over: it ends today for now."""

    kind: str
    start: dt.date
    end: dt.date
    partial: bool = False

    @property
    def label(self) -> str:
        return period_label(self.kind, self.start)

    @property
    def before(self) -> dt.date:
        """The day before it begins: who was active then could be kept."""
        return self.start - DAY


def period_label(kind: str, start: dt.date) -> str:
    if kind == "year":
        return _("%(year)s") % {"year": start.year}
    if kind == "quarter":
        found = {"quarter": (start.month + 2) // 3, "year": start.year}
        return _("Q%(quarter)s %(year)s") % found
    return format_skeleton("yMMM", start, locale=formats.locale())


def first_day(kind: str, day: dt.date) -> dt.date:
    """The day on which the period of a day begins."""
    months = MONTHS[kind]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def last_day(kind: str, start: dt.date) -> dt.date:
    """The last day of the period that begins on a day, leap years included."""
    index = start.year * 12 + start.month - 1 + MONTHS[kind] - 1
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def periods(kind: str, today: dt.date, count: int) -> list[Period]:
    """The last `count` periods up to the one of today, oldest first."""
    first = first_day(kind, today)
    return [
        _period(kind, months_before(first, MONTHS[kind] * back), today)
        for back in reversed(range(count))
    ]


def _period(kind, start, today):  # noqa: ANN001, ANN202
    end = last_day(kind, start)
    return Period(kind, start, min(end, today), partial=end > today)


def previous(period: Period) -> Period:
    """The period before; of one that is not over, only as many days as have passed of it."""
    start = months_before(period.start, MONTHS[period.kind])
    return _like(period, start)


def year_before(period: Period) -> Period:
    """The same period a year earlier; of one that is not over, up to the same date.

    29 February is compared with 28 February.
    """
    start = months_before(period.start, 12)
    if not period.partial:
        return _like(period, start)
    return replace(period, start=start, end=months_before(period.end, 12))


def _like(period, start):  # noqa: ANN001, ANN202
    end = last_day(period.kind, start)
    if period.partial:
        end = min(end, start + (period.end - period.start))
    return replace(period, start=start, end=end)
