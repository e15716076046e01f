import math

from babel.dates import format_skeleton
from django.utils.translation import gettext as _

from core import charts
from core.formats import NOTHING, day, locale, number
from projects.progress import Reading, basis_of, forecast

SLOTS = 24


class _Axis:
    """The goal's time in equal slots; values from before or after it stand at the ends."""

    def __init__(self, start, due):
        self.start, self.days = start, (due - start).days
        self.step = max(1, math.ceil(self.days / SLOTS))
        self.count = self.days // self.step + 1

    def at(self, moment):
        place = ((moment - self.start).days) / self.step
        return min(max(place, 0), self.count - 1)

    @property
    def labels(self):
        """Days without their year: the goal's dates stand in the head of the page."""
        days = (self.start + self.start.resolution * self.step * each for each in range(self.count))
        short = "Md" if locale().language == "zh" else "MMMd"
        return [format_skeleton(short, each, locale=locale()) for each in days]


def goal_chart(goal, measurements, today):
    """The card of a measured goal: values, band, target, expected line, forecast, and the data."""
    if not measurements or None in (goal.start_on, goal.due_on, goal.baseline, goal.target):
        return None
    axis = _Axis(goal.start_on, goal.due_on)
    readings = [Reading(m.measured_on, m.value, m.low, m.high, m.n) for m in measurements]
    points, low, high = _slots(axis, readings)
    ahead = _forecast(axis, readings, goal, today)
    banded = any(value is not None for value in low)
    return {
        "title": goal.metric,
        "sub": goal.unit,
        "svg": charts.line(
            points,
            axis.labels,
            title=goal.metric,
            desc=_("Measured values with the target and the line that was expected."),
            low=low if banded else None,
            high=high if banded else None,
            target=float(goal.target),
            target_label=_("Target %(value)s") % {"value": number(goal.target)},
            plan=[(0, float(goal.baseline)), (axis.count - 1, float(goal.target))],
            forecast={"mid": ahead} if ahead else None,
            today=axis.at(today) if goal.start_on <= today <= goal.due_on else None,
            gaps=False,
            height=260,
        ),
        "legend": _legend(banded, ahead),
        "head": [_("Date"), goal.unit or _("Value"), _("Interval"), "n"],
        "rows": [_row(reading) for reading in reversed(readings)],
        "insight": _insight(goal, readings),
        "id": f"goal-chart-{goal.pk}",
    }


def _slots(axis, readings):
    """One value for each slot: the latest that falls into it."""
    points, low, high = ([None] * axis.count for _each in range(3))
    for reading in readings:
        index = int(axis.at(reading.day))
        points[index] = float(reading.value)
        known = reading.low is not None and reading.high is not None
        low[index] = float(reading.low) if known else None
        high[index] = float(reading.high) if known else None
    return points, low, high


def _forecast(axis, readings, goal, today):
    value = _at_due(goal, readings)
    return None if value is None or today >= goal.due_on else [(axis.count - 1, value)]


def _at_due(goal, readings):
    """The forecast for the due date; a score ends where its scale ends."""
    value = forecast(readings, goal.start_on, goal.due_on)
    if value is None or not goal.is_scored:
        return value
    return min(max(value, 0 if goal.source == goal.Source.CSAT else -100), 100)


def _legend(banded, ahead):
    legend = [("ln", _("Value"))]
    if banded:
        legend.append(("bd", _("Interval (95 %)")))
    legend.append(("pl", _("Expected")))
    if ahead:
        legend.append(("fc", _("Forecast")))
    return legend


def _insight(goal, readings):
    value = _at_due(goal, readings)
    if value is None or goal.state != goal.State.ACTIVE or basis_of(readings) is None:
        return ""
    return _("At this pace it stands at %(value)s on %(due)s; the target is %(target)s.") % {
        "value": number(round(value, 1)),
        "due": day(goal.due_on),
        "target": number(goal.target),
    }


def _row(reading):
    known = reading.low is not None and reading.high is not None
    band = f"{number(reading.low, 1)} – {number(reading.high, 1)}" if known else NOTHING
    return [day(reading.day), figure(reading), band, reading.n]


def figure(reading):
    """A score with one decimal; a value entered by hand as it was entered."""
    return number(reading.value, None if reading.n is None else 1)
