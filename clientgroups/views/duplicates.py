from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clientgroups.forms.merges import OtherClientForm
from clientgroups.forms.typeahead import ClientChoiceField
from clientgroups.selectors import visible_client
from clientgroups.selectors.duplicates import alike, couple, duplicate_pairs, twins_of, with_clients
from clientgroups.selectors.typeahead import EDIT as MAY_EDIT
from clientgroups.services.duplicates import dismiss_pair, recall_pair
from clientgroups.views.clients_bulk import back_to_list
from clientgroups.views.clients_page import twin_lines
from clientgroups.views.pieces import EDIT
from core.views import page, render_page

PAGE_SIZE = 50


@page("clientgroups.list")
def duplicate_list(request):
    listed = Paginator(duplicate_pairs(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": listed, "pairs": with_clients(listed.object_list)}
    return render_page(request, "clientgroups/duplicate/list", context)


@page("clientgroups.merge", load=visible_client, methods=EDIT)
def client_duplicates(request, client):
    field = ClientChoiceField(user=request.user, scope=MAY_EDIT, without=client.pk)
    form = OtherClientForm(request.POST or None, field=field)
    if form.is_valid():
        other = form.cleaned_data["other"]
        return redirect("clientgroups:client_merge", client.pk, other.pk)
    context = {"client": client, "form": form, "twins": twins_of(client, request.user)}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/duplicate/of_client", context, status=status)


@page("clientgroups.merge", load=visible_client)
def client_alike(request, client):
    lines = [] if client.archived_at else twin_lines(client, alike(client, request.user))
    context = {"client": client, "items": lines}
    return render_page(request, "clientgroups/duplicate/alike", context)


@page("clientgroups.merge", load=couple, methods=("POST",))
def duplicate_dismiss(request, pair):
    dismiss_pair(first=pair.client, second=pair.other, actor=request.user)
    names = {"one": pair.client, "other": pair.other}
    text = _("“%(one)s” and “%(other)s” stay two clients.") % names
    undo = reverse("clientgroups:duplicate_recall", args=[pair.client.pk, pair.other.pk])
    messages.success(request, text, extra_tags=f"undo:{undo}")
    return back_to_list(request)


@page("clientgroups.merge", load=couple, methods=("POST",))
def duplicate_recall(request, pair):
    recall_pair(first=pair.client, second=pair.other, actor=request.user)
    messages.success(request, _("The two are on offer as look-alikes again."))
    return back_to_list(request)
