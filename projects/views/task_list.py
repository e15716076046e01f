import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.views import page, render_page
from projects.forms.filters import DUE, STATES, tasks_to_page
from projects.forms.task import BulkForm
from projects.models import Task
from projects.selectors.board import columns_of, labels_of
from projects.selectors.projects import people_named, visible_project
from projects.selectors.tasks import with_labels
from projects.services import bulk as services
from projects.views.board import words
from projects.views.common import back
from projects.views.pieces import draw_lines

PER_PAGE = 50
CHOSEN = {"column": "column", "person": "assignee", "label": "label"}


@page("projects.view", load=visible_project)
def task_list(request, project):
    return _show(request, project)


def _show(request, project, form=None, status=200):
    data = request.GET.copy()
    data.setdefault("state", "open")
    rows = tasks_to_page(project, data, request)
    tasks = Paginator(rows, PER_PAGE).get_page(data.get("page"))
    lines = list(tasks.object_list)
    with_labels(lines)
    draw_lines(lines, {line.column for line in lines}, project)
    context = {
        "project": project,
        "page": tasks,
        "tasks": lines,
        "chosen": data,
        "narrows": bool(set(request.GET) - {"page", "sort"}),
        **{f"chosen_{name}": _number(data.get(key)) for name, key in CHOSEN.items()},
        "columns": columns_of(project.pk),
        "people": people_named(project.pk, project.client_group_id),
        "labels": labels_of(project.pk),
        "states": STATES,
        "dues": DUE,
        "priorities": Task.Priority.choices,
        "may_edit": request.user.has_perm("projects.edit_task", project),
        "bulk_form": form,
        **words(project),
    }
    return render_page(request, "projects/task/list", context, status=status)


def _number(value):
    return int(value) if value and value.isdecimal() and len(value) < 19 else None


@page("projects.edit_task", load=visible_project, methods=("POST",))
def task_bulk(request, project):
    form = BulkForm(project, request.POST)
    if form.is_valid():
        try:
            batch, count = services.change_tasks(
                project=project,
                actor=request.user,
                tasks=form.cleaned_data["tasks"],
                **form.changes(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            undo = reverse("projects:task_bulk_undo", args=[project.pk])
            text = ngettext("%(count)d task changed.", "%(count)d tasks changed.", count)
            tags = f"undo:{undo}?batch={batch}" if count else ""
            messages.success(request, text % {"count": count}, extra_tags=tags)
            return back(request, reverse("projects:task_list", args=[project.pk]))
    return _show(request, project, form, status=422)


@page("projects.edit_task", load=visible_project, methods=("POST",))
def task_bulk_undo(request, project):
    try:
        batch = uuid.UUID(request.GET.get("batch", ""))
        count = services.undo_batch(project=project, actor=request.user, batch=batch)
    except ValueError:
        count = 0
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return back(request, reverse("projects:task_list", args=[project.pk]))
    text = ngettext("%(count)d task is as before.", "%(count)d tasks are as before.", count)
    messages.success(request, text % {"count": count} if count else _("Nothing to undo."))
    return back(request, reverse("projects:task_list", args=[project.pk]))
