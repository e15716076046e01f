from copy import copy

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from core.views import page, render_page
from projects.forms.goals import GoalForm
from projects.models import Goal
from projects.selectors.goal_history import history_remark
from projects.selectors.goals import (
    goal_tree,
    goals_summary,
    only,
    open_parent,
    visible_goal,
)
from projects.selectors.projects import visible_project
from projects.selectors.smart import smart_letters
from projects.services.goals import StaleGoal, save_goal
from projects.views.common import add_errors
from projects.views.goal_pages import detail_context

PER_PAGE = 50
BOTH = ("GET", "HEAD", "POST")
SHOWN = {
    "live": lambda goal, user: goal.is_live,
    "mine": lambda goal, user: goal.is_open and goal.owner_id == user.pk,
    "slipping": lambda goal, user: goal.look in (Goal.Pace.AT_RISK, Goal.Pace.BEHIND),
    "closed": lambda goal, user: not goal.is_open,
}


@page("projects.view", load=visible_project)
def goal_list(request, project):
    show = request.GET.get("show")
    show = show if show in SHOWN else "live"
    tree = goal_tree(project)
    goals = [node.goal for root in tree for node in root.walk()]
    wanted = {goal.pk for goal in goals if SHOWN[show](goal, request.user)}
    context = {
        "project": project,
        "roots": Paginator(only(tree, wanted), PER_PAGE).get_page(request.GET.get("page")),
        "has_goals": bool(goals),
        "show": show,
        "chips": [
            ("live", _("Current")),
            ("mine", _("Mine")),
            ("slipping", _("Slipping")),
            ("closed", _("Closed")),
        ],
        "summary": goals_summary([project]),
    }
    return render_page(request, "projects/goal/list", context)


@page("projects.view", load=visible_goal)
def goal_detail(request, goal):
    return render_page(request, "projects/goal/detail", detail_context(goal, request.user))


@page("projects.edit_goal", load=visible_project, methods=BOTH)
def goal_create(request, project):
    goal = _blank(project, open_parent(project, request.GET.get("parent", "")), request.user)
    return _form_page(request, goal)


@page("projects.edit_goal", load=visible_goal, methods=BOTH)
def goal_edit(request, goal):
    return _form_page(request, goal)


@page("projects.edit_goal", load=visible_project, methods=("POST",))
def goal_check(request, project):
    form = GoalForm(request.user, _blank(project, None, None), request.POST)
    form.is_valid()
    return render(request, "projects/goal/_check.html", {"letters": _letters(form.instance)})


def _blank(project, parent, owner):
    return Goal(
        project=project,
        client_group=project.client_group,
        parent=parent,
        owner=owner,
        start_on=parent.start_on if parent else timezone.localdate(),
        due_on=parent.due_on if parent else None,
    )


def _letters(goal):
    return smart_letters(goal, history_remark(goal))


def _form_page(request, goal):
    stored = copy(goal)  # the form types into the row that it was given
    form = GoalForm(request.user, goal, request.POST or None)
    button = request.POST.get("do")
    others, status = [], 422 if form.is_bound else 200
    if form.is_valid() and button == "check":
        status = 200
    elif form.is_valid():
        try:
            saved = save_goal(
                goal=stored,
                actor=request.user,
                start=button == "start",
                version=form.cleaned_data["version"],
                once_key=form.cleaned_data.get("once_key"),
                fields=form.changes,
            )
        except ValidationError as error:
            add_errors(form, error)
        except StaleGoal as stale:
            others, status = form.differences(stale.goal), 409
            form.take_version(stale.goal)
        else:
            messages.success(request, _said(saved))
            return redirect(saved)
    context = {
        "project": goal.project,
        "goal": goal,
        "form": form,
        "others": others,
        "letters": _letters(form.instance),
        "stored": stored,
    }
    return render_page(request, "projects/goal/form", context, status=status)


def _said(goal):
    if goal.state == Goal.State.ACTIVE:
        return _("“%(goal)s” is stored and runs.") % {"goal": goal}
    return _("“%(goal)s” is stored as a draft.") % {"goal": goal}
