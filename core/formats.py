"""Numbers and money as the reader's language writes them. No value is "–", never 0."""

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)
from django.utils import timezone
from django.utils.translation import get_language

NOTHING = "–"
# Signs without the country prefix that the data of some languages adds, such as CN¥ or US$.
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "KRW": "₩"}
LOCALES = {"en": "en_GB", "zh-hans": "zh_Hans_CN"}


def locale():
    """The Babel locale of the active language; English outside of any."""
    return _locale(LOCALES.get(get_language() or "en", "en_GB"))


@lru_cache
def _locale(name):
    return Locale.parse(name)


def dash(value):
    """The value, or a dash for "no data"."""
    return NOTHING if value is None or value == "" else value


def number(value, digits=None):
    """1234.5 as 1,234.5; `digits` fixes the places behind the point."""
    if value is None:
        return NOTHING
    pattern = "#,##0.###" if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(value, format=pattern, locale=locale())
    return text.replace("-", "−")


def signed(value, digits=1):
    """A change with its sign: +2.6, −1.0, ±0."""
    if value is None:
        return NOTHING
    rounded = round(Decimal(str(value)), digits)
    if not rounded:
        return "±0"
    return ("+" if rounded > 0 else "") + number(rounded, digits)


def compact(value):
    """486000 as 486K, in Chinese as 48.6万."""
    if value is None:
        return NOTHING
    return format_compact_decimal(value, locale=locale(), fraction_digits=1).replace("-", "−")


def percent(share, digits=0):
    """A share from 0 to 1 as per cent."""
    if share is None:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return format_percent(share, format=pattern, locale=locale()).replace("-", "−")


def money(value, currency="CNY"):
    """An amount with the sign of its currency; whole amounts without empty decimals."""
    if value is None:
        return NOTHING
    value = Decimal(str(value))
    digits = 0 if value == value.to_integral_value() else get_currency_precision(currency)
    if currency in SIGNS:
        text = SIGNS[currency] + number(abs(value), digits)
    else:
        pattern = "¤#,##0" + ("." + "0" * digits if digits else "")
        text = format_currency(
            abs(value), currency, format=pattern, locale=locale(), currency_digits=False
        )
    return f"−{text}" if value < 0 else text


def compact_money(value, currency="CNY"):
    """486000 CNY as ¥486K, in Chinese as ¥48.6万."""
    if value is None:
        return NOTHING
    sign = SIGNS.get(currency) or f"{currency} "
    return ("−" if value < 0 else "") + sign + compact(abs(value))


def interval(low, high):
    """Half of the width of an interval as ±1.9."""
    if low is None or high is None:
        return NOTHING
    return "±" + number((high - low) / 2, 1)


def day(value):
    """A date without the year when it is this year's: 2 Dec, in Chinese 12月2日."""
    if value is None:
        return NOTHING
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return _day(value, value.year == timezone.localdate().year, get_language())


@lru_cache(maxsize=4096)
def _day(value, this_year, _language):
    if this_year:
        return format_skeleton("MMMd", value, locale=locale())
    return format_date(value, format="medium", locale=locale())


def month(value):
    """The month of a date: Nov, in Chinese 11月; January carries its year."""
    if value is None:
        return NOTHING
    return format_skeleton("yMMM" if value.month == 1 else "MMM", value, locale=locale())
