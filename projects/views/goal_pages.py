"""What the page of a goal shows, for every view that answers with it."""

from django.shortcuts import redirect, render
from django.utils import timezone

from projects.forms.goals import CheckInForm, MeasurementForm
from projects.models import Goal
from projects.progress import Reading, basis_of, roll_up, share_of_time
from projects.selectors.goal_history import history_remark
from projects.selectors.goal_texts import pace_texts
from projects.selectors.goals import may_report, sub_goals, task_counts
from projects.selectors.smart import smart_letters
from projects.views.goal_charts import goal_chart

CHECK_INS = 20


def detail_context(goal, user):
    measurements = list(
        goal.measurements.select_related("recorded_by").order_by("measured_on", "pk")
    )
    children = sub_goals(goal)
    done, total = task_counts(goal)
    today = timezone.localdate()
    return {
        "goal": goal,
        "project": goal.project,
        "letters": smart_letters(goal, history_remark(goal)),
        "reasons": pace_texts(goal),
        "children": children,
        "rollup": roll_up(node.goal.share for node in children if node.goal.is_live),
        "measurements": measurements[::-1],
        "latest": measurements[-1] if measurements else None,
        "is_few": _is_few(measurements),
        "expected": _expected(goal, today),
        "tasks_done": done,
        "tasks_total": total,
        "chart": goal_chart(goal, measurements, today),
        "check_ins": goal.check_ins.select_related("author")[:CHECK_INS],
        "may_report": may_report(user, goal),
        "measurement_form": MeasurementForm(),
        "check_in_form": CheckInForm(),
    }


def answer(request, goal):
    """The goal's page anew: its fragment for htmx, else by redirect."""
    if not request.htmx:
        return redirect(goal)
    return render(request, "projects/goal/_detail.html", detail_context(goal, request.user))


def _is_few(measurements):
    readings = [Reading(m.measured_on, m.value, m.low, m.high, m.n) for m in measurements[-1:]]
    return bool(readings) and basis_of(readings) is None


def _expected(goal, today):
    if goal.state != Goal.State.ACTIVE:
        return None
    return share_of_time(goal.start_on, goal.due_on, today)
