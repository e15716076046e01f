"""Dates and numbers as people and programs write them, without guessing silently."""

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _

YMD, DMY, MDY, SERIAL = "ymd", "dmy", "mdy", "serial"
DATE_ORDERS = {
    YMD: _("Year, month, day (2026-11-23, 20261123, 2026年11月23日)"),
    DMY: _("Day, month, year (23/11/2026, 23.11.2026, 23 Nov 2026)"),
    MDY: _("Month, day, year (11/23/2026, Nov 23, 2026)"),
    SERIAL: _("Excel day numbers (46349)"),
}
POINT, COMMA = "point", "comma"
DECIMALS = {
    POINT: _("Point (1,234.56)"),
    COMMA: _("Comma (1.234,56)"),
}
MISSING = frozenset(
    {
        "",
        "null",
        "none",
        "nan",
        "n/a",
        "na",
        "nil",
        "-",
        "--",
        "–",
        "—",
        "#n/a",
        "\\n",
        "无",
        "空",
        "nat",
    }
)
# Two figures for the year: up to this one they mean 20xx.
PIVOT = 69
EXCEL_START = dt.date(1899, 12, 30)

_Y_FIRST = re.compile(r"(\d{4})\s*[-/.年_]\s*(\d{1,2})\s*[-/.月_]\s*(\d{1,2})\s*日?(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?\d{2}:?\d{2}.*|\d{4}|\d{6}|\.0+)?")
_SHORT_Y = re.compile(r"(\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?!\d)")
_Y_LAST = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4}|\d{2})(?!\d)")
_D_MONTH = re.compile(
    r"(?:\w{2,10}\.?,?\s+)?(\d{1,2})(?:st|nd|rd|th|er|\.|º)?[\s\-/.]*(?:de\s+)?(\d{1,2}月|[^\W\d_]{3,12})\.?[\s\-/.,]*(?:de\s+)?'?(\d{4}|\d{2})(?!\d)"
)
_MONTH_D = re.compile(
    r"(?:\w{2,10}\.?,\s+)?([^\W\d_]{3,12})\.?[\s\-/]*(\d{1,2})(?:st|nd|rd|th)?"
    r"[\s\-/,]+(?:\w+ )?(\d{4})(?!\d)"
)
_Y_MONTH_D = re.compile(r"(\d{4})[\s\-/]+([^\W\d_]{3,12})\.?[\s\-/]+(\d{1,2})(?!\d)")
_SERIAL = re.compile(r"\d{1,5}(?:[.,]\d+)?")
_STAMP = re.compile(r"(\d{10}|\d{13})")
_AFTER_DATE = re.compile(r"\s*(?:$|[T ,]|上午|下午|\d{1,2}时)", re.IGNORECASE)

# English, German, French, Spanish, Italian, Portuguese, Dutch month names by their beginnings.
_MONTHS = {
    1: "jan ene gen",
    2: "feb fev fév",
    3: "mar mär mrz maa",
    4: "apr avr abr",
    5: "may mai mag mei",
    6: "jun juin giu",
    7: "jul juil lug",
    8: "aug aoû aou ago",
    9: "sep set",
    10: "oct okt out ott",
    11: "nov",
    12: "dec dez déc dic",
}
MONTHS = {name: number for number, names in _MONTHS.items() for name in names.split()}


