from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clientgroups.selectors.findings import finding_of_group
from core.views import page, render_page
from projects.forms.evidence import EvidenceForm
from projects.selectors.evidence import (
    evidence_of,
    findings_on_offer,
    findings_to_attach,
    goal_and_finding,
    goals_resting_on,
)
from projects.selectors.goals import visible_goal
from projects.services.evidence import attach_finding, detach_finding
from projects.views.common import add_errors

PAGE_SIZE = 50


def show(request, goal, form=None):
    """The findings of a goal with the form that adds one; a panel of the goal's page."""
    offered = findings_on_offer(goal, request.user)
    may_edit = request.user.has_perm("projects.edit_goal", goal)
    context = {
        "goal": goal,
        "project": goal.project,
        "evidence": evidence_of(goal, request.user),
        "form": form or (EvidenceForm(offered=offered) if may_edit and offered.exists() else None),
        "may_edit": may_edit,
    }
    status = 422 if form is not None else 200
    return render_page(request, "projects/evidence/list", context, status=status)


@page("projects.view", load=visible_goal)
def goal_evidence(request, goal):
    return show(request, goal)


@page("projects.edit_goal", load=visible_goal, methods=("POST",))
def goal_evidence_add(request, goal):
    form = EvidenceForm(request.POST, offered=findings_to_attach(goal, request.user))
    if not form.is_valid():
        return show(request, goal, form)
    try:
        attach_finding(actor=request.user, goal=goal, finding=form.cleaned_data["finding"])
    except ValidationError as error:
        add_errors(form, error)
        return show(request, goal, form)
    messages.success(request, _("The goal rests on this finding now."))
    return answer(request, goal)


def answer(request, goal):
    """The panel again for htmx; without scripts the page of the goal."""
    return show(request, goal) if request.htmx else redirect(goal)


@page("projects.edit_goal", load=goal_and_finding, methods=("POST",))
def goal_evidence_attach(request, offer):
    """Undoes a removal."""
    try:
        attach_finding(actor=request.user, goal=offer.goal, finding=offer.finding)
        messages.success(request, _("The goal rests on this finding again."))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return answer(request, offer.goal)


@page("projects.edit_goal", load=goal_and_finding, methods=("POST",))
def goal_evidence_detach(request, offer):
    goal = offer.goal
    if detach_finding(actor=request.user, goal=goal, finding=offer.finding):
        again = reverse(
            "projects:goal_evidence_attach", args=[goal.project_id, goal.pk, offer.finding.pk]
        )
        messages.success(
            request, _("The goal no longer rests on this finding."), extra_tags=f"undo:{again}"
        )
    return answer(request, goal)


@page("clientgroups.view", load=finding_of_group)
def finding_goals(request, finding):
    rows = goals_resting_on(finding, request.user)
    context = {
        "finding": finding,
        "group": finding.client_group,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render_page(request, "projects/evidence/goals", context)
