"""Pictures of the home page: what to draw; core.charts knows how."""

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import charts
from core.formats import NOTHING, dash, number
from core.templatetags import ui
from feedback.views.charts import series_chart


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
    chart = series_chart(series, goal.target if goal else None)
    return {
        "title": _("Customer satisfaction"),
        "sub": _("%(group)s · share of satisfied answers per month") % {"group": group},
        "svg": chart.svg,
        "head": chart.head,
        "rows": chart.rows,
        "insight": _insight(series[-1], goal),
        "legend": [("ln", _("Score")), ("bd", _("95% interval"))],
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


# The table of projects ----------------------------------------------------------------------------


def draw(rows):
    """Give each row the pieces of its line; see core.templatetags.rows."""
    for row in rows:
        row.name, row.group = row.project.name, row.project.client_group.name
        row.due = ui.due(row.project.due_on)
        row.goals = _goals(row)
        row.open = _open(row)
        row.next = ui.due(row.next_due) or NOTHING
        row.satisfaction = _satisfaction(row.score)
    return rows


def _goals(row):
    signs = [
        ("behind", row.behind, row.behind_label),
        ("at_risk", row.at_risk, row.at_risk_label),
        ("on_track", row.on_track, row.on_track_label),
    ]
    badges = ((ui.status_badge(pace, text),) for pace, count, text in signs if count)
    return format_html_join(" ", "{}", badges) or NOTHING


def _open(row):
    if not row.overdue:
        return dash(row.open_tasks)
    late = ngettext("%(n)s overdue", "%(n)s overdue", row.overdue) % {"n": row.overdue}
    return format_html('{} <small class="late-t d-block">{}</small>', row.open_tasks, late)


def _satisfaction(score):
    shown = NOTHING
    if score and score.is_shown:
        shown = format_html(
            '<a href="{}"><b>{}</b> ±{} · n = {}</a>',
            score.url,
            number(score.value, 1),
            number(score.half_width, 1),
            score.n,
        )
    if score and score.state == "few":
        few = _("Too few to compare")
        return format_html('{} <small class="d-block">{}</small>', shown, few)
    return shown
