from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from core.views import page, render_page
from projects.forms.goals import CheckInForm, MeasurementForm
from projects.selectors.goals import (
    may_report,
    removed_measurement,
    visible_goal,
    visible_measurement,
)
from projects.services.goals import check_in
from projects.services.measurements import (
    delete_measurement,
    record_measurement,
    restore_measurement,
    update_measurement,
)
from projects.views.common import add_errors
from projects.views.goal_pages import answer

BOTH = ("GET", "HEAD", "POST")


@page("projects.check_in", load=visible_goal, methods=BOTH)
def goal_measure(request, goal):
    _own_or_lead(request, goal)
    form = MeasurementForm(request.POST or None)
    if form.is_valid():
        try:
            if goal.is_scored:
                raise ValidationError(_("The values of this goal come from surveys."))
            record_measurement(goal=goal, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The value is stored."))
            return _fresh(request, goal)
    return _form(request, "measure", goal, form)


@page("projects.check_in", load=visible_measurement, methods=BOTH)
def measurement_edit(request, entry):
    _own_or_lead(request, entry.goal)
    form = MeasurementForm(request.POST or None, instance=entry)
    if form.is_valid():
        try:
            update_measurement(measurement=entry, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The value is corrected."))
            return _fresh(request, entry.goal)
    return _form(request, "measurement", entry.goal, form, entry=entry)


@page("projects.check_in", load=visible_measurement, methods=("POST",))
def measurement_delete(request, entry):
    _own_or_lead(request, entry.goal)
    try:
        event = delete_measurement(measurement=entry, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The value is removed."), extra_tags=_undo(entry.goal, event))
    return _fresh(request, entry.goal)


@page("projects.check_in", load=removed_measurement, methods=("POST",))
def measurement_restore(request, removed):
    _own_or_lead(request, removed.goal)
    try:
        restore_measurement(goal=removed.goal, event=removed.event, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The value is back."))
    return _fresh(request, removed.goal)


@page("projects.check_in", load=visible_goal, methods=BOTH)
def goal_check_in(request, goal):
    _own_or_lead(request, goal)
    form = CheckInForm(request.POST or None)
    if form.is_valid():
        try:
            check_in(goal=goal, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The check-in is stored."))
            return _fresh(request, goal)
    return _form(request, "check_in", goal, form)


def _undo(goal, event):
    """Nothing to take back when somebody else was faster."""
    if event is None:
        return ""
    path = [goal.project_id, goal.pk, event.pk]
    return "undo:" + reverse("projects:measurement_restore", args=path)


def _own_or_lead(request, goal):
    """Members speak for the goals they own; leads for all."""
    if not may_report(request.user, goal):
        raise PermissionDenied


def _fresh(request, goal):
    project = goal.project
    goal.refresh_from_db()
    goal.project = project
    return answer(request, goal)


def _form(request, name, goal, form, **more):
    context = {"goal": goal, "project": goal.project, "form": form, **more}
    status = 422 if form.is_bound else 200
    return render_page(request, f"projects/goal/{name}", context, status=status)
