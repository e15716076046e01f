from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.views import page, render_page
from projects.forms.goals import CloseGoalForm, GoalForm
from projects.selectors.goal_history import history_remark
from projects.selectors.goals import visible_goal
from projects.selectors.smart import smart_letters
from projects.services.goals import activate_goal, cancel_goal, close_goal, reopen_goal
from projects.views.common import add_errors
from projects.views.goal_pages import answer


@page("projects.edit_goal", load=visible_goal, methods=("POST",))
def goal_activate(request, goal):
    try:
        goal = activate_goal(goal=goal, actor=request.user)
    except ValidationError as error:
        return _with_faults(request, goal, error)
    messages.success(request, _("“%(goal)s” runs.") % {"goal": goal})
    return redirect(goal)


@page("projects.edit_goal", load=visible_goal, methods=("GET", "HEAD", "POST"))
def goal_close(request, goal):
    form = CloseGoalForm(request.POST or None)
    if form.is_valid():
        try:
            goal = close_goal(goal=goal, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            _say_with_undo(request, goal, _("“%(goal)s” is closed."))
            return redirect(goal)
    context = {"goal": goal, "project": goal.project, "form": form}
    status = 422 if form.is_bound else 200
    return render_page(request, "projects/goal/close", context, status=status)


@page("projects.edit_goal", load=visible_goal, methods=("POST",))
def goal_cancel(request, goal):
    try:
        goal = cancel_goal(goal=goal, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        _say_with_undo(request, goal, _("“%(goal)s” is cancelled."))
    return answer(request, goal)


@page("projects.edit_goal", load=visible_goal, methods=("POST",))
def goal_reopen(request, goal):
    try:
        goal = reopen_goal(goal=goal, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("“%(goal)s” is open again.") % {"goal": goal})
    return answer(request, goal)


def _say_with_undo(request, goal, text):
    undo = reverse("projects:goal_reopen", args=[goal.project_id, goal.pk])
    messages.success(request, text % {"goal": goal}, extra_tags=f"undo:{undo}")


def _with_faults(request, goal, error):
    """The form with each sentence beside the field that stands in the way."""
    typed = {name: "" if value is None else value for name, value in _values(goal).items()}
    form = GoalForm(request.user, goal, typed)
    form.is_valid()
    add_errors(form, error)
    context = {
        "project": goal.project,
        "goal": goal,
        "stored": goal,
        "form": form,
        "others": [],
        "letters": smart_letters(goal, history_remark(goal)),
    }
    return render_page(request, "projects/goal/form", context, status=422)


def _values(goal):
    values = {name: goal.serializable_value(name) for name in GoalForm.Meta.fields}
    return values | {"version": goal.version}
