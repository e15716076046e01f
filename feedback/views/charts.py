"""Scores and distributions as charts with the table behind them."""

import math
from dataclasses import dataclass

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import charts
from feedback.forms.answer import WORDS
from feedback.models import PeriodKind
from feedback.selectors.surveys import QuestionResult

RANGES = {"nps": (-100, 100), "csat": (0, 100), "ces": (1, 7)}
BAD, MIDDLE, GOOD = "late", "risk", "ok"


def tone_of(kind, point):
    """The colour of an answer: what the score counts as unhappy, undecided and happy."""
    unhappy, happy = {"nps": (6, 9), "csat": (2, 4), "ces": (3, 5)}[kind]
    if point <= unhappy:
        return BAD
    return GOOD if point >= happy else MIDDLE


@dataclass
class Chart:
    svg: str
    head: list
    rows: list


@dataclass
class ResultChart:
    """One question with its bars."""

    result: QuestionResult
    chart: Chart | None


def question_charts(results):
    return [
        ResultChart(result, distribution(result) if result.points else None) for result in results
    ]


def distribution(result):
    kind = result.question.kind
    words = WORDS[kind]
    labels = [
        f"{point} · {words[point]}" if words.get(point) else str(point)
        for point, _count, _share in result.points
    ]
    bars = [
        (label, count, tone_of(kind, point))
        for label, (point, count, _share) in zip(labels, result.points, strict=True)
    ]
    title = result.question.text
    desc = _("Number of answers per point of the scale")
    rows = [
        [label, count, f"{number_format(share, 0)} %"]
        for label, (_point, count, share) in zip(labels, result.points, strict=True)
    ]
    svg = charts.hbars(bars, title=title, desc=desc)
    return Chart(svg, [_("Answer"), _("Count"), _("Share of answers")], rows)


def period_label(score):
    """The month or quarter of a score as people write it."""
    if score.period_kind == PeriodKind.ALL or score.period_start is None:
        return _("All time")
    if score.period_kind == PeriodKind.QUARTER:
        quarter = (score.period_start.month + 2) // 3
        return _("%(year)d Q%(quarter)d") % {"year": score.period_start.year, "quarter": quarter}
    return date_format(score.period_start, "YEAR_MONTH_FORMAT")


def short_label(score):
    """A period under an axis: the month alone, a quarter in full."""
    if score.period_kind != PeriodKind.MONTH:
        return period_label(score)
    return date_format(score.period_start, pgettext("date format of a month under an axis", "M"))


def visible_range(series, target):
    """The part of the scale that holds every bound and the target, in steps of a tenth of it."""
    lowest, highest = RANGES[series[0].metric]
    step = (highest - lowest) / 10
    shown = [score for score in series if score.low is not None]
    if not shown:
        return lowest, highest
    goals = [] if target is None else [float(target)]
    bottom = min([score.low for score in shown] + goals)
    top = max([score.high for score in shown] + goals)
    return (
        max(lowest, lowest + math.floor((bottom - lowest) / step) * step),
        min(highest, lowest + math.ceil((top - lowest) / step) * step),
    )


def series_chart(series, target=None):
    """A line with its 95 % band; a hidden score is a gap. The table says the same in words."""
    first = series[0]
    low, high = visible_range(series, target)
    labels = [short_label(score) for score in series]
    svg = charts.line(
        [score.value for score in series],
        labels,
        title=first.label,
        desc=_("Score per period with its confidence interval"),
        low=[score.low for score in series],
        high=[score.high for score in series],
        target=None if target is None else float(target),
        target_label="" if target is None else _("Target %(value)s") % {"value": short(target)},
        y_min=low,
        y_max=high,
    )
    head = [_("Period"), _("Score"), _("Interval (95 %)"), _("Clients"), _("Response rate")]
    return Chart(svg, head, [table_row(score) for score in reversed(series)])


def table_row(score):
    if score.is_shown:
        value, bounds = short(score.value), "–"
        if score.low is not None:
            bounds = f"{short(score.low)} … {short(score.high)}"
    else:
        value, bounds = _("hidden"), "–"
    rate = "–" if score.response_rate is None else f"{short(score.response_rate)} %"
    return [period_label(score), value, bounds, score.n, rate]


def short(value):
    return number_format(value, 1 if abs(value - round(value)) > 0.04 else 0)
