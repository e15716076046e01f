"""Stretches of time in rules: the last n units, a named month, quarter or year, or two days.

{"n": 30, "unit": "days"} · {"period": "last_quarter"} · {"from": "2026-01-01", "to": "2026-03-31"}
"""

import calendar
import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clientgroups.selectors.dates import months_before
from core import formats

UNITS = {
    "days": gettext_lazy("days"),
    "weeks": gettext_lazy("weeks"),
    "months": gettext_lazy("months"),
    "years": gettext_lazy("years"),
}
MOST = {"days": 36500, "weeks": 5200, "months": 1200, "years": 100}
# An anniversary comes once a year, so nobody looks further ahead.
AHEAD = {"days": 366, "weeks": 52, "months": 12, "years": 1}
NAMED = {
    "this_month": gettext_lazy("this month"),
    "last_month": gettext_lazy("in the last calendar month"),
    "this_quarter": gettext_lazy("this quarter"),
    "last_quarter": gettext_lazy("in the last calendar quarter"),
    "this_year": gettext_lazy("this year"),
    "last_year": gettext_lazy("in the last calendar year"),
}
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def clean_day(value: object) -> str:
    try:
        return dt.date.fromisoformat(str(value).strip()).isoformat()
    except ValueError:
        raise ValidationError(_("write a date such as 2026-03-31.")) from None


def clean_window(value: object, most: dict = MOST) -> dict:
    """The last, or the next, n units."""
    if not isinstance(value, dict) or set(value) - {"n", "unit"}:
        raise ValidationError(_("give a number of days, weeks, months or years."))
    n, unit = value.get("n"), value.get("unit")
    if isinstance(n, str) and n.strip().isascii() and n.strip().isdigit() and len(n) < 9:
        n = int(n)
    if not isinstance(unit, str) or unit not in UNITS:
        raise ValidationError(_("choose days, weeks, months or years."))
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= most[unit]:
        raise ValidationError(
            _("the number must be a whole one from 1 to %(most)s.") % {"most": most[unit]}
        )
    return {"n": n, "unit": unit}


def clean_period(value: object) -> dict:
    if isinstance(value, dict) and set(value) == {"period"}:
        if not isinstance(value["period"], str) or value["period"] not in NAMED:
            raise ValidationError(_("choose a month, quarter or year."))
        return {"period": value["period"]}
    if isinstance(value, dict) and set(value) == {"from", "to"}:
        found = {"from": clean_day(value["from"]), "to": clean_day(value["to"])}
        if found["from"] > found["to"]:
            raise ValidationError(_("the first day lies behind the last one."))
        return found
    return clean_window(value)


def window_start(window: dict, today: dt.date) -> dt.date:
    """The last day that is too old: "in the last 30 days" begins on the day after it."""
    n = window["n"]
    if window["unit"] in ("months", "years"):
        return months_before(today, n * (12 if window["unit"] == "years" else 1))
    days = n * (7 if window["unit"] == "weeks" else 1)
    return today - dt.timedelta(days=min(days, (today - dt.date.min).days))


def bounds(period: dict, today: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of a period, both of them inside."""
    if "from" in period:
        return dt.date.fromisoformat(period["from"]), dt.date.fromisoformat(period["to"])
    if "period" in period:
        return _named(period["period"], today)
    start = window_start(period, today)
    return (start + dt.timedelta(days=1) if start < today else today), today


def _named(name: str, today: dt.date) -> tuple[dt.date, dt.date]:
    which, _sign, unit = name.partition("_")
    size = MONTHS[unit]
    first = today.replace(day=1, month=(today.month - 1) // size * size + 1)
    if which == "last":
        first = months_before(first, size)
    last = months_before(first, 1 - size)
    return first, last.replace(day=calendar.monthrange(last.year, last.month)[1])


def ahead(window: dict, today: dt.date) -> dt.date:
    """The last day of "the next n units"."""
    n = window["n"]
    if window["unit"] in ("months", "years"):
        return months_before(today, -n * (12 if window["unit"] == "years" else 1))
    return today + dt.timedelta(days=n * (7 if window["unit"] == "weeks" else 1))


# In words ----------------------------------------------------------------------------------------


def span(window: dict) -> str:
    """60 days, 1 month."""
    n = window["n"]
    text = {
        "days": ngettext("%(n)s day", "%(n)s days", n),
        "weeks": ngettext("%(n)s week", "%(n)s weeks", n),
        "months": ngettext("%(n)s month", "%(n)s months", n),
        "years": ngettext("%(n)s year", "%(n)s years", n),
    }[window["unit"]]
    return text % {"n": formats.number(n)}


def when(period: dict) -> str:
    """In the last 60 days; in this quarter; between two days."""
    if "period" in period:
        return str(NAMED[period["period"]])
    if "from" in period:
        first, last = bounds(period, dt.date.min)
        days = {"first": formats.day(first), "last": formats.day(last)}
        return _("between %(first)s and %(last)s") % days
    return _("in the last %(span)s") % {"span": span(period)}
