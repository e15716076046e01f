"""Pictures of the home page: what to draw; core.charts knows how."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core import charts
from core.formats import number


def goals_bar(counts):
    """Running goals by pace as one bar; nothing without goals."""
    parts = [("ok", counts.on_track), ("risk", counts.at_risk), ("late", counts.behind)]
    return charts.segments([*parts, ("none", counts.unknown)]) if counts.goals else ""


def tasks_bar(counts):
    """Open tasks: in time and overdue."""
    parts = [("ok", counts.open_tasks - counts.overdue), ("late", counts.overdue)]
    return charts.segments(parts) if counts.open_tasks else ""


def score_spark(series):
    """The last shown scores as a small line; nothing with fewer than two."""
    values = [view.value for view in series if view.is_shown]
    return charts.spark(values) if len(values) > 1 else ""


def score_chart(group, series, goal):
    """The months of a group's satisfaction with band and target, and the table behind them."""
    if not any(view.is_shown for view in series):
        return None
    labels = [date_format(view.period_start, "M y") for view in series]
    target = float(goal.target) if goal else None
    latest = series[-1]
    title = _("Customer satisfaction")
    return {
        "title": title,
        "sub": _("%(group)s · share of satisfied answers per month, 95%% interval") % {"group": group},
        "svg": charts.line(
            [view.value for view in series],
            labels,
            title=title,
            desc=_("Monthly satisfaction of %(group)s with its 95%% interval.") % {"group": group},
            low=[view.low for view in series],
            high=[view.high for view in series],
            target=target,
            target_label=_target_label(goal),
        ),
        "head": [_("Month"), _("Score"), _("95% interval"), _("n"), _("Response rate")],
        "rows": [_row(label, view) for label, view in zip(labels, series, strict=True)],
        "insight": _insight(latest, goal),
        "legend": [("ln", _("Score")), ("bd", _("95% interval"))],
    }


def _row(label, view):
    if not view.is_shown:
        return [label, _("hidden, fewer than 5"), "–", view.n, "–"]
    rate = "–" if view.response_rate is None else f"{number(view.response_rate, 0)} %"
    return [label, number(view.value, 1), f"{number(view.low, 1)} – {number(view.high, 1)}", view.n, rate]


def _target_label(goal):
    if goal is None:
        return ""
    return _("Target %(target)s by %(day)s") % {
        "target": number(goal.target, 0),
        "day": date_format(goal.due_on, "SHORT_DATE_FORMAT"),
    }


def _insight(latest, goal):
    if goal is None or not latest.is_shown:
        return ""
    gap = float(goal.target) - latest.value
    if latest.low is not None and latest.low >= float(goal.target):
        return _("The target is reached: even the lower bound of the interval passes it.")
    if gap <= 0:
        return _("The score passes the target, but its interval does not yet: keep asking.")
    return _("%(gap)s points are missing to the target.") % {"gap": number(gap, 1)}
