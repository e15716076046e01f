"""Comparing two groups and many of them, against other people's code."""

import statistics

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats as reference
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from core import stats

COUNTS = st.integers(1, 400)


# The reference takes a sixth of a second.
@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_agrees_with_statsmodels(p_values):
    expected = multipletests(p_values, method="holm")[1]

    assert stats.holm(p_values) == pytest.approx(list(expected), abs=1e-12)


def test_holm_of_nothing_is_nothing():
    assert stats.holm([]) == []


def test_holm_keeps_the_order_it_was_given():
    assert stats.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


@given(COUNTS, COUNTS, st.data())
def test_two_proportions_agrees_with_statsmodels(n1, n2, data):
    k1, k2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    difference, z = stats.two_proportions(k1, n1, k2, n2)

    assert difference == pytest.approx(k1 / n1 - k2 / n2)
    if 0 < k1 + k2 < n1 + n2:
        expected, p = proportions_ztest([k1, k2], [n1, n2])
        assert z == pytest.approx(expected)
        assert stats.two_sided(z) == pytest.approx(p)
    else:
        assert z == 0


@given(COUNTS, COUNTS, st.data())
def test_newcombe_agrees_with_statsmodels(n1, n2, data):
    k1, k2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    expected = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb")

    assert stats.newcombe(k1, n1, k2, n2) == pytest.approx(expected, abs=1e-9)


def test_shares_without_observations_are_not_compared():
    assert stats.two_proportions(0, 0, 3, 5) is None
    assert stats.newcombe(3, 5, 0, 0) is None
    assert stats.newcombe(0, 0, 3, 5) is None


@given(
    st.lists(st.integers(1, 7), min_size=2, max_size=40),
    st.lists(st.integers(1, 7), min_size=2, max_size=40),
)
def test_welch_agrees_with_scipy(one, other):
    figures = [(len(row), statistics.mean(row), statistics.variance(row)) for row in (one, other)]
    assume(figures[0][2] and figures[1][2])
    found = stats.welch(*figures)
    expected = reference.ttest_ind(one, other, equal_var=False)
    difference, error, degrees = found

    assert difference / error == pytest.approx(expected.statistic)
    assert degrees == pytest.approx(expected.df)
    assert stats.two_sided_t(difference / error, degrees) == pytest.approx(expected.pvalue)


def test_means_of_single_answers_are_not_compared():
    assert stats.welch((1, 4.0, None), (9, 5.0, 1.0)) is None
    assert stats.welch((5, 4.0, None), (9, 5.0, 1.0)) is None
    assert stats.welch((5, 4.0, 0.0), (9, 4.0, 0.0)) is None


def test_nps_z_uses_the_errors_of_the_published_interval():
    # 50/30/20 has NPS 30 and the interval 14.05 to 44.20.
    error = (44.20 - 14.05) / 2 / 1.959964

    difference, z = stats.nps_z((50, 30, 20), (50, 30, 20))
    assert (difference, z) == (0, 0)
    assert stats.nps_error(50, 30, 20) == pytest.approx(error, abs=0.01)
    difference, z = stats.nps_z((50, 30, 20), (30, 40, 30))
    assert difference == pytest.approx(30)
    assert z == pytest.approx(30 / (error**2 + stats.nps_error(30, 40, 30) ** 2) ** 0.5, abs=0.01)


def test_nps_without_answers_is_not_compared():
    assert stats.nps_z((0, 0, 0), (5, 5, 5)) is None
