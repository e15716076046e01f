"""What a goal's values say: progress, roll-up, forecast, pace. Pure functions, no queries."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from core import stats

PLACES = Decimal("0.0001")
RISK_GAP, BEHIND_GAP = 0.1, 0.25
# A line through days that lie close together would be swung about by chance.
FORECAST_SPAN = 0.1
# For so long a value with enough answers speaks for a newer one that has too few.
FRESH_DAYS = 45
REASONS_KEPT = 5

ON_TRACK, AT_RISK, BEHIND, UNKNOWN, DONE = "on_track", "at_risk", "behind", "unknown", "done"
SEVERITY = {BEHIND: 2, AT_RISK: 1}


@dataclass(frozen=True)
class Reading:
    """A dated value; low, high and n only when it is a score."""

    day: dt.date
    value: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    n: int | None = None

    @property
    def is_comparable(self) -> bool:
        """False for a score of too few answers or with too wide an interval."""
        if self.n is None:
            return True
        low, high = (None if each is None else float(each) for each in (self.low, self.high))
        return stats.display_state(self.n, low, high) == stats.OK


@dataclass(frozen=True)
class RollUp:
    """Weighted progress of sub-goals; None when none that counts was measured."""

    progress: Decimal | None
    measured: int
    total: int

    @property
    def is_partial(self) -> bool:
        return 0 < self.measured < self.total


@dataclass(frozen=True)
class Facts:
    """What decides the pace of one active goal on one day."""

    start: dt.date
    due: dt.date
    today: dt.date
    progress: Decimal | None
    is_reached: bool = False
    baseline: Decimal | None = None
    target: Decimal | None = None
    readings: Sequence[Reading] = ()
    # (statement, pace, reasons) of each live sub-goal.
    children: Sequence[tuple] = ()
    too_few: int | None = None


@dataclass(frozen=True)
class Verdict:
    pace: str = UNKNOWN
    reasons: list = field(default_factory=list)


def clamp(share: Decimal) -> Decimal:
    return min(max(share, Decimal(0)), Decimal(1))


def stored(share: Decimal) -> Decimal:
    """As the row keeps it; rounded down, so that 100 % is never shown before it is reached."""
    return share.quantize(PLACES, rounding=ROUND_DOWN)


def progress_of(value: Decimal | None, start: Decimal, target: Decimal) -> Decimal | None:
    """The share of the way from start to target, 0 to 1, whichever way the metric must move."""
    if value is None:
        return None
    if start == target:
        return Decimal(1) if value == target else Decimal(0)
    return stored(clamp((value - start) / (target - start)))


def roll_up(children: Iterable[tuple[Decimal, Decimal | None]]) -> RollUp:
    """Σ weight × progress / Σ weight over (weight, progress) of live sub-goals.

    One that was never measured is left out rather than counted as 0; one of weight 0 is not
    looked at.
    """
    counted = [(weight, progress) for weight, progress in children if weight > 0]
    known = [(weight, progress) for weight, progress in counted if progress is not None]
    total = sum(weight for weight, _ in known)
    share = None
    if known:
        exact = sum(weight * progress for weight, progress in known) / total
        share = stored(clamp(exact))
    return RollUp(share, len(known), len(counted))


def share_of_time(start: dt.date, due: dt.date, today: dt.date) -> float:
    """How much of the time has passed, 0 to 1: the progress that is expected by today."""
    return min(max((today - start).days / (due - start).days, 0.0), 1.0)


def basis_of(readings: Sequence[Reading]) -> Reading | None:
    """The reading that judges a goal: the newest one that can be compared and is fresh enough."""
    if not readings:
        return None
    newest = readings[-1].day
    for reading in reversed(readings):
        if (newest - reading.day).days > FRESH_DAYS:
            break
        if reading.is_comparable:
            return reading
    return None


def is_reached(reading: Reading, baseline: Decimal, target: Decimal, by_point: bool) -> bool:
    """Whether the value has passed the target, by default with its whole interval."""
    rising = target >= baseline
    edge = None if by_point else reading.low if rising else reading.high
    edge = reading.value if edge is None else edge
    return edge >= target if rising else edge <= target


def forecast(readings: Sequence[Reading], start: dt.date, due: dt.date) -> float | None:
    """The value at the due date on the straight line of least squares through the readings.

    None without two readings that lie at least a tenth of the goal's time apart.
    """
    line = trend(readings, start, due)
    return None if line is None else line[0] + line[1] * (due - start).days


def trend(readings, start, due):
    """(value at the start, change per day) of that line, or None."""
    points = [
        ((each.day - start).days, float(each.value))
        for each in readings
        if each.day >= start and each.is_comparable
    ]
    if not points or points[-1][0] - points[0][0] < max(1, FORECAST_SPAN * (due - start).days):
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum(
        (x - mean_x) ** 2 for x, _ in points
    )
    return mean_y - slope * mean_x, slope


def misses(value: float, baseline: Decimal, target: Decimal) -> bool:
    """Whether a forecast stays short of the target; a hair's breadth is rounding."""
    slack = 1e-9 * max(1.0, abs(float(target)))
    gap = float(target) - value
    return gap > slack if target >= baseline else -gap > slack


def judge(facts: Facts) -> Verdict:
    """The pace of an active goal, and every reason for it, the worst first."""
    found = _own_reasons(facts)
    for name, pace, reasons in facts.children:
        found += _child_reasons(name, pace, reasons)
    found.sort(key=lambda pair: -SEVERITY.get(pair[0], 0))
    worst = found[0][0] if found else ON_TRACK
    if worst not in SEVERITY and facts.progress is None:
        worst = UNKNOWN
    return Verdict(worst, [reason for _, reason in found][:REASONS_KEPT])


def _own_reasons(facts):
    late = (facts.today - facts.due).days
    if late > 0 and not facts.is_reached:
        return [(BEHIND, {"code": "overdue", "days": late})]
    if facts.progress is None:
        if facts.too_few is not None:
            return [(UNKNOWN, {"code": "few", "n": facts.too_few})]
        return [(UNKNOWN, {"code": "no_data"})]
    return [*_slow(facts), *_off_course(facts), *_reached(facts)]


def _slow(facts):
    expected = share_of_time(facts.start, facts.due, facts.today)
    # Rounded, so that 0.4 against 0.5 is exactly the gap that is still allowed.
    gap = round(expected - float(facts.progress), 6)
    if gap <= RISK_GAP or facts.is_reached:
        return []
    reason = {
        "code": "slow",
        "progress": round(100 * float(facts.progress)),
        "expected": round(100 * expected),
    }
    return [(BEHIND if gap > BEHIND_GAP else AT_RISK, reason)]


def _off_course(facts):
    if facts.target is None or facts.today > facts.due:
        return []
    value = forecast(facts.readings, facts.start, facts.due)
    if value is None or not misses(value, facts.baseline, facts.target):
        return []
    reason = {"code": "forecast", "value": round(value, 2), "target": float(facts.target)}
    return [(AT_RISK, reason | {"due": facts.due.isoformat()})]


def _reached(facts):
    if facts.is_reached:
        return [(ON_TRACK, {"code": "reached"})]
    if facts.progress >= 1 and facts.target is not None:
        return [(ON_TRACK, {"code": "unsure"})]
    return []


def _child_reasons(name, pace, reasons):
    """What a slipping sub-goal tells its parent: its own worst reason, and the way there."""
    if pace not in SEVERITY:
        return []
    worst = reasons[0] if reasons else {"code": pace}
    return [(AT_RISK, worst | {"path": [name, *worst.get("path", [])]})]
