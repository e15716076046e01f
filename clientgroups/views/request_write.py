from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clientgroups.forms.requests import FieldForm, ReplyForm, ResolveForm, StatusForm
from clientgroups.models import ServiceRequest
from clientgroups.selectors.canned import canned_answers, expand_slashes, filled_in
from clientgroups.selectors.requests import undoable_change, visible_request
from clientgroups.services import request_messages
from clientgroups.services import requests as services
from clientgroups.services.request_mails import reaches_contact
from clientgroups.views.clients import saved
from clientgroups.views.requests import EDIT, show
from core.views import page, render_page

POST = ("POST",)
IN_PLACE = ("type", "priority", "assignee")
STATUS = ServiceRequest.Status


def part_of(loader):
    """The request, remembered with the change that is to be taken back."""

    def load(user, pk, event):
        row = loader(user, pk)
        row.event = undoable_change(row, event)
        return row

    return load


def tell_undo(request, row, event, text):
    undo = reverse("clientgroups:request_undo", args=[row.pk, event.pk])
    messages.success(request, text, extra_tags=f"undo:{undo}")


@page("clientgroups.serve", load=visible_request, methods=POST)
def request_change(request, row):
    name = request.POST.get("field", "")
    if name not in IN_PLACE:
        raise Http404
    form = FieldForm(row, name, request.user, request.POST)
    event = saved(form, services.change_request, request=row, actor=request.user)
    if form.errors:
        messages.error(request, next(iter(form.errors.values()))[0])
    elif event:
        tell_undo(request, row, event, _("Saved."))
    return redirect(row)


@page("clientgroups.serve", load=visible_request, methods=POST)
def request_move(request, row):
    form = StatusForm(request.POST)
    wanted = request.POST.get("status")
    if wanted == STATUS.RESOLVED:
        return redirect("clientgroups:request_resolve", row.pk)
    event = saved(form, services.move_request, request=row, actor=request.user)
    if form.errors:
        messages.error(request, next(iter(form.errors.values()))[0])
    elif event:
        text = _("It is “%(status)s” now.") % {"status": STATUS(wanted).label}
        tell_undo(request, row, event, text)
    return redirect(row)


@page("clientgroups.serve", load=visible_request, methods=EDIT)
def request_resolve(request, row):
    newest = row.messages.order_by("-pk").values_list("pk", flat=True).first() or 0
    form = ResolveForm(request.POST or None, initial={"seen": newest})
    event = saved(
        form, services.move_request, request=row, actor=request.user, status=STATUS.RESOLVED
    )
    if event:
        tell_undo(request, row, event, _("%(number)s is resolved.") % {"number": row.number})
        return redirect(row)
    if form.is_bound and not form.errors:
        return redirect(row)
    context = {"row": row, "form": form, "mailable": reaches_contact(row)}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/request/resolve", context, status=status)


@page("clientgroups.serve", load=visible_request, methods=POST)
def request_write(request, row):
    """Keep a message; a canned answer that is asked for comes back in the box, to be read first."""
    form = ReplyForm(request.POST)
    draft = with_canned(request, row)
    if draft is not None:
        return show(request, row, reply=form, draft=draft, inserted=True)
    if not form.is_valid():
        return show(request, row, 422, reply=form, draft=request.POST.get("text", ""))
    sent = form.cleaned_data
    try:
        message = request_messages.add_message(
            request=row,
            actor=request.user,
            text=sent["text"],
            is_internal=sent["to"] == "team",
            wait=sent["wait"],
            submission_key=sent["submission_key"],
        )
    except ValidationError as problem:
        form.add_error("text", problem.messages)
        return show(request, row, 422, reply=form, draft=request.POST["text"])
    messages.success(request, said_of(row, message))
    return redirect(row)


def with_canned(request, row):
    """The text of the box with the canned answer that was asked for; None when none was."""
    text = request.POST.get("text", "")[:20_000]
    chosen = request.POST.get("canned", "")
    if "insert" in request.POST:
        answers = canned_answers(row).filter(pk=chosen) if chosen.isdecimal() else []
        parts = [text.rstrip(), *(filled_in(each, row, request.user) for each in answers[:1])]
        return "\n\n".join(part for part in parts if part)
    expanded, changed = expand_slashes(text, row, request.user)
    return expanded if changed else None


def said_of(row, message):
    if message.is_internal:
        return _("The note was kept. The client does not see it.")
    if reaches_contact(row):
        return _("Sent to %(name)s by e-mail.") % {"name": row.contact.name}
    return _("It stands on the client's page. No e-mail was sent: nobody has an address.")


@page("clientgroups.serve", load=part_of(visible_request), methods=POST)
def request_undo(request, row):
    try:
        services.undo_change(request=row, event=row.event, actor=request.user)
        messages.success(request, _("Undone."))
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    return redirect(row)
