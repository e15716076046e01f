"""Two to five groups side by side: what each measure says, and which differences are real."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import ClientGroup
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.groups import size_trends
from clientgroups.selectors.rates import value_policy
from core import stats
from feedback.models import Metric, PeriodKind, SatisfactionRollup
from feedback.models.rollup import ALL_TIME
from reports.selectors import compare_figures as figures
from reports.selectors.compare_tests import (
    Comparisons,
    MeanSample,
    NpsSample,
    Sample,
    ShareSample,
    compare,
)
from reports.selectors.compare_value import value_figures

FEWEST, MOST = 2, 5
SHARE, NUMBER, SIGNED, MONEY, SCORE, GROWTH = (
    "share",
    "number",
    "signed",
    "money",
    "score",
    "growth",
)
POINTS = {Metric.NPS: 1.0, Metric.CSAT: 1.0, Metric.CES: 100 / 6}


@dataclass(frozen=True)
class Cell:
    """One figure of one group. `state` says whether it may be shown and compared."""

    value: object = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    state: str = stats.OK
    part: int | None = None
    sample: Sample | None = None

    @property
    def comparable(self) -> Sample | None:
        return self.sample if self.state == stats.OK else None


@dataclass(frozen=True)
class Measure:
    """A line of the table: `kind` says how its figures are written."""

    key: str
    label: str | Promise
    kind: str
    cells: list[Cell]
    unit: str = ""
    hint: str | Promise = ""


@dataclass(frozen=True)
class Section:
    label: str | Promise
    measures: list[Measure]


@dataclass(frozen=True)
class Comparison:
    """The whole page: groups in the order asked for, sections, verdicts, what they share."""

    groups: list[ClientGroup]
    sections: list[Section]
    tests: Comparisons
    shared: dict[tuple[int, int], int]
    trends: list[list[int]]
    period_kind: str
    period_start: dt.date | None
    currency: str
    as_of: dt.datetime = field(default_factory=timezone.now)

    @property
    def measures(self) -> list[Measure]:
        return [measure for section in self.sections for measure in section.measures]

    @property
    def overlaps(self) -> list[tuple[ClientGroup, ClientGroup, int]]:
        """Pairs of groups that share clients."""
        return [
            (self.groups[one], self.groups[other], n)
            for (one, other), n in self.shared.items()
            if n
        ]


def compare_groups(groups: list[ClientGroup], user: User, *, all_time: bool = False) -> Comparison:
    """Read everything about groups that the person sees, and judge their differences."""
    today = today_here()
    now = timezone.now()
    kind, start = (PeriodKind.ALL, ALL_TIME) if all_time else figures.common_period(groups)
    shared = figures.shared_clients(groups)
    trends = size_trends([group.pk for group in groups], today)
    rows = [trends.get(group.pk, []) for group in groups]
    sections = [
        _clients(groups, rows),
        _satisfaction(groups, figures.rollups(groups, kind, start)),
        _value(value_figures(groups, today)),
        _care(groups, user, now),
    ]
    samples = {
        measure.key: [cell.comparable for cell in measure.cells]
        for section in sections
        for measure in section.measures
        if any(cell.sample for cell in measure.cells)
    }
    return Comparison(
        groups=groups,
        sections=sections,
        tests=compare(samples, shared),
        shared=shared,
        trends=rows,
        period_kind=kind,
        period_start=start,
        currency=value_policy().base_currency,
        as_of=now,
    )


# Figures as cells --------------------------------------------------------------------------------


def share(k: int, n: int) -> Cell:
    """A share of clients; below ten, or very wide, it is shown and not compared."""
    if not n:
        return Cell(n=0, state=stats.NONE)
    low, high = stats.wilson(k, n)
    state = stats.display_state(n, low, high, points_per_unit=100)
    state = stats.OK if state == stats.OK else stats.FEW
    return Cell(k / n, n, low, high, state, k, ShareSample(k, n))


def score(row: SatisfactionRollup | None) -> Cell:
    """A stored score; hidden below five clients."""
    if row is None:
        return Cell(n=0, state=stats.NONE)
    metric = Metric(row.metric)
    state = stats.display_state(row.n, row.low, row.high, POINTS[metric])
    if state == stats.HIDDEN:
        return Cell(n=row.n, state=state)
    return Cell(row.score, row.n, row.low, row.high, state, None, SAMPLES[metric](row))


def _csat(row):
    return ShareSample(sum(row.counts[3:]), row.n)


def _nps(row):
    counts = row.counts
    return NpsSample(sum(counts[9:]), sum(counts[7:9]), sum(counts[:7]))


def _ces(row):
    squares = sum(n * (point - row.mean) ** 2 for point, n in enumerate(row.counts, 1))
    return MeanSample(row.n, row.mean, squares / (row.n - 1) if row.n > 1 else None)


SAMPLES: dict[str, Callable[[SatisfactionRollup], Sample]] = {
    Metric.CSAT: _csat,
    Metric.NPS: _nps,
    Metric.CES: _ces,
}


def plain(value: object, n: int | None = None, part: int | None = None) -> Cell:
    """A figure without an interval: counts, money, medians."""
    return Cell(value, n, part=part, state=stats.NONE if value is None else stats.OK)


# Sections ----------------------------------------------------------------------------------------


def _clients(groups, trends):
    found = figures.client_figures(groups)
    changes = [trend[-1] - trend[0] if len(trend) > 1 else None for trend in trends]
    return Section(
        _("Clients"),
        [
            Measure("size", _("Clients"), NUMBER, [plain(group.member_count) for group in groups]),
            Measure("change", _("Change in 13 weeks"), SIGNED, [plain(n) for n in changes]),
            *_stages(found),
            Measure(
                "engagement",
                _("Engagement, median"),
                NUMBER,
                [plain(one.engagement, one.engaged_n) for one in found],
            ),
            Measure(
                "health",
                _("Client health, median"),
                NUMBER,
                [plain(one.health, one.health_n) for one in found],
            ),
        ],
    )


def _stages(found):
    labels = {
        "potential": _("Potential clients"),
        "existing": _("Existing clients"),
        "loyal": _("Loyal clients"),
        "lapsed": _("Lapsed clients"),
    }
    return [
        Measure(stage, label, SHARE, [share(getattr(one, stage), one.n) for one in found])
        for stage, label in labels.items()
    ]


def _satisfaction(groups, rollups):
    units = {Metric.CSAT: "%", Metric.NPS: "", Metric.CES: "/ 7"}
    return Section(
        _("Satisfaction"),
        [
            Measure(
                metric.value,
                metric.label,
                SCORE,
                [score(rollups.get((group.pk, metric))) for group in groups],
                unit=units[metric],
            )
            for metric in (Metric.CSAT, Metric.NPS, Metric.CES)
        ],
    )


def _value(found):
    kept = [one.retention for one in found]
    sales = [one.growth for one in found]
    year = _("twelve full months")
    quarter = _("the last full quarter")
    return Section(
        _("Sales and retention"),
        [
            Measure(
                "retention",
                _("Retention"),
                SHARE,
                [share(one.retained, one.start_n) for one in kept],
                hint=year,
            ),
            # The other side of retention: it is not tested once more.
            Measure("churn", _("Churn"), SHARE, [_churn(one) for one in kept], hint=year),
            Measure(
                "repeat",
                _("Repeat rate"),
                SHARE,
                [share(one.repeaters, one.buyers) for one in kept],
                hint=year,
            ),
            Measure(
                "sales",
                _("Sales"),
                MONEY,
                [plain(one.current.total, one.current.n, one.current.left_out) for one in sales],
                hint=quarter,
            ),
            Measure(
                "pop",
                _("Growth over the quarter before"),
                GROWTH,
                [plain(one.pop) for one in sales],
                hint=quarter,
            ),
            Measure(
                "yoy",
                _("Growth over the same quarter last year"),
                GROWTH,
                [plain(one.yoy) for one in sales],
                hint=quarter,
            ),
        ],
    )


def _churn(one):
    cell = share(one.start_n - one.retained, one.start_n)
    return Cell(cell.value, cell.n, cell.low, cell.high, cell.state, cell.part)


def _care(groups, user, now):
    service = [figures.service_figures(group, now) for group in groups]
    goals = [figures.goal_figures(group, user) for group in groups]
    today = timezone.localdate(now)
    touches = [figures.overdue_touches(group, user, today) for group in groups]
    return Section(
        _("Care and goals"),
        [
            Measure(
                "open",
                _("Open requests"),
                NUMBER,
                [plain(one.open, part=one.late) for one in service],
            ),
            Measure(
                "sla",
                _("Requests resolved in time"),
                SHARE,
                [share(one.in_time, one.resolved) for one in service],
                hint=_("last 90 days"),
            ),
            Measure("touches", _("Overdue touches"), NUMBER, [plain(n) for n in touches]),
            Measure(
                "goals",
                _("Goals on track"),
                NUMBER,
                [plain(one.on_track if one.running else None, one.running) for one in goals],
            ),
        ],
    )


def visible_groups(user: User, keys: Iterable[str]) -> tuple[list[ClientGroup], int]:
    """The groups asked for, in that order and once each; how many of them they do not see."""
    wanted = list(dict.fromkeys(int(key) for key in keys if key.isdecimal() and len(key) < 18))
    found = ClientGroup.objects.visible_to(user).defer("search").in_bulk(wanted)
    return [found[key] for key in wanted if key in found], len(wanted) - len(found)
