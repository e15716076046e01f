import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import proportion_confint

from core.stats import display_state, mean_interval, nps_interval, wilson

COUNTS = st.integers(0, 400)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (45, 60, 0.6277, 0.8422),
        (10, 10, 0.7225, 1),
        (0, 5, 0, 0.4345),
        (170, 200, 0.7939, 0.8929),
    ],
)
def test_wilson_gives_the_published_bounds(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_statsmodels(pair):
    successes, n = pair

    low, high = wilson(successes, n)

    assert (low, high) == pytest.approx(proportion_confint(successes, n, method="wilson"), abs=1e-9)
    assert 0 <= low <= successes / n <= high <= 1


def test_wilson_of_nothing_is_no_data():
    assert wilson(0, 0) is None


@pytest.mark.parametrize(
    ("counts", "score", "low", "high"),
    [
        ((50, 30, 20), 30, 14.05, 44.20),
        ((6, 3, 1), 50, -0.20, 77.13),
        ((10, 0, 0), 100, 47.5, 100),
    ],
)
def test_nps_interval_gives_the_published_bounds(counts, score, low, high):
    found = nps_interval(*counts)

    # The last published pair is rounded to one decimal.
    assert found == pytest.approx((score, low, high), abs=0.05 if counts[0] == 10 else 0.006)


@given(COUNTS, COUNTS, COUNTS)
def test_nps_interval_contains_the_adjusted_centre(promoters, passives, detractors):
    found = nps_interval(promoters, passives, detractors)

    n = promoters + passives + detractors
    if not n:
        assert found is None
        return
    score, low, high = found
    assert -100 <= low <= 100 * (promoters - detractors) / (n + 3) <= high <= 100
    assert -100 <= score <= 100


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_nps_interval_narrows_when_the_sample_grows(promoters, passives, detractors):
    _score, low, high = nps_interval(promoters, passives, detractors)
    _same, inner_low, inner_high = nps_interval(10 * promoters, 10 * passives, 10 * detractors)

    assert inner_high - inner_low < high - low


@given(st.lists(st.integers(1, 7), min_size=2, max_size=200))
def test_mean_interval_agrees_with_scipy(values):
    n, mean = len(values), sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (n - 1)

    low, high = mean_interval(n, mean, variance)

    if variance == 0:
        assert (low, high) == (mean, mean)
        return
    expected = scipy_stats.t.interval(0.95, n - 1, loc=mean, scale=math.sqrt(variance / n))
    assert (low, high) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n", "variance"), [(0, None), (1, None), (1, 0.0), (5, None)])
def test_mean_interval_of_too_few_values_is_unknown(n, variance):
    assert mean_interval(n, 4.0, variance) is None


@pytest.mark.parametrize(
    ("n", "low", "high", "unit", "state"),
    [
        (0, None, None, 1, "none"),
        (4, 70, 80, 1, "hidden"),
        (5, 70, 80, 1, "few"),
        (9, 70, 80, 1, "few"),
        (10, 70, 80, 1, "ok"),
        (10, 40, 80, 1, "ok"),
        (10, 40, 80.2, 1, "few"),
        (10, None, None, 1, "few"),
        (30, 4.0, 5.0, 100 / 6, "ok"),
        (30, 3.0, 6.0, 100 / 6, "few"),
    ],
)
def test_display_state_follows_n_and_width(n, low, high, unit, state):
    assert display_state(n, low, high, unit) == state
