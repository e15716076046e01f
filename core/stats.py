"""Intervals for small samples, and what may be shown of a score. Pure functions, no models.

Sources: Wilson 1927 for shares; Rocks 2016 (The American Statistician) for the adjusted Wald
interval of NPS; Student's t for means. All bounds are for 95 % unless told otherwise.
"""

import math
from functools import cache, lru_cache

from scipy import special

HIDDEN_BELOW = 5
FEW_BELOW = 10
WIDEST_HALF_WIDTH = 20

NONE, HIDDEN, FEW, OK = "none", "hidden", "few", "ok"


@cache
def z_value(confidence=0.95):
    """The two-sided quantile of the normal distribution: 1.96 for 95 %."""
    return float(special.ndtri((1 + confidence) / 2))


@lru_cache(maxsize=4096)
def t_value(degrees, confidence=0.95):
    """The two-sided quantile of Student's t distribution."""
    return float(special.stdtrit(degrees, (1 + confidence) / 2))


def wilson(successes, n, confidence=0.95):
    """(low, high) of a share, each from 0 to 1; None when nothing was observed."""
    if not n:
        return None
    z = z_value(confidence)
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return low, high


def nps_interval(promoters, passives, detractors, confidence=0.95):
    """(score, low, high) from -100 to 100; the raw score with the adjusted Wald interval."""
    n = promoters + passives + detractors
    if not n:
        return None
    score = 100 * (promoters - detractors) / n
    adjusted = n + 3
    p, d = (promoters + 0.75) / adjusted, (detractors + 0.75) / adjusted
    half = z_value(confidence) * math.sqrt((p + d - (p - d) ** 2) / adjusted)
    return score, max(-100.0, 100 * (p - d - half)), min(100.0, 100 * (p - d + half))


def mean_interval(n, mean, variance, confidence=0.95):
    """(low, high) of a mean by Student's t; None when fewer than two values leave it unknown."""
    if n < 2 or variance is None:
        return None
    half = t_value(n - 1, confidence) * math.sqrt(variance / n)
    return mean - half, mean + half


def display_state(n, low=None, high=None, points_per_unit=1.0):
    """What may be shown: none (no data), hidden (n < 5), few (too few to compare), or ok.

    `points_per_unit` turns the unit of the bounds into points of 100, so that one rule serves
    per cent, NPS and means of a scale.
    """
    if not n:
        return NONE
    if n < HIDDEN_BELOW:
        return HIDDEN
    if n < FEW_BELOW or low is None or high is None:
        return FEW
    half = (high - low) / 2 * points_per_unit
    return FEW if half > WIDEST_HALF_WIDTH else OK


# Comparing ---------------------------------------------------------------------------------------


def two_sided(z):
    """The probability of a standard normal value at least this far from zero."""
    return float(2 * special.ndtr(-abs(z)))


def nps_z(one, other):
    """(difference, z) of two NPS, each (promoters, passives, detractors) of other people.

    Standard errors with the adjusted Wald counts of the interval; None without any answer.
    """
    found = [nps_interval(*counts) for counts in (one, other)]
    if None in found:
        return None
    error = math.hypot(nps_error(*one), nps_error(*other))
    difference = found[0][0] - found[1][0]
    return difference, difference / error


def nps_error(promoters, passives, detractors):
    """The standard error of an NPS, with the counts of its adjusted Wald interval."""
    n = promoters + passives + detractors + 3
    p, d = (promoters + 0.75) / n, (detractors + 0.75) / n
    return 100 * math.sqrt((p + d - (p - d) ** 2) / n)


def two_proportions(k1, n1, k2, n2):
    """(difference, z) of two shares with pooled variance; None without observations.

    z is 0 when nobody or everybody counts on both sides: there is nothing that differs.
    """
    if not n1 or not n2:
        return None
    difference = k1 / n1 - k2 / n2
    pooled = (k1 + k2) / (n1 + n2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return difference, difference / error if error else 0.0


def newcombe(k1, n1, k2, n2, confidence=0.95):
    """(low, high) of the difference of two shares by Newcombe's hybrid score; None without data."""
    one, other = wilson(k1, n1, confidence), wilson(k2, n2, confidence)
    if one is None or other is None:
        return None
    p1, p2 = k1 / n1, k2 / n2
    low = p1 - p2 - math.hypot(p1 - one[0], other[1] - p2)
    high = p1 - p2 + math.hypot(one[1] - p1, p2 - other[0])
    return low, high


def welch(one, other):
    """(difference, standard error, degrees) of two means; None when that is unknown.

    Each is (n, mean, variance). Their quotient is Welch's t.
    """
    (n1, mean1, var1), (n2, mean2, var2) = one, other
    if min(n1, n2) < 2 or var1 is None or var2 is None:
        return None
    a, b = var1 / n1, var2 / n2
    if not a + b:
        return None
    degrees = (a + b) ** 2 / (a * a / (n1 - 1) + b * b / (n2 - 1))
    return mean1 - mean2, math.sqrt(a + b), degrees


def two_sided_t(t, degrees):
    """The probability of a value of Student's t at least this far from zero."""
    return float(2 * special.stdtr(degrees, -abs(t)))


def holm(p_values):
    """Probabilities adjusted for all comparisons made (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, worst = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = worst
    return adjusted
