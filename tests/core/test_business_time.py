import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import business_time as bt

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
NINE_TO_SIX = (bt.parse_span(["09:00", "18:00"]),)
SPLIT = (bt.parse_span(["08:30", "12:00"]), bt.parse_span(["13:00", "17:30"]))
ROUND_THE_CLOCK = (bt.parse_span(["00:00", "24:00"]),)
CHINA = bt.Calendar("Asia/Shanghai", (NINE_TO_SIX,) * 5 + ((), ()), "CN")
BERLIN = bt.Calendar("Europe/Berlin", (SPLIT,) * 5 + ((), ()), "DE")
NIGHTS = bt.Calendar("America/New_York", ((bt.parse_span(["01:00", "02:30"]),),) * 7)
ALWAYS = bt.Calendar("Europe/Berlin", (ROUND_THE_CLOCK,) * 7)
# Half an hour of daylight saving, on a Sunday like everywhere.
LORD_HOWE = bt.Calendar("Australia/Lord_Howe", (SPLIT,) * 5 + (NINE_TO_SIX, NINE_TO_SIX))
# The clock goes back at midnight: the last hour of a date comes twice.
AZORES = bt.Calendar("Atlantic/Azores", ((bt.parse_span(["22:30", "24:00"]),),) * 7)
SHUT = bt.Calendar("Asia/Shanghai", ((),) * 7, "CN")
CALENDARS = [CHINA, BERLIN, NIGHTS, ALWAYS, LORD_HOWE, AZORES]


def at(text, zone="Asia/Shanghai"):
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def slow_minutes(calendar, start, end):
    """Minute by minute: is the wall clock inside the hours of its date?"""
    found, zone = 0, ZoneInfo(calendar.time_zone)
    while start < end:
        wall = start.astimezone(zone).replace(tzinfo=None)
        since = wall - dt.datetime.combine(wall.date(), dt.time())
        found += any(one <= since < other for one, other in calendar.hours_on(wall.date()))
        start += MINUTE
    return found


whole_minutes = st.datetimes(dt.datetime(2023, 1, 1), dt.datetime(2028, 12, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=dt.UTC)
)
any_instant = st.datetimes(dt.datetime(2023, 1, 1), dt.datetime(2028, 12, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=dt.UTC)
)
calendars = st.sampled_from(CALENDARS)
minutes = st.integers(0, 20_000)
# Days on which a clock of the calendars above is changed, and the leap day.
EDGES = ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2026-04-05", "2026-10-04"]
edge_days = st.sampled_from([*EDGES, "2028-02-29", "2026-02-14", "2026-12-31"])


# Against the slow reference --------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(calendars, whole_minutes, st.integers(0, 4 * 1440))
def test_minutes_between_equals_the_slow_count(calendar, start, length):
    end = start + length * MINUTE

    assert bt.minutes_between(calendar, start, end) == slow_minutes(calendar, start, end)


@settings(max_examples=60, deadline=None)
@given(calendars, edge_days, st.integers(-1440, 1440), st.integers(0, 2 * 1440))
def test_minutes_between_equals_the_slow_count_where_clocks_change(calendar, day, shift, length):
    start = at(day, "UTC") + shift * MINUTE
    end = start + length * MINUTE

    assert bt.minutes_between(calendar, start, end) == slow_minutes(calendar, start, end)


# Properties ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(calendars, any_instant, minutes)
def test_adding_and_counting_are_inverse(calendar, start, number):
    end = bt.add_minutes(calendar, start, number)

    assert end >= start
    assert bt.open_time(calendar, start, end) == number * MINUTE


@settings(deadline=None)
@given(calendars, any_instant, minutes, minutes)
def test_adding_twice_is_adding_the_sum(calendar, start, one, other):
    twice = bt.add_minutes(calendar, bt.add_minutes(calendar, start, one), other)

    assert twice == bt.add_minutes(calendar, start, one + other)


@settings(deadline=None)
@given(calendars, st.lists(any_instant, min_size=3, max_size=3))
def test_open_time_is_additive_and_antisymmetric(calendar, moments):
    one, two, three = moments

    whole = bt.open_time(calendar, one, three)
    assert bt.open_time(calendar, one, two) + bt.open_time(calendar, two, three) == whole
    assert bt.open_time(calendar, three, one) == -whole


@settings(deadline=None)
@given(calendars, any_instant, any_instant, minutes, minutes)
def test_adding_is_monotone(calendar, start, later, fewer, more):
    start, later = sorted([start, later])
    fewer, more = sorted([fewer, more])

    assert bt.add_minutes(calendar, start, fewer) <= bt.add_minutes(calendar, start, more)
    assert bt.add_minutes(calendar, start, more) <= bt.add_minutes(calendar, later, more)


# By hand ---------------------------------------------------------------------------------------


def test_make_up_saturday_is_worked():
    friday = at("2026-02-13 17:00")

    assert bt.add_minutes(CHINA, friday, 120) == at("2026-02-14 10:00")
    assert CHINA.hours_on(dt.date(2026, 2, 14)) == NINE_TO_SIX
    assert CHINA.hours_on(dt.date(2026, 2, 7)) == ()


