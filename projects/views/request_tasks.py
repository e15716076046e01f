from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.selectors.requests import visible_request
from core.views import page, render_page
from projects.forms.request_tasks import PRIORITIES, RequestTaskForm
from projects.selectors.projects import projects_to_work_in
from projects.selectors.request_tasks import request_of_task, tasks_of_request
from projects.selectors.tasks import visible_task
from projects.services.request_tasks import make_task_of_request
from projects.views.common import add_errors


@page("clientgroups.view", load=visible_request)
def request_tasks(request, row):
    context = {"row": row, "links": tasks_of_request(row, request.user)}
    return render_page(request, "projects/request_task/panel", context)


@page("clientgroups.serve", load=visible_request, methods=("GET", "HEAD", "POST"))
def request_task_create(request, row):
    projects = projects_to_work_in(request.user)
    form = RequestTaskForm(projects, request.POST or None, initial=prefilled(row, projects))
    if form.is_valid():
        try:
            link = make_task_of_request(request=row, actor=request.user, **form.cleaned_data)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, _("%(key)s was created.") % {"key": link.task.key})
            return redirect(row)
    context = {"row": row, "form": form, "any_project": projects.exists()}
    status = 422 if form.is_bound else 200
    return render_page(request, "projects/request_task/create", context, status=status)


def prefilled(row, projects):
    """What is known already: the words of the request, and a project of the client's group."""
    groups = row.client.memberships.current().values("client_group")
    near = projects.filter(client_group__in=groups).first()
    lines = [row.text, f"{row.number} · {row.client.name}"]
    due = row.resolution_due_at
    return {
        "project": near and near.pk,
        "title": row.subject,
        "description": "\n\n".join(line for line in lines if line),
        "priority": PRIORITIES[row.priority],
        "due_on": timezone.localtime(due).date() if due and due > timezone.now() else None,
    }


@page("projects.view", load=visible_task)
def task_request(request, task):
    context = {"task": task, "link": request_of_task(task, request.user)}
    return render_page(request, "projects/request_task/of_task", context)
