from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from core.views import page
from projects.forms.task import CommentForm, ItemForm, LinkForm
from projects.selectors.tasks import visible_task
from projects.services import parts as services
from projects.views.common import add_errors, back, child_of
from projects.views.task import show

POST = ("POST",)


def _number(request, name):
    value = request.POST.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 19 else 0


def _add(request, task, form, name, service):
    """One more part of a task; a refused one comes back with what was typed."""
    if form.is_valid():
        try:
            service(task=task, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return back(request, task.get_absolute_url())
    return show(request, task, 422, **{name: form})


@page("projects.edit_task", load=visible_task, methods=POST)
def item_add(request, task):
    return _add(request, task, ItemForm(request.POST), "item_form", services.add_item)


@page("projects.edit_task", load=visible_task, methods=POST)
def item_change(request, task):
    """Tick, move or remove one step."""
    item = child_of(task.checklist_items.all(), pk=_number(request, "item"))
    item.task = task
    action = request.POST.get("action")
    if action in ("done", "open"):
        services.set_item_done(item=item, actor=request.user, done=action == "done")
    elif action in ("up", "down"):
        services.shift_item(item=item, actor=request.user, step=-1 if action == "up" else 1)
    elif action == "remove":
        services.delete_item(item=item, actor=request.user)
        messages.success(request, _("Step removed."))
    return back(request, task.get_absolute_url())


@page("projects.comment", load=visible_task, methods=POST)
def comment_add(request, task):
    return _add(request, task, CommentForm(request.POST), "comment_form", services.add_comment)


@page("projects.comment", load=visible_task, methods=POST)
def comment_remove(request, task):
    """People remove what they said; a lead may remove anything."""
    comment = child_of(task.comments.all(), pk=_number(request, "comment"))
    comment.task = task
    own = comment.author_id == request.user.pk
    if not own and not request.user.has_perm("projects.edit", task.project):
        raise PermissionDenied
    services.delete_comment(comment=comment, actor=request.user)
    messages.success(request, _("Comment removed."))
    return back(request, task.get_absolute_url())


@page("projects.edit_task", load=visible_task, methods=POST)
def link_add(request, task):
    return _add(request, task, LinkForm(request.POST), "link_form", services.add_link)


@page("projects.edit_task", load=visible_task, methods=POST)
def link_remove(request, task):
    link = child_of(task.attachments.all(), pk=_number(request, "link"))
    link.task = task
    services.delete_link(link=link, actor=request.user)
    messages.success(request, _("Link removed."))
    return back(request, task.get_absolute_url())
