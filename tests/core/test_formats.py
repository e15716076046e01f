import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone, translation
from django.utils.formats import date_format

from core import formats


@pytest.fixture(params=["en", "zh-hans"])
def language(request):
    with translation.override(request.param):
        yield request.param


@pytest.mark.parametrize(
    "write",
    [
        formats.number,
        formats.signed,
        formats.compact,
        formats.percent,
        formats.money,
        formats.compact_money,
        formats.dash,
        formats.day,
        formats.month,
        lambda value: formats.interval(value, 3),
        lambda value: formats.interval(3, value),
    ],
)
def test_no_value_is_a_dash_and_never_zero(write, language):
    assert write(None) == "–"


def test_dash_keeps_zero():
    assert formats.dash(0) == 0
    assert formats.dash("") == "–"


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", ["1.2K", "486K", "12.3M"]), ("zh-hans", ["1234", "48.6万", "1234.6万"])],
)
def test_compact_counts_by_the_units_of_the_language(language, expected):
    with translation.override(language):
        assert [formats.compact(n) for n in (1234, 486_000, 12_345_678)] == expected


def test_unknown_language_reads_english():
    with translation.override("fr"):
        assert formats.compact(486_000) == "486K"


def test_money_shows_its_sign_and_no_empty_decimals(language):
    assert formats.money(720_000) == "¥720,000"
    assert formats.money(Decimal("1234.50"), "EUR") == "€1,234.50"
    assert formats.money(-3, "USD") == "−$3"
    assert formats.money(Decimal("9.5"), "SEK").replace("\xa0", "") == "SEK9.50"
    assert formats.compact_money(-500, "SEK") == "−SEK 500"


def test_money_of_a_currency_without_cents_has_none(language):
    assert "." not in formats.money(Decimal("9.5"), "JPY")


def test_percent_takes_a_share(language):
    assert formats.percent(0.643) == "64%"
    assert formats.percent(-0.0625, 1) == "−6.2%"


def test_signed_tells_the_direction(language):
    assert [formats.signed(n) for n in (2.64, -1, 0.01)] == ["+2.6", "−1.0", "±0"]


def test_number_keeps_or_fixes_its_places(language):
    assert formats.number(1234.5) == "1,234.5"
    assert formats.number(3, 2) == "3.00"
    assert formats.number(-7, 0) == "−7"


def test_interval_is_half_its_width(language):
    assert formats.interval(79.3, 83.1) == "±1.9"


@time_machine.travel("2026-11-23")
@pytest.mark.parametrize(
    ("language", "this_year", "next_year"),
    [("en", "2 Dec", "2 Jan 2027"), ("zh-hans", "12月2日", "2027年1月2日")],
)
def test_day_names_the_year_only_when_it_is_another(language, this_year, next_year):
    with translation.override(language):
        assert formats.day(dt.date(2026, 12, 2)) == this_year
        assert formats.day(dt.date(2027, 1, 2)) == next_year


@time_machine.travel("2026-11-23")
def test_day_of_an_instant_is_the_readers_day():
    late = dt.datetime(2026, 11, 23, 20, 0, tzinfo=dt.UTC)

    with timezone.override("Asia/Shanghai"):
        assert formats.day(late) == "24 Nov"
        assert formats.day(dt.datetime(2026, 11, 23, 20, 0)) == "23 Nov"  # noqa: DTZ001


def test_month_carries_its_year_in_january():
    assert formats.month(dt.date(2026, 11, 5)) == "Nov"
    assert formats.month(dt.date(2027, 1, 5)) == "Jan 2027"


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("en", "23 Nov 2026", "23 Nov 2026, 15:08"),
        ("zh-hans", "2026年11月23日", "2026年11月23日 15:08"),
    ],
)
def test_dates_of_templates_put_the_day_where_readers_expect_it(language, day, moment):
    when = dt.datetime(2026, 11, 23, 15, 8, tzinfo=dt.UTC)

    with translation.override(language):
        assert date_format(when, "SHORT_DATE_FORMAT") == day
        assert date_format(when, "SHORT_DATETIME_FORMAT") == moment
