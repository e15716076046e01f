from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clientgroups.forms.filters import search
from clientgroups.forms.groups import GrantForm, MemberSearchForm
from clientgroups.forms.rules_members import AddSinceForm, DayForm, MovesForm
from clientgroups.models import Client
from clientgroups.selectors import visible_group
from clientgroups.selectors.clients import addable_clients
from clientgroups.selectors.groups import access_event, access_of_group, member_of_group, members_of
from clientgroups.selectors.membership_days import members_on, moves_between
from clientgroups.services import access as access_services
from clientgroups.services import groups as services
from core.views import page, render_page

PAGE_SIZE = 50
SUGGESTED = 20


def tell_undo(request, text, name, *args):
    messages.success(request, text, extra_tags=f"undo:{reverse(name, args=args)}")


@page("clientgroups.view", load=visible_group)
def group_members(request, group):
    former = request.GET.get("former") == "1"
    form, day_form = MemberSearchForm(request.GET), DayForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    on = day_form.cleaned_data["on"] if day_form.is_valid() else None
    rows = members_on(group, on, text) if on else members_of(group, former=former, text=text)
    context = {
        "group": group,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "former": former and not on,
        "text": text,
        "on": on,
        "day_form": day_form if "on" in request.GET else DayForm(),
    }
    return render_page(request, "clientgroups/group/members", context)


@page("clientgroups.view", load=visible_group)
def group_moves(request, group):
    form = MovesForm(request.GET if "since" in request.GET else None)
    context = {"group": group, "form": form}
    if form.is_valid() and form.cleaned_data["since"]:
        days = form.cleaned_data
        moves = moves_between(group, days["since"], days["until"])
        context |= days | {
            "sides": [
                (_("Joined"), moves.joined.count(), moves.joined[:PAGE_SIZE]),
                (_("Left"), moves.left.count(), moves.left[:PAGE_SIZE]),
            ]
        }
    return render_page(request, "clientgroups/group/moves", context)


@page("clientgroups.edit", load=visible_group, methods=("GET", "HEAD", "POST"))
def group_add_clients(request, group):
    text = request.GET.get("q", "").strip()[:200]
    choices = addable_clients(group, request.user)
    data = request.POST if request.method == "POST" else None
    # Whoever is in the group by now may be ticked: the form was sent twice.
    form = AddSinceForm(data, choices=Client.objects.editable_by(request.user))
    if form.is_valid():
        try:
            added = services.add_clients(group=group, actor=request.user, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            said = ngettext("%(n)s client was added.", "%(n)s clients were added.", added)
            said = said % {"n": added} if added else _("These clients are in the group already.")
            messages.success(request, said)
            return redirect(group)
    found = search(choices, "q", text) if text else choices
    found = found.select_related("owner").order_by("name", "pk")[: SUGGESTED + 1]
    context = {
        "group": group,
        "form": form,
        "found": found[:SUGGESTED],
        "more": len(found) > SUGGESTED,
        "text": text,
        "ticked": set(request.POST.getlist("clients")),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/group/add_clients", context, status=status)


@page("clientgroups.edit", load=member_of_group, methods=("POST",))
def group_remove_client(request, member):
    group = member.client_group
    try:
        row = services.remove_client(group=group, client=member.client, actor=request.user)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
        return redirect(group)
    text = _("%(client)s left the group.") % {"client": member.client}
    if row is not None:
        tell_undo(request, text, "clientgroups:group_reopen", group.pk, row.pk)
    return redirect(group)


@page("clientgroups.edit", load=member_of_group, methods=("POST",))
def group_reopen(request, member):
    try:
        services.reopen_membership(membership=member, actor=request.user)
        text = _("%(client)s is back in the group.") % {"client": member.client}
        messages.success(request, text)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    return redirect(member.client_group)


# Who may do what ---------------------------------------------------------------------------------


@page("clientgroups.manage_access", load=visible_group, methods=("GET", "HEAD", "POST"))
def group_access(request, group):
    form = GrantForm(request.POST or None)
    if form.is_valid():
        role = form.cleaned_data["role"]
        try:
            event = access_services.grant_group_access(
                group=group, user=form.person, role=role, actor=request.user
            )
        except ValidationError as problem:
            form.add_error("role", problem)
        else:
            said = {"name": form.person}
            if event:
                text = _("%(name)s has the role now.") % said
                tell_access_undo(request, group, event, text)
            else:
                messages.info(request, _("%(name)s has that role already.") % said)
            return access_page(request, group)
    context = {"group": group, "form": form, "rows": access_rows(group)}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/group/access", context, status=status)


def access_rows(group):
    return group.access.select_related("user").order_by("user__name", "pk")


def access_page(request, group):
    """Back to the list of roles, or away from it for somebody who gave up their own."""
    group.__dict__.pop("_roles", None)
    if request.user.has_perm("clientgroups.manage_access", group):
        return redirect("clientgroups:group_access", group.pk)
    return redirect("clientgroups:group_list")


def tell_access_undo(request, group, event, text):
    tell_undo(request, text, "clientgroups:group_access_undo", group.pk, event.pk)


@page("clientgroups.manage_access", load=access_of_group, methods=("POST",))
def group_access_revoke(request, access):
    group = access.client_group
    try:
        event = access_services.revoke_group_access(
            group=group, user=access.user, actor=request.user
        )
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        if event:
            text = _("%(name)s has no role here any more.") % {"name": access.user}
            tell_access_undo(request, group, event, text)
    return access_page(request, group)


@page("clientgroups.manage_access", load=access_event, methods=("POST",))
def group_access_undo(request, part):
    try:
        access_services.undo_group_access(group=part.parent, event=part.row, actor=request.user)
        messages.success(request, _("The former role is back."))
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    return access_page(request, part.parent)
