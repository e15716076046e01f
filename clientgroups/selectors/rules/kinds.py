"""Operators by kind of field: which there are, what value each takes, and its condition."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    IsNull,
    IStartsWith,
    LessThan,
    LessThanOrEqual,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clientgroups.selectors.dates import months_before

NOTHING, ONE, WINDOW = "nothing", "one", "window"
UNITS = {"days": gettext_lazy("days"), "months": gettext_lazy("months")}
TEXT_LIMIT = 200
MOST = {"days": 36500, "months": 1200}


@dataclass(frozen=True)
class Operator:
    """`takes` says what stands in `value`: nothing, one value, or a window {"n", "unit"}."""

    label: str
    takes: str = ONE


CHOICE = {"is": Operator(gettext_lazy("is")), "is_not": Operator(gettext_lazy("is not"))}
TEXT = {
    "contains": Operator(gettext_lazy("contains")),
    "not_contains": Operator(gettext_lazy("does not contain")),
    "starts": Operator(gettext_lazy("starts with")),
    "is": Operator(gettext_lazy("is exactly")),
    "empty": Operator(gettext_lazy("is empty"), NOTHING),
}
NUMBER = {
    "gte": Operator(gettext_lazy("is at least")),
    "lte": Operator(gettext_lazy("is at most")),
    "eq": Operator(gettext_lazy("equals")),
}
DATE = {
    "within": Operator(gettext_lazy("lies in the last"), WINDOW),
    "older": Operator(gettext_lazy("lies further back than"), WINDOW),
    "from": Operator(gettext_lazy("is on or after")),
    "before": Operator(gettext_lazy("is before")),
    "empty": Operator(gettext_lazy("is unknown"), NOTHING),
}
YES_NO = {"is": Operator(gettext_lazy("is"))}
OPERATORS = {
    "choice": CHOICE,
    "text": TEXT,
    "number": NUMBER,
    "date": DATE,
    "yes_no": YES_NO,
    "group": CHOICE,
    "product": {"contains": Operator(gettext_lazy("contains"))},
}


def window_start(window: dict, today: dt.date) -> dt.date:
    """The last day that is too old: "in the last 30 days" begins on the day after it."""
    if window["unit"] == "months":
        return months_before(today, window["n"])
    return today - dt.timedelta(days=min(window["n"], (today - dt.date.min).days))


# Checking what was handed in ---------------------------------------------------------------------


def clean_window(value: object) -> dict:
    if not isinstance(value, dict) or set(value) - {"n", "unit"}:
        raise ValidationError(_("give a number of days or months."))
    n, unit = value.get("n"), value.get("unit")
    if isinstance(n, str) and n.strip().isascii() and n.strip().isdigit() and len(n) < 9:
        n = int(n)
    if unit not in UNITS:
        raise ValidationError(_("choose days or months."))
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST[unit]:
        raise ValidationError(
            _("the number must be a whole one from 1 to %(most)s.") % {"most": MOST[unit]}
        )
    return {"n": n, "unit": unit}


def clean_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValidationError(_("write a text."))
    value = value.strip()
    if len(value) > TEXT_LIMIT or "\x00" in value:
        raise ValidationError(_("the text may have at most 200 characters."))
    return value


def clean_number(value: object) -> str:
    """Kept as text, so that an amount stays exactly what was typed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValidationError(_("write a number."))
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValidationError(_("write a number such as 4 or 1000.50.")) from None
    if not number.is_finite() or abs(number) >= 10**12 or number.as_tuple().exponent < -6:
        raise ValidationError(_("the number is too large or too fine."))
    return format(number.normalize(), "f")


def clean_date(value: object) -> str:
    try:
        return dt.date.fromisoformat(str(value).strip()).isoformat()
    except ValueError:
        raise ValidationError(_("write a date such as 2026-03-31.")) from None


def clean_yes_no(value: object) -> bool:
    known = {True: True, False: False, "yes": True, "no": False}
    if not isinstance(value, bool | str) or value not in known:
        raise ValidationError(_("choose yes or no."))
    return known[value]


CLEAN = {
    "text": clean_text,
    "product": clean_text,
    "number": clean_number,
    "date": clean_date,
    "yes_no": clean_yes_no,
}


# Conditions --------------------------------------------------------------------------------------


def text_condition(expression, op, value):  # noqa: ANN001, ANN201
    known = Coalesce(expression, Value(""))
    if op == "empty":
        return Q(Exact(known, Value("")))
    if op == "not_contains":
        return ~Q(IContains(known, value))
    lookup = {"contains": IContains, "starts": IStartsWith}.get(op)
    return Q(lookup(known, value)) if lookup else Q(Exact(known, value))


def number_condition(expression, op, value):  # noqa: ANN001, ANN201
    lookup = {"gte": GreaterThanOrEqual, "lte": LessThanOrEqual, "eq": Exact}[op]
    return Q(lookup(expression, Decimal(value)))


def date_condition(expression, op, value, today):  # noqa: ANN001, ANN201
    if op == "empty":
        return Q(IsNull(expression, True))
    if op == "within":
        start = window_start(value, today)
        return Q(GreaterThan(expression, start)) & Q(LessThanOrEqual(expression, today))
    if op == "older":
        return Q(LessThanOrEqual(expression, window_start(value, today)))
    lookup = GreaterThanOrEqual if op == "from" else LessThan
    return Q(lookup(expression, dt.date.fromisoformat(value)))


def choice_condition(expression, op, value):  # noqa: ANN001, ANN201
    same = Q(Exact(expression, value))
    return same if op == "is" else ~same
