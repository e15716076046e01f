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
