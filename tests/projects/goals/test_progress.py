"""The formulae of goals against independent computation, and their properties."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.progress import (
    Facts,
    Reading,
    basis_of,
    forecast,
    is_reached,
    judge,
    progress_of,
    roll_up,
    share_of_time,
    trend,
)

START, DUE = dt.date(2026, 1, 1), dt.date(2026, 4, 11)  # a hundred days
SHARES = st.integers(0, 10_000).map(lambda each: Decimal(each) / 10_000)
WEIGHTS = st.integers(0, 100_000).map(lambda each: Decimal(each) / 100)
VALUES = st.decimals(-10_000, 10_000, places=4)
CHILDREN = st.lists(st.tuples(WEIGHTS, st.none() | SHARES), max_size=12)


def day(number):
    return START + dt.timedelta(days=number)


def readings(*pairs):
    return [Reading(day(number), Decimal(str(value))) for number, value in pairs]


def facts(progress, today, **more):
    share = None if progress is None else Decimal(str(progress))
    return Facts(start=START, due=DUE, today=day(today), progress=share, **more)


# Progress ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "start", "target", "share"),
    [
        ("80", "75", "85", "0.5"),
        ("70", "75", "85", "0"),
        ("90", "75", "85", "1"),
        ("30", "48", "24", "0.75"),
        ("50", "48", "24", "0"),
        ("20", "48", "24", "1"),
        ("5", "5", "5", "1"),
        ("6", "5", "5", "0"),
    ],
)
def test_progress_is_the_share_of_the_way(value, start, target, share):
    assert progress_of(Decimal(value), Decimal(start), Decimal(target)) == Decimal(share)


def test_progress_without_a_value_is_unknown():
    assert progress_of(None, Decimal(0), Decimal(1)) is None


def test_progress_is_not_full_a_hair_before_the_target():
    assert progress_of(Decimal("99.9999"), Decimal(0), Decimal(100)) < 1


@given(VALUES, VALUES, VALUES)
def test_progress_equals_exact_fractions_and_stays_between_0_and_1(value, start, target):
    share = progress_of(value, start, target)

    assert 0 <= share <= 1
    if start != target:
        exact = (Fraction(value) - Fraction(start)) / (Fraction(target) - Fraction(start))
        exact = min(max(exact, Fraction(0)), Fraction(1))
        assert 0 <= exact - Fraction(share) < Fraction(1, 10_000)


@given(VALUES, VALUES, VALUES, VALUES)
def test_progress_never_falls_when_the_value_moves_towards_the_target(one, two, start, target):
    near, far = sorted((one, two), key=lambda value: abs(target - value))
    on_the_way = all(min(start, target) <= value <= max(start, target) for value in (one, two))

    if on_the_way and start != target:
        assert progress_of(near, start, target) >= progress_of(far, start, target)


# Roll-up -----------------------------------------------------------------------------------------


def test_roll_up_weighs_three_to_one():
    assert roll_up([(Decimal(3), Decimal(1)), (Decimal(1), Decimal(0))]).progress == Decimal("0.75")


def test_roll_up_leaves_out_what_was_never_measured_and_says_so():
    found = roll_up([(Decimal(1), Decimal("0.4")), (Decimal(1), None)])

    assert (found.progress, found.measured, found.total) == (Decimal("0.4"), 1, 2)
    assert found.is_partial


@pytest.mark.parametrize("children", [[], [(Decimal(0), Decimal(1))], [(Decimal(1), None)]])
def test_roll_up_of_nothing_is_unknown(children):
    found = roll_up(children)

    assert found.progress is None
    assert not found.is_partial


@given(CHILDREN)
def test_roll_up_equals_exact_fractions(children):
    counted = [(Fraction(w), Fraction(p)) for w, p in children if p is not None and w > 0]

    found = roll_up(children).progress

    if not counted:
        assert found is None
    else:
        exact = sum(w * p for w, p in counted) / sum(w for w, _ in counted)
        assert 0 <= exact - Fraction(found) < Fraction(1, 10_000)
        assert min(p for _, p in counted) <= Fraction(found) <= max(p for _, p in counted)


@given(CHILDREN, SHARES)
def test_roll_up_ignores_a_sub_goal_without_weight(children, share):
    assert roll_up([*children, (Decimal(0), share)]) == roll_up(children)


@given(CHILDREN, st.integers(0, 11), SHARES)
def test_roll_up_never_falls_when_a_sub_goal_gains(children, index, share):
    measured = [(weight, own) for weight, own in children if own is not None]
    if not measured:
        return
    index %= len(measured)
    weight, own = measured[index]
    better = [*measured]
    better[index] = (weight, max(own, share))

    before, after = roll_up(measured).progress, roll_up(better).progress

    assert (before is None and after is None) or after >= before


# Time and trend ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("today", "share"), [(-5, 0), (0, 0), (40, 0.4), (100, 1), (130, 1)])
def test_time_passes_from_0_to_1(today, share):
    assert share_of_time(START, DUE, day(today)) == share


@given(st.lists(st.tuples(st.integers(0, 90), st.floats(-1000, 1000)), min_size=2, max_size=20))
def test_forecast_equals_numpy(points):
    points = sorted({number: round(value, 4) for number, value in points}.items())
    if points[-1][0] - points[0][0] < 10:
        assert forecast(readings(*points), START, DUE) is None
        return

    slope, at_start = np.polyfit(*zip(*points, strict=True), 1)

    wanted = at_start + slope * 100
    assert forecast(readings(*points), START, DUE) == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def test_forecast_needs_readings_a_tenth_of_the_time_apart():
    assert forecast(readings((0, 1), (9, 2)), START, DUE) is None
    assert forecast(readings((0, 1), (10, 2)), START, DUE) == pytest.approx(11)
    assert trend([], START, DUE) is None


def test_forecast_leaves_out_what_came_before_the_start_and_what_cannot_be_compared():
    few = Reading(day(15), Decimal(99), Decimal(50), Decimal(100), n=3)

    line = trend([*readings((-30, 500), (0, 1)), few, *readings((20, 3))], START, DUE)

    assert line == pytest.approx((1, 0.1))


# Which reading judges ----------------------------------------------------------------------------


def score(number, value, half=3, n=100):
    return Reading(day(number), Decimal(value), Decimal(value - half), Decimal(value + half), n)


def test_the_newest_reading_judges():
    assert basis_of([score(0, 80), score(30, 84)]).value == 84
    assert basis_of([]) is None


@pytest.mark.parametrize("few", [score(30, 90, n=9), score(30, 90, half=21)])
def test_a_newest_score_of_too_few_answers_yields_to_a_fresh_one(few):
    assert basis_of([score(0, 80), few]).value == 80
    assert basis_of([score(-20, 80), few]) is None
    assert basis_of([few]) is None


@pytest.mark.parametrize(
    ("reading", "baseline", "target", "by_interval", "by_point"),
    [
        (score(0, 88), 75, 85, True, True),
        (score(0, 87), 75, 85, False, True),
        (score(0, 84), 75, 85, False, False),
        (score(0, 20), 48, 24, True, True),
        (score(0, 23), 48, 24, False, True),
        (Reading(day(0), Decimal(85)), 75, 85, True, True),
    ],
)
def test_a_score_reaches_the_target_with_its_whole_interval(
    reading, baseline, target, by_interval, by_point
):
    ends = Decimal(baseline), Decimal(target)

    assert is_reached(reading, *ends, False) is by_interval
    assert is_reached(reading, *ends, True) is by_point


# Pace --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("progress", "pace"),
    [
        ("0.5", "on_track"),
        ("0.4", "on_track"),
        ("0.3999", "at_risk"),
        ("0.25", "at_risk"),
        ("0.2499", "behind"),
        (None, "unknown"),
    ],
)
def test_pace_compares_progress_with_the_time_that_passed(progress, pace):
    assert judge(facts(progress, today=50)).pace == pace


def test_pace_says_how_far_and_how_far_it_should_be():
    reasons = judge(facts("0.2", today=50)).reasons

    assert reasons == [{"code": "slow", "progress": 20, "expected": 50}]


def test_pace_is_at_risk_when_the_line_misses_the_target():
    ends = {"baseline": Decimal(0), "target": Decimal(100)}
    rising = readings((0, 0), (20, 30), (50, 49))

    verdict = judge(facts("0.49", today=50, readings=rising, **ends))

    assert verdict.pace == "at_risk"
    assert verdict.reasons[0]["code"] == "forecast"
    assert verdict.reasons[0]["value"] == pytest.approx(
        np.polyval(np.polyfit([0, 20, 50], [0, 30, 49], 1), 100), abs=0.01
    )


@pytest.mark.parametrize(("values", "pace"), [((48, 36), "on_track"), ((48, 38), "at_risk")])
def test_pace_of_a_falling_metric(values, pace):
    ends = {"baseline": Decimal(48), "target": Decimal(24)}
    line = readings((0, values[0]), (50, values[1]))

    assert judge(facts("0.5", today=50, readings=line, **ends)).pace == pace


@pytest.mark.parametrize(("today", "pace"), [(100, "on_track"), (101, "behind")])
def test_pace_is_behind_the_day_after_the_due_date(today, pace):
    verdict = judge(facts("0.95", today=today))

    assert verdict.pace == pace
    assert [reason["code"] for reason in verdict.reasons] == ["overdue"] * (pace == "behind")


def test_pace_without_data_is_unknown_until_the_time_is_over():
    assert judge(facts(None, today=90)).reasons == [{"code": "no_data"}]
    assert judge(facts(None, today=90, too_few=8)).reasons == [{"code": "few", "n": 8}]
    assert judge(facts(None, today=101)).pace == "behind"


def test_pace_of_a_reached_goal_is_on_track_even_late():
    verdict = judge(facts("1", today=130, is_reached=True, target=Decimal(1)))

    assert (verdict.pace, verdict.reasons) == ("on_track", [{"code": "reached"}])


def test_pace_says_when_only_the_value_has_passed_the_target():
    ends = {"baseline": Decimal(75), "target": Decimal(85)}

    assert judge(facts("1", today=50, **ends)).reasons == [{"code": "unsure"}]


def test_pace_of_a_parent_names_the_way_to_what_slips():
    below = ("Duty rota", "at_risk", [{"code": "overdue", "days": 3, "path": ["Weekend rota"]}])

    verdict = judge(facts("0.9", today=50, children=[below, ("Fine", "on_track", [])]))

    assert verdict.pace == "at_risk"
    assert verdict.reasons == [
        {"code": "overdue", "days": 3, "path": ["Duty rota", "Weekend rota"]}
    ]


def test_pace_of_a_parent_stays_behind_when_it_is_late_itself():
    below = ("Rota", "behind", [{"code": "overdue", "days": 3}])

    verdict = judge(facts("0.1", today=50, children=[below]))

    assert verdict.pace == "behind"
    assert [reason["code"] for reason in verdict.reasons] == ["slow", "overdue"]


@given(SHARES, SHARES, st.integers(-10, 100))
def test_pace_never_gets_worse_with_more_progress(one, two, today):
    order = ["behind", "at_risk", "on_track"]
    less, more = sorted((one, two))

    worse, better = (judge(facts(share, today)).pace for share in (less, more))

    assert order.index(better) >= order.index(worse)
