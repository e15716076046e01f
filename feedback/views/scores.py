from dataclasses import dataclass

from django.core.paginator import Paginator

from clientgroups.selectors import visible_group
from core.views import page, render_page
from feedback.models import PeriodKind
from feedback.selectors.behind import answers_behind, visible_score
from feedback.selectors.scores import ScoreView, no_score, scores_of, targets_of
from feedback.views.charts import Chart, period_label, series_chart
from projects.selectors.projects import visible_project

PER_PAGE = 50
PERIODS = 12


@dataclass
class Tile:
    """The newest score of a metric, what it was before, and its course."""

    score: ScoreView
    period: str
    delta: float | None
    chart: Chart | None
    target: object = None


def tiles_of(scope, scope_id, kind, targets):
    found = scores_of(scope, scope_id, kind, PERIODS)
    if not found:
        return [Tile(no_score(scope, scope_id, "csat", kind), "", None, None)]
    return [tile_of(series, targets.get(metric)) for metric, series in found.items()]


def tile_of(series, target):
    latest = series[-1]
    delta = None
    if len(series) > 1 and latest.state == series[-2].state == "ok":
        delta = latest.value - series[-2].value
    return Tile(latest, period_label(latest), delta, series_chart(series, target), target)


def panel(request, name, owner, tiles, kind):
    context = {"owner": owner, "tiles": tiles, "kind": kind}
    return render_page(request, f"feedback/score/{name}", context)


def kind_of(request):
    asked = request.GET.get("period")
    return PeriodKind.QUARTER if asked == "quarter" else PeriodKind.MONTH


@page("feedback.view", load=visible_group)
def group_panel(request, group):
    kind = kind_of(request)
    tiles = tiles_of("group", group.pk, kind, targets_of(group.pk))
    return panel(request, "group", group, tiles, kind)


@page("feedback.view", load=visible_project)
def project_panel(request, project):
    kind = kind_of(request)
    tiles = tiles_of("project", project.pk, kind, {})
    return panel(request, "project", project, tiles, kind)


@page("feedback.view", load=visible_score)
def score_detail(request, found):
    answers = answers_behind(found, request.user)
    context = {
        "found": found,
        "score": found.score,
        "period": period_label(found.score),
        "answers": Paginator(answers, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render_page(request, "feedback/score/detail", context)