def test_spring_festival_is_skipped():
    assert bt.add_minutes(CHINA, at("2026-02-14 17:30"), 60) == at("2026-02-24 09:30")


def test_own_exception_beats_holiday_and_make_up_day():
    half_day = (bt.parse_span(["09:00", "12:00"]),)
    own = ((dt.date(2026, 2, 14), ()), (dt.date(2026, 2, 16), half_day))
    calendar = bt.Calendar("Asia/Shanghai", CHINA.week, "CN", own)

    assert bt.minutes_between(calendar, at("2026-02-14 00:00"), at("2026-02-17 00:00")) == 180


def test_hour_skipped_in_spring_is_never_open():
    # In New York it is 01:59 and then 03:00.
    day = at("2026-03-08 00:00", "America/New_York")

    assert bt.minutes_between(NIGHTS, day, day.replace(hour=12)) == 60
    assert bt.add_minutes(NIGHTS, day, 61).astimezone(ZoneInfo("America/New_York")) == at(
        "2026-03-09 01:01", "America/New_York"
    )


def test_hour_that_comes_twice_in_autumn_counts_twice():
    day = at("2026-11-01 00:00", "America/New_York")

    assert bt.minutes_between(NIGHTS, day, day.replace(hour=12)) == 60 + 60 + 30


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_round_the_clock_has_the_hours_the_day_has(day, hours):
    start = at(f"{day} 00:00", "Europe/Berlin")
    end = start + dt.timedelta(days=1)

    assert bt.minutes_between(ALWAYS, start, end) == hours * 60


def test_leap_day_is_a_working_day():
    assert bt.minutes_between(BERLIN, at("2028-02-29 00:00"), at("2028-03-01 20:00")) > 0
    assert bt.minutes_between(CHINA, at("2028-02-29 00:00"), at("2028-03-01 00:00")) == 540


def test_half_a_minute_is_no_minute():
    start = at("2026-11-23 10:00")
    end = start + dt.timedelta(seconds=59)

    assert bt.minutes_between(CHINA, start, end) == 0
    assert bt.minutes_between(CHINA, end, start) == 0
    assert bt.minutes_between(CHINA, end + MINUTE, start) == -1


def test_nothing_to_add_is_the_moment_itself():
    night = at("2026-11-21 03:00")

    assert bt.add_minutes(CHINA, night, 0) == night
    assert bt.add_minutes(SHUT, night, 0) == night


# Refusals --------------------------------------------------------------------------------------


def test_calendar_that_never_opens_is_refused():
    with pytest.raises(bt.NeverOpen):
        bt.add_minutes(SHUT, at("2026-11-23 10:00"), 1)


def test_calendar_that_stops_opening_is_refused():
    week = ((),) * 7
    calendar = bt.Calendar("UTC", week, "", ((dt.date(2026, 11, 24), NINE_TO_SIX),))

    assert bt.add_minutes(calendar, at("2026-11-23 10:00"), 60) == at("2026-11-24 10:00", "UTC")
    with pytest.raises(bt.NeverOpen):
        bt.add_minutes(calendar, at("2026-11-23 10:00"), 541)


def test_more_than_thirty_years_are_refused():
    weekly = bt.Calendar("UTC", (NINE_TO_SIX,) + ((),) * 6)

    with pytest.raises(bt.TooFar):
        bt.add_minutes(weekly, at("2026-11-23 10:00"), 2_000_000_000)


def test_minutes_are_not_counted_backwards():
    with pytest.raises(ValueError, match="forward"):
        bt.add_minutes(CHINA, at("2026-11-23 10:00"), -1)


@pytest.mark.parametrize(
    "pair",
    [
        ["18:00", "09:00"],
        ["09:00", "09:00"],
        ["24:00", "24:00"],
        ["9", "x"],
        ["09:00+08:00", "10:00"],
    ],
)
def test_span_that_is_none_is_refused(pair):
    with pytest.raises(ValueError):  # noqa: PT011 - the text is for developers
        bt.parse_span(pair)


# Public holidays -------------------------------------------------------------------------------


def test_unknown_country_has_no_holidays():
    assert bt.public_days("XX", 2026) == (frozenset(), frozenset())
    assert bt.holiday_name("XX", dt.date(2026, 10, 1), "en") == ""
    assert not bt.knows_country("XX")
    assert bt.knows_country("CN")


def test_holidays_are_named_in_both_languages():
    day = dt.date(2026, 10, 1)

    assert bt.holiday_name("CN", day, "en") == "National Day"
    assert bt.holiday_name("CN", day, "zh-hans") == "国庆节"
    assert bt.holiday_name("CN", dt.date(2026, 11, 23), "en") == ""


# Speed -----------------------------------------------------------------------------------------


def test_a_year_takes_days_not_minutes():
    start = at("2026-01-01 00:00")
    bt.minutes_between(CHINA, start, start + HOUR)
    began = time.perf_counter()

    number = bt.minutes_between(CHINA, start, at("2027-01-01 00:00"))

    # Five hundred thousand minutes asked one by one take over a second.
    assert time.perf_counter() - began < 0.2
    assert 120_000 < number < 140_000