def clean(text):
    """Full-width figures and signs made plain, blanks at the ends removed."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def is_missing(text):
    return text.casefold() in MISSING


def identifier(text):
    """A number of a client as written, leading zeros included; `12345.0` was whole once."""
    text = clean(text)
    whole, point, rest = text.partition(".")
    return whole if point and whole.isdigit() and rest and not rest.strip("0") else text


def _month(name):
    if name.endswith("月"):
        return int(name[:-1])
    low = name.casefold()
    if low.startswith(("juin", "juil")):
        return MONTHS[low[:4]]
    return MONTHS.get(low[:3])


def _year(text):
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < PIVOT else 1900)


def _day(year, month, day):
    try:
        return dt.date(_year(year), int(month), int(day))
    except ValueError:
        return None


def _at(pattern, text):
    """A match at the start that ends where a date may end: at a time of day or at the end."""
    match = pattern.match(text)
    return match if match and _AFTER_DATE.match(text, match.end()) else None


def parse_date(text, order):
    """The date a cell means when read in this order, or None; a time of day is left out."""
    text = clean(text)
    if order == SERIAL:
        if _SERIAL.fullmatch(text):
            return EXCEL_START + dt.timedelta(days=int(re.split("[.,]", text)[0]))
        order = YMD
    if order == YMD:
        return _year_first(text) or _named(text)
    if match := _at(_Y_LAST, text):
        first, second, year = match.groups()
        return _day(year, second, first) if order == DMY else _day(year, first, second)
    # The year says by itself that it stands first.
    if match := _at(_Y_FIRST, text) or _COMPACT.fullmatch(text):
        return _day(*match.groups())
    return _named(text)


def _year_first(text):
    if match := _at(_Y_FIRST, text):
        return _day(*match.groups())
    if match := _COMPACT.fullmatch(text):
        return _day(*match.groups())
    if match := _at(_SHORT_Y, text):
        return _day(*match.groups())
    return None


def _named(text):
    """A month by its name settles the order by itself."""
    for pattern, order in ((_D_MONTH, (2, 1, 0)), (_MONTH_D, (2, 0, 1)), (_Y_MONTH_D, (0, 1, 2))):
        match = _at(pattern, text)
        if match:
            year, month, day = (match.groups()[place] for place in order)
            number = _month(month)
            return _day(year, number, day) if number else None
    return None


def detect_date_order(values):
    """(order, share of values it reads); order is "" when day and month cannot be told apart."""
    values = values[:5000]
    if not values:
        return "", 0.0
    plain = [clean(value) for value in values]
    if all(_SERIAL.fullmatch(value) for value in plain):
        days = [int(re.split("[.,]", value)[0]) for value in plain]
        usual = sum(20_000 < day < 60_000 for day in days) / len(days)
        return SERIAL, usual
    read = {o: [parse_date(value, o) for value in plain] for o in (YMD, DMY, MDY)}
    good = {o: sum(d is not None for d in read[o]) for o in read}
    share = max(good.values()) / len(plain)
    first = sum(bool(_Y_FIRST.match(v) or _COMPACT.fullmatch(v)) for v in plain)
    if first >= len(plain) * 0.5 or good[YMD] > max(good[DMY], good[MDY]):
        return YMD, good[YMD] / len(plain)
    if good[DMY] == good[MDY]:
        if read[DMY] == read[MDY]:
            return DMY, share
        # German and Chinese dates with points put the day first; slashes say nothing.
        return (DMY, share) if all("." in v for v in plain[:50]) else ("", share)
    return (DMY if good[DMY] > good[MDY] else MDY), share


_SIGNS = re.compile(
    r"[¥￥$€£₩₹元円圆]|(?<![A-Za-z])(?:CNY|RMB|USD|EUR|GBP|JPY|HKD|TWD|CHF|US|HK|NT|kr|Fr)\.?(?![A-Za-z])",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")


def parse_number(text, decimal=POINT):
    """A Decimal, or None for what is no number; parentheses or a minus behind are negative."""
    text = _SIGNS.sub("", clean(text)).strip()
    text = text.replace("−", "-").replace("–", "-")
    negative = text.startswith("(") and text.endswith(")")
    if negative:
        text = text[1:-1].strip()
    if text.endswith("-") and text.count("-") == 1:
        negative, text = True, text[:-1].strip()
    if text.startswith("- "):
        text = "-" + text[2:].strip()
    thousands, point = (",", ".") if decimal == POINT else (".", ",")
    whole, mark, rest = text.partition(point)
    if thousands in rest or point in rest:
        return None
    whole = _without_groups(whole, thousands)
    if whole is None:
        return None
    text = f"{whole}.{rest}" if mark else whole
    if not _PLAIN.fullmatch(text) or len(text) > 60:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return -number if negative else number


_GROUPS = re.compile(
    r"[+-]?\d{1,3}(?:(?P<sign>[,.' ’])\d{3})(?:(?P=sign)\d{3})*|[+-]?\d{1,3}(?:,\d{2})*,\d{3}"
)
_FOURS = re.compile(r"[+-]?\d{1,4}(?:,\d{4})+")


def _without_groups(whole, thousands):
    """Thousands marks taken out where they stand right; None where they stand wrong."""
    marks = set(whole) - set("+-0123456789eE")
    if not marks:
        return whole
    if marks - {thousands, "'", " ", "’"} or not (
        _GROUPS.fullmatch(whole) or _FOURS.fullmatch(whole)
    ):
        return None
    return re.sub(r"[,.' ’]", "", whole)


def detect_decimal(values):
    """POINT or COMMA by what the column shows; "" when 1,234 could be read either way."""
    votes = {POINT: 0, COMMA: 0}
    unclear = 0
    for value in values[:5000]:
        text = clean(value)
        if "." not in text and "," not in text:
            continue
        with_point, with_comma = parse_number(text, POINT), parse_number(text, COMMA)
        if with_point is not None and with_comma is None:
            votes[POINT] += 1
        elif with_comma is not None and with_point is None:
            votes[COMMA] += 1
        elif with_point != with_comma:
            unclear += 1
    if votes[POINT] == votes[COMMA]:
        return "" if unclear or votes[POINT] else POINT
    return POINT if votes[POINT] > votes[COMMA] else COMMA


def number_share(values, decimal=POINT):
    """How many of the values are numbers, from 0 to 1."""
    values = values[:2000]
    return (
        sum(parse_number(value, decimal) is not None for value in values) / len(values)
        if values
        else 0.0
    )


CURRENCIES = {
    "¥": "CNY",
    "￥": "CNY",
    "元": "CNY",
    "圆": "CNY",
    "人民币": "CNY",
    "RMB": "CNY",
    "人民币元": "CNY",
    "CNH": "CNY",
    "$": "USD",
    "US$": "USD",
    "美元": "USD",
    "DOLLAR": "USD",
    "€": "EUR",
    "EURO": "EUR",
    "欧元": "EUR",
    "£": "GBP",
    "英镑": "GBP",
    "HK$": "HKD",
    "港币": "HKD",
    "港元": "HKD",
    "NT$": "TWD",
    "新台币": "TWD",
    "新臺幣": "TWD",
    "日元": "JPY",
    "日圆": "JPY",
    "円": "JPY",
    "₩": "KRW",
    "₹": "INR",
}
_CODE = re.compile(r"[A-Z]{3}")
_KNOWN = frozenset({*CURRENCIES.values(), "CHF"})
# Signs that several currencies share stand for the one that is expected, when it is among these.
_SHARED = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "BRL"}),
    "¥": frozenset({"CNY", "JPY"}),
    "元": frozenset({"CNY", "HKD", "TWD", "MOP"}),
}


def parse_currency(text):
    """A three-letter code, from a code, a sign or a Chinese name; None when it is none of them."""
    text = clean(text).upper()
    if text in CURRENCIES:
        return CURRENCIES[text]
    return text if _CODE.fullmatch(text) else None


def currency_beside(text, expected):
    """The currency that a sign or code beside a figure names, or None where there is none."""
    text = clean(text)
    if not any(sign not in "0123456789.,+- " for sign in text):
        return None
    marks = "".join(_SIGNS.findall(text)).upper().replace(".", "")
    if expected in _SHARED.get(marks, ()):
        return expected
    code = CURRENCIES.get(marks, marks)
    return code if code in _KNOWN else None


def currency_sign(values):
    """The currency whose sign stands in the cells, or None."""
    for value in values[:200]:
        for sign in ("HK$", "NT$", "€", "£", "¥", "￥", "元", "US$", "$"):
            if sign in value:
                return CURRENCIES[sign]
    return None
