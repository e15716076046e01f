from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clientgroups.forms.clients_bulk import BulkForm
from clientgroups.selectors.clients import bulk_event
from clientgroups.services.clients_bulk import undo_bulk
from core.views import page


def back_to_list(request):
    """The list as it was, filters and page included; nowhere else."""
    to = request.POST.get("next", "")
    fine = url_has_allowed_host_and_scheme(to, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(to if fine else reverse("clientgroups:client_list"))


@page("clientgroups.list", methods=("POST",))
def client_bulk(request):
    form = BulkForm(request.POST, user=request.user)
    if not form.is_valid():
        messages.error(request, form.first_error())
        return back_to_list(request)
    try:
        event = form.run()
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
        return back_to_list(request)
    if event is None:
        messages.info(request, _("Nothing to change: all of them have it already."))
        return back_to_list(request)
    number = len(event.changes["clients"][1])
    text = ngettext("%(n)s client was changed.", "%(n)s clients were changed.", number)
    undo = reverse("clientgroups:client_bulk_undo", args=[event.pk])
    messages.success(request, text % {"n": number}, extra_tags=f"undo:{undo}")
    return back_to_list(request)


@page("clientgroups.list", load=bulk_event, methods=("POST",))
def client_bulk_undo(request, event):
    undone = undo_bulk(actor=request.user, event=event)
    text = ngettext("%(n)s client is as before.", "%(n)s clients are as before.", undone)
    messages.success(request, text % {"n": undone})
    return back_to_list(request)
