"""Scores as pages show them: never without n, interval and "as of"."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.urls import reverse

from core import stats
from core.prepared import prepared
from feedback.models import Metric, PeriodKind, SatisfactionRollup
from projects.models import Goal

# One unit of a score in points of 100: NPS and per cent count as they are, CES runs from 1 to 7.
POINTS_PER_UNIT = {Metric.NPS: 1.0, Metric.CSAT: 1.0, Metric.CES: 100 / 6}


@dataclass(frozen=True)
class ScoreView:
    """One score. `value` and bounds are None when there is none or it is hidden (n < 5)."""

    scope: str
    scope_id: int
    metric: str
    period_kind: str
    period_start: dt.date | None
    value: float | None
    low: float | None
    high: float | None
    n: int
    answers: int
    response_rate: float | None
    computed_at: dt.datetime | None
    state: str
    url: str

    @property
    def half_width(self) -> float | None:
        return None if self.low is None else (self.high - self.low) / 2

    @property
    def label(self) -> str:
        return Metric(self.metric).label

    @property
    def score(self) -> float | None:
        return self.value

    @property
    def unit(self) -> str:
        return {Metric.CSAT: "%", Metric.CES: "/ 7"}.get(self.metric, "")

    @property
    def is_shown(self) -> bool:
        return self.value is not None

    @property
    def decimals(self) -> int:
        return 1 if self.metric in (Metric.CES, Metric.CSAT) else 0


def view_of(row: SatisfactionRollup) -> ScoreView:
    """What may be shown of a stored score."""
    state = stats.display_state(row.n, row.low, row.high, POINTS_PER_UNIT[Metric(row.metric)])
    shown = state not in (stats.HIDDEN, stats.NONE)
    return ScoreView(
        scope=row.scope,
        scope_id=row.scope_id,
        metric=row.metric,
        period_kind=row.period_kind,
        period_start=row.period_start,
        value=row.score if shown else None,
        low=row.low if shown else None,
        high=row.high if shown else None,
        n=row.n,
        answers=row.answers,
        response_rate=100 * row.responded / row.invited if row.invited else None,
        computed_at=row.computed_at,
        state=state,
        url=detail_url(row.scope, row.scope_id, row.metric, row.period_kind, row.period_start),
    )


def no_score(scope: str, scope_id: int, metric: str, period_kind: str = "month") -> ScoreView:
    """The view of a score nobody has answered for: "–", never 0."""
    return ScoreView(
        scope=scope,
        scope_id=scope_id,
        metric=metric,
        period_kind=period_kind,
        period_start=None,
        value=None,
        low=None,
        high=None,
        n=0,
        answers=0,
        response_rate=None,
        computed_at=None,
        state=stats.NONE,
        url="",
    )


def detail_url(scope: str, scope_id: int, metric: str, kind: str, start: dt.date) -> str:
    """The page that lists the answers behind a score."""
    return reverse("feedback:score_detail", args=[scope, scope_id, metric, kind, start.isoformat()])


def latest_score(
    scope: str, scope_id: int, metric: str, period_kind: str = PeriodKind.MONTH
) -> ScoreView:
    """The newest score of one scope; one query."""
    return latest_scores(scope, [scope_id], metric, period_kind).get(scope_id) or no_score(
        scope, scope_id, metric, period_kind
    )


def latest_scores(
    scope: str, ids: Iterable[int], metric: str, period_kind: str = PeriodKind.MONTH
) -> dict[int, ScoreView]:
    """The newest score for each id that has one; one query for any number of ids."""
    rows = _newest(str(scope), list(ids), str(metric), str(period_kind))
    return {row.scope_id: view_of(row) for row in rows}


@prepared
def _newest(scope: str, ids: list[int], metric: str, kind: str) -> QuerySet[SatisfactionRollup]:
    rows = SatisfactionRollup.objects.filter(
        scope=scope, scope_id__in=ids, metric=metric, period_kind=kind
    )
    return rows.order_by("scope_id", "-period_start").distinct("scope_id")


def score_series(
    scope: str,
    scope_id: int,
    metric: str,
    period_kind: str = PeriodKind.MONTH,
    limit: int = 12,
) -> list[ScoreView]:
    """The last scores, oldest first; hidden ones stand in it without a value. One query."""
    rows = _series(str(scope), scope_id, str(metric), str(period_kind), (limit,))
    return [view_of(row) for row in reversed(rows)]


@prepared
def _series(
    scope: str, scope_id: int, metric: str, kind: str, limit: tuple[int]
) -> QuerySet[SatisfactionRollup]:
    rows = SatisfactionRollup.objects.filter(
        scope=scope, scope_id=scope_id, metric=metric, period_kind=kind
    )
    return rows.order_by("-period_start")[: limit[0]]


def scores_of(
    scope: str, scope_id: int, period_kind: str = PeriodKind.MONTH, limit: int = 12
) -> dict[str, list[ScoreView]]:
    """Series of every metric the scope has, in one query: metric -> oldest first."""
    rows = SatisfactionRollup.objects.filter(
        scope=scope, scope_id=scope_id, period_kind=period_kind
    ).order_by("-period_start")
    found = {}
    for row in rows[: limit * len(Metric.values)]:
        series = found.setdefault(row.metric, [])
        if len(series) < limit:
            series.append(view_of(row))
    return {metric: found[metric][::-1] for metric in Metric.values if metric in found}


def targets_of(group_pk: int) -> dict[str, Decimal]:
    """Targets of active goals that read this group's scores, metric -> the nearest due one."""
    goals = (
        Goal.objects.filter(
            Q(client_group=group_pk) | Q(client_group=None, project__client_group=group_pk),
            state=Goal.State.ACTIVE,
            source__in=[Goal.Source.CSAT, Goal.Source.NPS],
        )
        .order_by("-due_on")
        .values_list("source", "target")
    )
    return dict(goals)
