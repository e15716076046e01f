import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.views import page, render_page
from projects.forms.task import (
    FIELDS_IN_PLACE,
    CommentForm,
    ItemForm,
    LinkForm,
    TaskForm,
    field_form,
)
from projects.models import Task
from projects.selectors.history import changed_since
from projects.selectors.projects import visible_project
from projects.selectors.task_page import task_page
from projects.selectors.tasks import latest_event, undoable_event, visible_task
from projects.services import tasks as services
from projects.views.common import add_errors, back, next_of

BOTH = ("GET", "HEAD", "POST")
POST = ("POST",)


def show(request, task, status=200, **extra):
    """The page of a task, also after a part of it was refused."""
    settled = task.column.category in ("done", "cancelled")
    context = {
        "project": task.project,
        "task": task,
        "shown": task_page(task),
        "priorities": Task.Priority.choices,
        "is_settled": settled,
        "is_late": not settled and task.due_on and task.due_on < timezone.localdate(),
        "item_form": ItemForm(),
        "comment_form": CommentForm(),
        "link_form": LinkForm(),
        "may_edit": request.user.has_perm("projects.edit_task", task.project),
        "may_comment": request.user.has_perm("projects.comment", task.project),
        **extra,
    }
    return render_page(request, "projects/task/detail", context, status=status)


def undo_of(task, *verbs):
    """The tags that give a message its undo button."""
    event = latest_event(task, *verbs)
    path = reverse("projects:task_undo", args=[task.project_id, task.number])
    return f"undo:{path}?event={event.pk}" if event else ""


@page("projects.view", load=visible_task)
def task_detail(request, task):
    return show(request, task)


@page("projects.edit_task", load=visible_project, methods=BOTH)
def task_create(request, project):
    initial = {"column": request.GET.get("column"), "goal": request.GET.get("goal")}
    form = TaskForm(project, request.POST or None, initial=initial)
    if form.is_valid():
        try:
            task = services.create_task(
                actor=request.user,
                project=project,
                submission_key=_key(request.POST.get("key")),
                **form.cleaned_data,
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("%(key)s was created.") % {"key": task.key})
            return back(request, task.get_absolute_url())
    context = {
        "project": project,
        "form": form,
        "key": _key(request.POST.get("key")) or uuid.uuid4(),
        "next": next_of(request),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "projects/task/create", context, status=status)


def _key(value):
    """What makes a form that was sent twice one task."""
    try:
        return str(uuid.UUID(value))
    except (TypeError, ValueError, AttributeError):
        return ""


@page("projects.edit_task", load=visible_task, methods=BOTH)
def task_edit(request, task):
    names = [*TaskForm.base_fields]
    initial = {name: getattr(task, name) for name in names if name != "labels"}
    initial["labels"] = task.labels.all()
    form = TaskForm(task.project, request.POST or None, task=task, initial=initial)
    status, stale = 422 if form.is_bound else 200, None
    if form.is_valid():
        version = _version(request)
        try:
            saved = services.update_task(
                task=task, actor=request.user, version=version, **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        except services.StaleTask as error:
            task, stale, status = error.task, changed_since(error.task, version), 409
        else:
            messages.success(request, _("Saved."), extra_tags=undo_of(saved, "task.changed"))
            return back(request, saved.get_absolute_url())
    context = {
        "project": task.project,
        "task": task,
        "form": form,
        "stale": stale,
        "version": task.version if status != 422 else _version(request),
        "next": next_of(request),
    }
    return render_page(request, "projects/task/edit", context, status=status)


@page("projects.edit_task", load=visible_task, methods=BOTH)
def task_field(request, task):
    """Change one field in place; a GET shows it alone, for people without a script."""
    name = request.POST.get("field") or request.GET.get("field")
    if name not in FIELDS_IN_PLACE:
        raise Http404
    if request.method != "POST":
        value = task.labels.all() if name == "labels" else getattr(task, name)
        form = field_form(name, task, None)
        form.initial = {name: value}
        return show(request, task, field=name, field_form=form)
    form, version = field_form(name, task, request.POST), _version(request)
    if not form.is_valid():
        return show(request, task, 422, field=name, field_form=form)
    change = {name: form.cleaned_data[name]}
    try:
        saved = services.update_task(task=task, actor=request.user, version=version, **change)
    except ValidationError as error:
        add_errors(form, error)
        return show(request, task, 422, field=name, field_form=form)
    except services.StaleTask as error:
        stale = changed_since(error.task, version)
        now = visible_task(request.user, task.project_id, task.number)
        return show(request, now, 409, field=name, field_form=form, stale=stale)
    if saved.version != task.version:
        messages.success(request, _("Saved."), extra_tags=undo_of(saved, "task.changed"))
    return back(request, saved.get_absolute_url())


def _version(request):
    value = request.POST.get("version", "")
    return int(value) if value.isdecimal() and len(value) < 10 else 0


@page("projects.edit_task", load=visible_task, methods=POST)
def task_done(request, task):
    return _change(request, task, services.finish_task, _("%(key)s is done."), "task.changed")


@page("projects.edit_task", load=visible_task, methods=POST)
def task_archive(request, task):
    words = _("%(key)s was archived.")
    return _change(request, task, services.archive_task, words, "task.archived")


@page("projects.edit_task", load=visible_task, methods=POST)
def task_restore(request, task):
    words = _("%(key)s is back.")
    return _change(request, task, services.restore_task, words, "task.restored")


def _change(request, task, service, words, verb):
    try:
        service(task=task, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, words % {"key": task.key}, extra_tags=undo_of(task, verb))
    return back(request, task.get_absolute_url())


@page("projects.edit_task", load=visible_task, methods=POST)
def task_undo(request, task):
    value = request.POST.get("event") or request.GET.get("event") or ""
    event = undoable_event(task, int(value) if value.isdecimal() and len(value) < 19 else 0)
    try:
        services.undo_change(event=event, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Undone."))
    return back(request, task.get_absolute_url())
