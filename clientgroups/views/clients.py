import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.forms.clients import ClientForm, NewClientForm, StageForm
from clientgroups.forms.clients_bulk import BulkForm
from clientgroups.forms.clients_filter import ClientFilterForm, choices_for, clients_to_page, named
from clientgroups.models import Client, ClientGroup
from clientgroups.selectors import visible_client
from clientgroups.selectors.clients import (
    CappedPaginator,
    client_or_its_heir,
    rule_of_client,
    stage_event,
    why_in_group,
)
from clientgroups.selectors.clients_custom import custom_fields
from clientgroups.selectors.health import health_policy
from clientgroups.services import clients as services
from clientgroups.services import lifecycle
from clientgroups.views.clients_page import page_context
from clientgroups.views.pieces import EDIT, draw, saved
from core.views import page, render_page

PAGE_SIZE, PURCHASES = 50, 20
HALF_A_YEAR = dt.timedelta(days=182)


def querystring(request, **changes):
    """The present filters with changes, from the first page on."""
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"


@page("clientgroups.list")
def client_list(request):
    policy = health_policy()
    choices = choices_for(request.user)
    form = ClientFilterForm(
        request.GET,
        user=request.user,
        custom=list(custom_fields()),
        policy=policy,
        choices=choices,
    )
    listed = CappedPaginator(clients_to_page(form), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = listed.object_list
    asked = request.GET.get("stage", "")
    stages = [("", _("All")), *((stage.value, stage.label) for stage in Client.Stage)]
    chips = [(label, querystring(request, stage=value), asked == value) for value, label in stages]
    context = {
        "page": listed,
        "lines": draw(rows, policy),
        "form": form,
        "bulk_groups": named(choices, ClientGroup.Kind.STATIC),
        "bulk": BulkForm(user=request.user),
        "chips": chips,
        "asked": any(request.GET.get(name) for name in form.fields),
    }
    return render_page(request, "clientgroups/client/list", context)


@page("clientgroups.create", methods=EDIT)
def client_create(request):
    form = NewClientForm(request.POST or None, user=request.user)
    client = saved(form, services.create_client, actor=request.user)
    if client:
        messages.success(request, _("The client was created."))
        return redirect(client)
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/client/create", {"form": form}, status=status)


@page("clientgroups.view", load=client_or_its_heir)
def client_detail(request, client):
    if client.asked != client.pk:
        return redirect(client)
    return render_page(request, "clientgroups/client/detail", page_context(request, client))


def purchases_page(request, client):
    return Paginator(client.purchases.all(), PURCHASES).get_page(request.GET.get("page"))


@page("clientgroups.view", load=visible_client)
def client_purchases(request, client):
    context = {"client": client, "page": purchases_page(request, client)}
    return render_page(request, "clientgroups/client/purchases", context)


@page("clientgroups.view", load=rule_of_client)
def client_why(request, part):
    client, group = part.parent, part.row
    context = {
        "client": client,
        "group": group,
        "line": why_in_group(client, group, request.user),
        "inside": client.memberships.current().filter(client_group=group).exists(),
        "today": timezone.localdate(),
    }
    return render_page(request, "clientgroups/client/why", context)


@page("clientgroups.edit_client", load=visible_client, methods=EDIT)
def client_edit(request, client):
    # A second instance: a form that fails must not change the client this page is drawn for.
    mine = visible_client(request.user, client.pk)
    form = ClientForm(request.POST or None, instance=mine, user=request.user)
    changed = saved(form, services.update_client, client=client, actor=request.user)
    if changed:
        messages.success(request, _("Saved."))
        if Client.objects.visible_to(request.user).filter(pk=client.pk).exists():
            return redirect(changed)
        return redirect("clientgroups:client_list")
    context = {"client": client, "form": form}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/client/edit", context, status=status)


@page("clientgroups.edit_client", load=visible_client, methods=("POST",))
def client_archive(request, client):
    if services.archive_client(client=client, actor=request.user):
        undo = reverse("clientgroups:client_restore", args=[client.pk])
        text = _("“%(client)s” is put away.") % {"client": client}
        messages.success(request, text, extra_tags=f"undo:{undo}")
    return redirect(client)


@page("clientgroups.edit_client", load=visible_client, methods=("POST",))
def client_restore(request, client):
    try:
        if services.restore_client(client=client, actor=request.user):
            messages.success(request, _("“%(client)s” is back.") % {"client": client})
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    return redirect(client)


# Lifecycle ---------------------------------------------------------------------------------------


@page("clientgroups.edit_client", load=visible_client, methods=EDIT)
def client_stage(request, client):
    start = {
        "stage": client.stage,
        "reason": client.stage_reason,
        "until": client.stage_fixed_until or timezone.localdate() + HALF_A_YEAR,
    }
    form = StageForm(request.POST or None, initial=start)
    event = saved(form, lifecycle.fix_stage, client=client, actor=request.user)
    if event:
        undo = reverse("clientgroups:client_stage_undo", args=[client.pk, event.pk])
        messages.success(request, _("The stage was set by hand."), extra_tags=f"undo:{undo}")
        return redirect(client)
    if form.is_bound and not form.errors:
        return redirect(client)
    context = {"client": client, "form": form}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/client/stage", context, status=status)


@page("clientgroups.edit_client", load=stage_event, methods=("POST",))
def client_stage_undo(request, part):
    try:
        lifecycle.undo_fix_stage(client=part.parent, event=part.row, actor=request.user)
        messages.success(request, _("The former stage is back."))
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    return redirect(part.parent)


@page("clientgroups.edit_client", load=visible_client, methods=("POST",))
def client_follow(request, client):
    lifecycle.follow_calendar(client=client, actor=request.user)
    messages.success(request, _("The stage follows the calendar now."))
    return redirect(client)
