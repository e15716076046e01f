from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clientgroups.selectors import visible_group
from core import charts
from core.views import page, render_page
from projects.forms.filters import ProjectFilter
from projects.forms.projects import AccessForm, ProjectForm
from projects.models import Project
from projects.selectors.overview import overview_of
from projects.selectors.projects import (
    access_event,
    access_of,
    groups_to_lead,
    people_of,
    project_rows,
    suggest_key,
    visible_project,
)
from projects.services import projects as services
from projects.views.board import words
from projects.views.common import add_errors, back, child_of
from projects.views.pieces import draw_cards

PER_PAGE = 50
BOTH = ("GET", "HEAD", "POST")


@page("projects.list")
def project_list(request):
    data = request.GET.copy()
    narrowed = ProjectFilter(data, queryset=project_rows(request.user), request=request)
    rows = Paginator(narrowed.qs.order_by("name", "pk"), PER_PAGE).get_page(data.get("page"))
    groups = {
        pk: name
        for pk, name in Project.objects.visible_to(request.user)
        .order_by("client_group__name")
        .values_list("client_group", "client_group__name")
    }
    context = {
        "projects": rows,
        "groups": groups.items(),
        "statuses": Project.Status.choices,
        "may_create": groups_to_lead(request.user).exists(),
        "root": reverse("projects:project_list"),
    }
    return render_page(request, "projects/project/list", context)


@page("clientgroups.view", load=visible_group)
def group_projects(request, group):
    rows = project_rows(request.user).filter(client_group=group).order_by("name", "pk")
    root = reverse("projects:project_list")
    context = {"group": group, "projects": rows[:PER_PAGE], "root": root}
    return render_page(request, "projects/project/group", context)


@page("projects.list", methods=BOTH)
def project_create(request):
    groups = groups_to_lead(request.user)
    people = User.objects.filter(
        Q(pk=request.user.pk) | Q(group_access__client_group__in=groups), is_active=True
    ).distinct()
    initial = {
        "client_group": request.GET.get("group"),
        "lead": request.user,
        "status": Project.Status.ACTIVE,
    }
    form = ProjectForm(request.POST or None, initial=initial, people=people, groups=groups)
    if form.is_valid():
        data = form.cleaned_data
        data["key"] = data["key"] or suggest_key(data["name"])
        try:
            project = services.create_project(actor=request.user, **data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("“%(project)s” is ready.") % {"project": project})
            return redirect(project)
    context = {"form": form, "groups": groups}
    status = 422 if form.is_bound else 200
    return render_page(request, "projects/project/create", context, status=status)


@page("projects.view", load=visible_project)
def project_detail(request, project):
    overview = overview_of(project, request.user)
    for lane in overview.board.lanes:
        draw_cards(lane.cards, [lane.column], project)
    context = {
        "project": project,
        "overview": overview,
        "bars": _bars(overview),
        "sees_group": project.client_group.role_of(request.user) or request.user.sees_everything,
        **words(project),
    }
    return render_page(request, "projects/project/detail", context)


def _bars(overview):
    """The small pictures of the key figures."""
    sums, share = overview.summary, overview.delivery.share
    goals = [("ok", sums.on_track), ("risk", sums.at_risk), ("late", sums.behind)]
    tasks = overview.open_tasks + overview.done_tasks
    return {
        "goals": charts.segments([*goals, ("trk", sums.unknown)]),
        "delivery": charts.meter(share),
        "tasks": charts.meter(overview.done_tasks / tasks) if tasks else "",
    }


@page("projects.edit", load=visible_project, methods=BOTH)
def project_edit(request, project):
    people = people_of(project) | User.objects.filter(pk=project.lead_id)
    initial = {name: getattr(project, name) for name in services.EDITABLE}
    form = ProjectForm(
        request.POST or None, initial=initial, people=people, currency=project.currency
    )
    if form.is_valid():
        try:
            services.update_project(project=project, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(project)
    status = 422 if form.is_bound else 200
    context = {"project": project, "form": form}
    return render_page(request, "projects/project/edit", context, status=status)


@page("projects.manage_access", load=visible_project, methods=BOTH)
def project_access(request, project):
    form = AccessForm(request.POST or None)
    if form.is_valid():
        user, role = form.cleaned_data["user"], form.cleaned_data["role"]
        try:
            services.grant_project_access(project=project, user=user, role=role, actor=request.user)
        except ValidationError as error:
            add_errors(form, error)
        else:
            words = _("%(person)s may now work in the project.") % {"person": user}
            messages.success(request, words, extra_tags=_undo_access(project, user))
            return redirect("projects:project_access", project.pk)
    status = 422 if form.is_bound else 200
    context = {"project": project, "form": form, "access": access_of(project)}
    return render_page(request, "projects/project/access", context, status=status)


@page("projects.manage_access", load=visible_project, methods=("POST",))
def access_revoke(request, project):
    row = child_of(project.access.select_related("user"), pk=_number(request.POST.get("access")))
    try:
        services.revoke_project_access(project=project, user=row.user, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        words = _("%(person)s no longer holds a role in the project.") % {"person": row.user}
        messages.success(request, words, extra_tags=_undo_access(project, row.user))
    return redirect("projects:project_access", project.pk)


@page("projects.manage_access", load=visible_project, methods=("POST",))
def access_undo(request, project):
    event = access_event(project, _number(request.POST.get("event") or request.GET.get("event")))
    try:
        services.undo_access(project=project, event=event, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Undone."))
    return back(request, reverse("projects:project_access", args=[project.pk]))


def _undo_access(project, user):
    event = access_event(project, None, user)
    return f"undo:{reverse('projects:access_undo', args=[project.pk])}?event={event.pk}"


def _number(value):
    return int(value) if value and value.isdecimal() and len(value) < 19 else 0
