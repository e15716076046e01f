"""The typed fields that an installation keeps about each client beside the built-in ones."""

import datetime as dt
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clientgroups.models import CustomField
from core import formats

TEXT_LIMIT = 500
# Beyond it a JSON number loses digits.
LARGEST = 10**15
YES = {"true", "yes", "1", "on", "是"}
NO = {"false", "no", "0", "off", "否"}


def custom_fields() -> QuerySet[CustomField]:
    """The fields in use, in their order."""
    return CustomField.objects.filter(archived_at=None)


def clean_custom(values: dict, fields: list[CustomField] | None = None) -> dict:
    """Values as they are stored; ValidationError names each that does not fit its field.

    Empty values come back as None. The fields may be handed in where many clients are checked.
    """
    known = {field.key: field for field in (custom_fields() if fields is None else fields)}
    cleaned, wrong = {}, []
    for key, value in values.items():
        field = known.get(key)
        if field is None:
            wrong.append(_("There is no custom field “%(key)s”.") % {"key": str(key)[:40]})
            continue
        try:
            cleaned[key] = clean_value(field, value)
        except ValidationError as problem:
            wrong.append(f"{field.title}: {problem.messages[0]}")
    if wrong:
        raise ValidationError({"custom": wrong})
    return cleaned


def clean_value(field: CustomField, value: object) -> object:
    """One value as the field stores it; None when it is empty."""
    if isinstance(value, str):
        value = value.replace("\x00", "").strip()
    if value is None or value == "":
        return None
    return CLEAN[field.kind](field, value)


def _text(field, value):  # noqa: ANN001, ANN202
    if len(str(value)) > TEXT_LIMIT:
        raise ValidationError(_("Write at most %(n)s characters.") % {"n": TEXT_LIMIT})
    return str(value)


def _number(field, value):  # noqa: ANN001, ANN202
    wrong = ValidationError(_("Write a number, such as 12 or 3.5."))
    if isinstance(value, bool):
        raise wrong
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise wrong from None
    if not number.is_finite() or abs(number) >= LARGEST:
        raise wrong
    return int(number) if number == number.to_integral_value() else float(number)


def _date(field, value):  # noqa: ANN001, ANN202
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return value.isoformat()
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValidationError(_("Write a date as year-month-day, such as 2026-11-23.")) from None


def _yes_no(field, value):  # noqa: ANN001, ANN202
    text = str(value).lower()
    if text in YES:
        return True
    if text in NO:
        return False
    raise ValidationError(_("Write yes or no."))


def _choice(field, value):  # noqa: ANN001, ANN202
    offered = [str(choice) for choice in field.choices]
    if str(value) not in offered:
        raise ValidationError(
            _("Choose one of: %(values)s.") % {"values": ", ".join(offered[:20]) or "–"}
        )
    return str(value)


Kind = CustomField.Kind
CLEAN = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
}


def shown(field: CustomField, value: object) -> str:
    """A stored value as a person reads it."""
    if value is None or value == "":
        return "–"
    if field.kind == Kind.YES_NO:
        return _("Yes") if value is True else _("No")
    if field.kind == Kind.NUMBER and isinstance(value, int | float):
        return formats.number(value) if isinstance(value, int) else formats.number(value, 2)
    if field.kind == Kind.DATE:
        try:
            return formats.day(dt.date.fromisoformat(str(value)))
        except ValueError:
            return str(value)
    return str(value)


def custom_pairs(client, fields: list[CustomField]) -> list[tuple[str, str]]:  # noqa: ANN001
    """(label, value) of the fields that a client has a value for."""
    return [
        (field.title, shown(field, client.custom[field.key]))
        for field in fields
        if client.custom.get(field.key) not in (None, "")
    ]
