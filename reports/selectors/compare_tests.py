"""Which differences between groups are more than chance, after correction for all that were made.

Each pair of groups is compared by every measure that has a sample; the probabilities of all of
them are corrected together (Holm). A group with too small a sample is not compared at all.
"""

import math
from dataclasses import dataclass, replace
from itertools import combinations

from core import stats

ALPHA = 0.05


@dataclass(frozen=True)
class ShareSample:
    """`k` of `n` clients: compared by two proportions, with Newcombe's interval."""

    k: int
    n: int

    def against(self, other: "ShareSample") -> tuple[float, float]:
        difference, z = stats.two_proportions(self.k, self.n, other.k, other.n)
        return 100 * difference, stats.two_sided(z)

    def interval(self, other: "ShareSample") -> tuple[float, float]:
        low, high = stats.newcombe(self.k, self.n, other.k, other.n)
        return 100 * low, 100 * high


@dataclass(frozen=True)
class NpsSample:
    """Promoters, passives and detractors: compared by z with adjusted Wald errors."""

    promoters: int
    passives: int
    detractors: int

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.promoters, self.passives, self.detractors

    def against(self, other: "NpsSample") -> tuple[float, float]:
        difference, z = stats.nps_z(self.counts, other.counts)
        return difference, stats.two_sided(z)

    def interval(self, other: "NpsSample") -> tuple[float, float]:
        difference, _z = stats.nps_z(self.counts, other.counts)
        error = math.hypot(stats.nps_error(*self.counts), stats.nps_error(*other.counts))
        half = stats.z_value() * error
        return difference - half, difference + half


@dataclass(frozen=True)
class MeanSample:
    """n, mean and variance of answers: compared by Welch's t."""

    n: int
    mean: float
    variance: float | None

    def against(self, other: "MeanSample") -> tuple[float, float] | None:
        found = stats.welch(self._figures, other._figures)
        if found is None:
            return None
        difference, error, degrees = found
        return difference, stats.two_sided_t(difference / error, degrees)

    def interval(self, other: "MeanSample") -> tuple[float, float]:
        difference, error, degrees = stats.welch(self._figures, other._figures)
        half = stats.t_value(degrees) * error
        return difference - half, difference + half

    @property
    def _figures(self) -> tuple[int, float, float | None]:
        return self.n, self.mean, self.variance


Sample = ShareSample | NpsSample | MeanSample


@dataclass(frozen=True)
class Verdict:
    """One comparison of two groups (by their places) by one measure.

    `difference` is the first minus the second, in points of 100 or of the scale, with its own
    95 % interval; `p` stands before and `adjusted` after the correction for all comparisons.
    """

    measure: str
    one: int
    other: int
    difference: float
    low: float
    high: float
    p: float
    adjusted: float = 1.0
    shared: int = 0

    @property
    def holds(self) -> bool:
        return self.adjusted < ALPHA


@dataclass(frozen=True)
class Comparisons:
    """All verdicts, and the pairs that were too few to compare, by measure."""

    made: list[Verdict]
    too_few: dict[str, list[tuple[int, int]]]

    @property
    def holding(self) -> list[Verdict]:
        return [verdict for verdict in self.made if verdict.holds]

    def of(self, measure: str) -> list[Verdict]:
        return [verdict for verdict in self.made if verdict.measure == measure]


def compare(
    samples: dict[str, list[Sample | None]], shared: dict[tuple[int, int], int]
) -> Comparisons:
    """Compare every pair of groups by every measure; None stands for too small a sample.

    `shared` says how many clients two groups have in common: their samples are not independent.
    """
    made, too_few = [], {}
    for measure, found in samples.items():
        for one, other in combinations(range(len(found)), 2):
            verdict = _verdict(measure, one, other, found)
            if verdict is None:
                too_few.setdefault(measure, []).append((one, other))
            else:
                made.append(replace(verdict, shared=shared.get((one, other), 0)))
    corrected = stats.holm([verdict.p for verdict in made])
    verdicts = [
        replace(verdict, adjusted=adjusted)
        for verdict, adjusted in zip(made, corrected, strict=True)
    ]
    return Comparisons(verdicts, too_few)


def _verdict(measure, one, other, found):
    if found[one] is None or found[other] is None:
        return None
    answer = found[one].against(found[other])
    if answer is None:
        return None
    difference, p = answer
    low, high = found[one].interval(found[other])
    return Verdict(measure, one, other, difference, low, high, p)
