"""The answers behind a score, for those who may see it."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404

from accounts.models import User
from clientgroups.models import ClientGroup, Membership
from core import stats
from feedback.models import Answer, Metric, PeriodKind, SatisfactionRollup, Scope, Survey, Wave
from feedback.models.rollup import ALL_TIME
from feedback.selectors.scores import ScoreView, no_score, view_of
from projects.models import Project

MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3}


@dataclass(frozen=True)
class ScorePage:
    """A score with the row that decides who may see it."""

    owner: ClientGroup | Project | Survey | Wave
    score: ScoreView
    start: dt.date
    end: dt.date | None

    def role_of(self, user: User) -> str | None:
        return self.owner.role_of(user)

    @property
    def client_group(self):
        return self.owner if isinstance(self.owner, ClientGroup) else None

    @property
    def project(self):
        return self.owner if isinstance(self.owner, Project) else None


def visible_score(
    user: User, scope: str, scope_id: int, metric: str, kind: str, start: str
) -> ScorePage:
    """A score of something the person may see, or 404; also when nobody has answered yet."""
    if metric not in Metric.values or kind not in PeriodKind.values:
        raise Http404
    owner = _owners(user, scope).filter(pk=scope_id).first()
    first, end = _bounds(kind, start)
    if owner is None:
        raise Http404
    row = SatisfactionRollup.objects.filter(
        scope=scope, scope_id=scope_id, metric=metric, period_kind=kind, period_start=first
    ).first()
    score = view_of(row) if row else no_score(scope, scope_id, metric, kind)
    return ScorePage(owner, score, first, end)


def _owners(user, scope):
    if scope == Scope.GROUP:
        return ClientGroup.objects.visible_to(user)
    if scope == Scope.PROJECT:
        return Project.objects.visible_to(user).select_related("client_group")
    surveys = Survey.objects.visible_to(user)
    if scope == Scope.SURVEY:
        return surveys.select_related("client_group", "project")
    if scope == Scope.WAVE:
        waves = Wave.objects.filter(survey__in=surveys)
        return waves.select_related("survey__client_group", "survey__project")
    raise Http404


def _bounds(kind, start):
    try:
        first = dt.date.fromisoformat(start)
    except ValueError:
        raise Http404 from None
    if kind == PeriodKind.ALL:
        return ALL_TIME, None
    months = MONTHS[kind]
    first = first.replace(day=1, month=(first.month - 1) // months * months + 1)
    end = first + dt.timedelta(days=31 * months)
    return first, end.replace(day=1)


def answers_behind(page: ScorePage, user: User) -> QuerySet:
    """One answer per client, the latest: exactly those the score was computed from.

    Empty while the score is hidden. The comment of the same sheet stands beside the answer only
    when the person may open its survey.
    """
    score = page.score
    rows = Answer.objects.filter(metric=score.metric, score__isnull=False)
    if score.state in (stats.NONE, stats.HIDDEN):
        return rows.none()
    if page.end:
        rows = rows.filter(responded_on__gte=page.start, responded_on__lt=page.end)
    if score.scope == Scope.GROUP:
        member = Membership.objects.filter(
            Q(valid_to=None) | Q(valid_to__gt=OuterRef("responded_on")),
            client_group=score.scope_id,
            client=OuterRef("client"),
            valid_from__lte=OuterRef("responded_on"),
        )
        rows = rows.filter(Exists(member))
    elif score.scope == Scope.PROJECT:
        rows = rows.filter(survey__project=score.scope_id)
    else:
        rows = rows.filter(**{score.scope: score.scope_id})
    latest = rows.order_by("client_id", "-responded_on", "-pk").distinct("client_id")
    comment = Answer.objects.filter(
        response=OuterRef("response"), metric="text", survey__in=Survey.objects.visible_to(user)
    )
    return (
        Answer.objects.filter(pk__in=latest.values("pk"))
        .annotate(comment=comment.order_by("question__position").values("text")[:1])
        .select_related("client", "survey", "response__contact")
        .order_by(F("score").asc(), "-responded_on", "pk")
    )
