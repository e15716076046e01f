import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.views import page, render_page
from projects.forms.task import QuickAddForm
from projects.selectors.goals import my_goals
from projects.selectors.projects import projects_to_work_in
from projects.selectors.quick_add import read_line
from projects.selectors.work import in_sections, my_tasks, my_totals
from projects.services.quick_add import add_from_line
from projects.views.common import add_errors, back, next_of
from projects.views.pieces import draw_work

PER_PAGE = 50
GOALS_SHOWN = 10


@page("projects.list")
def my_work(request):
    tasks = Paginator(my_tasks(request.user), PER_PAGE).get_page(request.GET.get("page"))
    lines, totals = list(tasks.object_list), my_totals(request.user)
    draw_work(lines)
    context = {
        "tasks": tasks,
        "sections": in_sections(lines, totals),
        "totals": totals,
        "goals": my_goals(request.user)[:GOALS_SHOWN],
    }
    return render_page(request, "projects/work/list", context)


@page("projects.list", methods=("GET", "HEAD", "POST"))
def quick_add(request):
    projects = projects_to_work_in(request.user)
    form = QuickAddForm(projects, _data(request, projects), initial={"project": _asked(request)})
    found = None
    if form.is_valid():
        found = read_line(form.cleaned_data["text"], form.cleaned_data["project"])
        if request.method == "POST":
            try:
                task = add_from_line(actor=request.user, **form.cleaned_data)
            except ValidationError as error:
                add_errors(form, error)
            else:
                text = _("%(key)s was created: %(title)s")
                messages.success(request, text % {"key": task.key, "title": task.title})
                return back(request, task.get_absolute_url())
    context = {
        "form": form,
        "found": found,
        "projects": projects,
        "project": _chosen(form, projects),
        "key": request.POST.get("key") or uuid.uuid4(),
        "next": next_of(request),
    }
    status = 422 if request.method == "POST" else 200
    return render_page(request, "projects/quick_add/edit", context, status=status)


def _asked(request):
    return request.POST.get("project") or request.GET.get("project")


def _data(request, projects):
    """What was typed; a line without a project goes to the one that the page shows."""
    data = request.POST or (request.GET if "text" in request.GET else None)
    if data is not None and not data.get("project") and projects:
        data = data.copy()
        data["project"] = projects[0].pk
    return data


def _chosen(form, projects):
    """The project that the select shows, for the hints under the line."""
    value = form["project"].value()
    found = projects.filter(pk=value).first() if str(value or "").isdecimal() else None
    return found or projects.first()


@page("projects.list")
def quick_add_preview(request):
    form = QuickAddForm(projects_to_work_in(request.user), request.GET)
    found = None
    if form.is_valid():
        found = read_line(form.cleaned_data["text"], form.cleaned_data["project"])
    return render(request, "projects/quick_add/_preview.html", {"form": form, "found": found})
