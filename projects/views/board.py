from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.views import page, render_page
from projects.forms.task import ArchiveColumnForm, ColumnForm, LabelForm, MoveForm
from projects.models import BoardColumn
from projects.selectors.board import BoardQuery, board_of, card_of, labels_of, more_cards
from projects.selectors.projects import visible_project
from projects.selectors.tasks import (
    first_card,
    latest_event,
    visible_column,
    visible_label,
    visible_task,
)
from projects.services import columns as services
from projects.services.moves import move_task
from projects.views.common import add_errors, back, next_of
from projects.views.pieces import draw_cards

BOTH = ("GET", "HEAD", "POST")


@page("projects.view", load=visible_project)
def board(request, project):
    query = BoardQuery.read(request.GET)
    found = board_of(project, request.user, query)
    for lane in found.lanes:
        draw_cards(lane.cards, [lane.column], project)
    context = {
        "project": project,
        "board": found,
        "query": query,
        "labels": labels_of(project.pk),
        **words(project),
    }
    return render_page(request, "projects/board/detail", context)


def words(project):
    """What every card says; looked up once per page, not once per card."""
    return {
        "base": reverse("projects:task_list", args=[project.pk]),
    }


@page("projects.view", load=visible_column)
def board_more(request, column):
    query = BoardQuery.read(request.GET)
    cards, last = more_cards(column, request.user, query, request.GET.get("after", ""))
    draw_cards(cards, [column], column.project)
    context = {
        "project": column.project,
        "column": column,
        "cards": cards,
        "last": last,
        **words(column.project),
    }
    return render(request, "projects/board/_more.html", context)


@page("projects.edit_task", load=visible_task, methods=BOTH)
def task_move(request, task):
    initial = {"column": task.column, "place": "end"}
    form = MoveForm(task, request.POST or None, initial=initial)
    if form.is_valid():
        try:
            moved = _move(task, request.user, form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _moved(request, task, moved)
    if request.method == "POST" and "HX-Board" in request.headers:
        messages.error(request, " ".join(sum(form.errors.values(), [])))
        return render(request, "projects/board/_refused.html", status=422)
    status = 422 if form.is_bound else 200
    context = {"project": task.project, "task": task, "form": form, "next": next_of(request)}
    return render_page(request, "projects/board/move", context, status=status)


def _move(task, actor, data):
    before, after = data["before"], data["after"]
    if data["place"] == "start":
        before = first_card(data["column"], task)
    return move_task(task=task, actor=actor, column=data["column"], before=before, after=after)


def _moved(request, before, task):
    """Say where the card is now; a change of column can be undone."""
    if before.column_id != task.column_id:
        event = latest_event(task, "task.moved")
        undo = reverse("projects:task_undo", args=[task.project_id, task.number])
        text = _("%(key)s is now in “%(column)s”.") % {"key": task.key, "column": task.column}
        messages.success(request, text, extra_tags=f"undo:{undo}?event={event.pk}")
        _warn(request, task.column)
    if "HX-Board" not in request.headers:
        return back(request, reverse("projects:board", args=[task.project_id]))
    card = card_of(task)
    draw_cards([card], [task.column], task.project)
    query = BoardQuery.read(request.GET)
    context = {
        "project": task.project,
        "cards": [card],
        "board": board_of(task.project, request.user, query, counts_only=True),
        "query": query,
        **words(task.project),
    }
    return render(request, "projects/board/_moved.html", context)


def _warn(request, column):
    if not column.wip_limit:
        return
    count = column.tasks.filter(archived_at=None).count()
    if count > column.wip_limit:
        text = ngettext(
            "“%(column)s” now holds %(count)d task; its limit is %(limit)d.",
            "“%(column)s” now holds %(count)d tasks; its limit is %(limit)d.",
            count,
        )
        words = {"column": column, "count": count, "limit": column.wip_limit}
        messages.warning(request, text % words)


# Columns and labels ------------------------------------------------------------------------------


@page("projects.edit", load=visible_project, methods=BOTH)
def column_list(request, project):
    form = ColumnForm(request.POST or None)
    if form.is_valid():
        try:
            services.add_column(project=project, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Column added."))
            return redirect("projects:column_list", project.pk)
    status = 422 if form.is_bound else 200
    context = {
        "project": project,
        "form": form,
        "board": board_of(project, request.user, BoardQuery(), counts_only=True),
        "archived": BoardColumn.objects.filter(project=project).exclude(archived_at=None),
        "labels": labels_of(project.pk),
    }
    return render_page(request, "projects/column/list", context, status=status)


@page("projects.edit", load=visible_column, methods=BOTH)
def column_edit(request, column):
    initial = {name: getattr(column, name) for name in services.EDITABLE}
    form = ColumnForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            services.update_column(column=column, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("projects:column_list", column.project_id)
    status = 422 if form.is_bound else 200
    context = {"project": column.project, "column": column, "form": form}
    return render_page(request, "projects/column/edit", context, status=status)


@page("projects.edit", load=visible_column, methods=("POST",))
def column_shift(request, column):
    step = -1 if request.POST.get("to") == "left" else 1
    services.shift_column(column=column, actor=request.user, step=step)
    return redirect("projects:column_list", column.project_id)


@page("projects.edit", load=visible_column, methods=BOTH)
def column_archive(request, column):
    form = ArchiveColumnForm(column, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.archive_column(column=column, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            undo = reverse("projects:column_restore", args=[column.project_id, column.pk])
            text = _("“%(column)s” was archived.") % {"column": column}
            messages.success(request, text, extra_tags=f"undo:{undo}")
            return redirect("projects:column_list", column.project_id)
    status = 422 if form.is_bound else 200
    context = {
        "project": column.project,
        "column": column,
        "form": form,
        "count": column.tasks.filter(archived_at=None).count(),
    }
    return render_page(request, "projects/column/archive", context, status=status)


@page("projects.edit", load=visible_column, methods=("POST",))
def column_restore(request, column):
    services.restore_column(column=column, actor=request.user)
    messages.success(request, _("“%(column)s” is back on the board.") % {"column": column})
    return redirect("projects:column_list", column.project_id)


@page("projects.edit", load=visible_project, methods=BOTH)
def label_create(request, project):
    return _label(request, project, None)


@page("projects.edit", load=visible_label, methods=BOTH)
def label_edit(request, label):
    return _label(request, label.project, label)


def _label(request, project, label):
    initial = {"name": label.name, "colour": label.colour} if label else None
    form = LabelForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            services.save_label(
                project=project, actor=request.user, label=label, **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("projects:column_list", project.pk)
    status = 422 if form.is_bound else 200
    context = {"project": project, "label": label, "form": form}
    return render_page(request, "projects/label/edit", context, status=status)
