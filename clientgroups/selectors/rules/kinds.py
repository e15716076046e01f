"""Operators by kind of field: which there are, and what value each takes."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clientgroups.selectors.rules.periods import AHEAD, clean_day, clean_period, clean_window

NOTHING, ONE, MANY, RANGE = "nothing", "one", "many", "range"
PERIOD, WINDOW, NEXT = "period", "window", "next"
TEXT_LIMIT, MOST_VALUES = 200, 100
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Operator:
    """`takes` says what stands in `value`: nothing, one, many, a range, or a stretch of time."""

    label: str
    takes: str = ONE


EMPTY = {
    "known": Operator(gettext_lazy("is known"), NOTHING),
    "empty": Operator(gettext_lazy("is unknown"), NOTHING),
}
CHOICE = {
    "is": Operator(gettext_lazy("is")),
    "is_not": Operator(gettext_lazy("is not")),
    "one_of": Operator(gettext_lazy("is one of"), MANY),
    "none_of": Operator(gettext_lazy("is none of"), MANY),
}
TEXT = {
    "contains": Operator(gettext_lazy("contains")),
    "not_contains": Operator(gettext_lazy("does not contain")),
    "starts": Operator(gettext_lazy("starts with")),
    "ends": Operator(gettext_lazy("ends with")),
    "is": Operator(gettext_lazy("is exactly")),
    "is_not": Operator(gettext_lazy("is not")),
    "one_of": Operator(gettext_lazy("is one of"), MANY),
    "known": Operator(gettext_lazy("is filled in"), NOTHING),
    "empty": Operator(gettext_lazy("is empty"), NOTHING),
}
NUMBER = {
    "gte": Operator(gettext_lazy("is at least")),
    "lte": Operator(gettext_lazy("is at most")),
    "gt": Operator(gettext_lazy("is more than")),
    "lt": Operator(gettext_lazy("is less than")),
    "eq": Operator(gettext_lazy("equals")),
    "ne": Operator(gettext_lazy("is not")),
    "between": Operator(gettext_lazy("is between"), RANGE),
    **EMPTY,
}
DATE = {
    "within": Operator(gettext_lazy("falls"), PERIOD),
    "older": Operator(gettext_lazy("lies further back than"), WINDOW),
    "from": Operator(gettext_lazy("is on or after")),
    "before": Operator(gettext_lazy("is before")),
    "anniversary": Operator(gettext_lazy("has its anniversary in the next"), NEXT),
    **EMPTY,
}
SET = {
    "any_of": Operator(gettext_lazy("include one of"), MANY),
    "all_of": Operator(gettext_lazy("include all of"), MANY),
    "none_of": Operator(gettext_lazy("include none of"), MANY),
    "known": Operator(gettext_lazy("exist"), NOTHING),
    "empty": Operator(gettext_lazy("do not exist"), NOTHING),
}
YES_NO = {"is": Operator(gettext_lazy("is"))}
OPERATORS = {
    "choice": CHOICE | EMPTY,
    "text": TEXT,
    "number": NUMBER,
    "date": DATE,
    "set": SET,
    "yes_no": YES_NO,
    # A question about other rows that holds or does not: in a group, speaks a language.
    "group": CHOICE,
    "product": {
        "contains": Operator(gettext_lazy("contains")),
        "not_contains": Operator(gettext_lazy("never contains")),
    },
}


# Checking what was handed in ---------------------------------------------------------------------


def clean_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValidationError(_("write a text."))
    value = value.strip()
    if len(value) > TEXT_LIMIT:
        raise ValidationError(_("the text may have at most 200 characters."))
    # JSON may name halves of signs, which no database keeps.
    if UNSTORABLE.search(value):
        raise ValidationError(_("the text holds a sign that cannot be stored."))
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
    # Zero has one spelling only; a minus before it would look like a mistake.
    return format(number.normalize() + 0, "f")


def clean_yes_no(value: object) -> bool:
    known = {True: True, False: False, "yes": True, "no": False}
    if not isinstance(value, bool | str) or value not in known:
        raise ValidationError(_("choose yes or no."))
    return known[value]


CLEAN = {
    "text": clean_text,
    "product": clean_text,
    "number": clean_number,
    "date": clean_day,
    "yes_no": clean_yes_no,
}


def clean_range(value: object, clean) -> dict:  # noqa: ANN001
    if not isinstance(value, dict) or set(value) != {"low", "high"}:
        raise ValidationError(_("give a lowest and a highest value."))
    found = {name: clean(value[name]) for name in ("low", "high")}
    if Decimal(found["low"]) > Decimal(found["high"]):
        raise ValidationError(_("the lowest value is above the highest one."))
    return found


def clean_many(value: object, clean) -> list:  # noqa: ANN001
    """Each value once, in the order given."""
    if not isinstance(value, list) or not value:
        raise ValidationError(_("choose at least one value."))
    if len(value) > MOST_VALUES:
        raise ValidationError(
            _("it has more than %(most)s values. Split it into several conditions.")
            % {"most": MOST_VALUES}
        )
    return list(dict.fromkeys(clean(one) for one in value))


def clean_value(value: object, takes: str, clean) -> object:  # noqa: ANN001
    """What stands in `value`, by what the operator takes; `clean` checks a single one."""
    if takes == WINDOW:
        return clean_window(value)
    if takes == NEXT:
        return clean_window(value, AHEAD)
    if takes == PERIOD:
        return clean_period(value)
    if takes == MANY:
        return clean_many(value, clean)
    if takes == RANGE:
        return clean_range(value, clean)
    return clean(value)
