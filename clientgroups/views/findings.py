from copy import copy

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clientgroups.forms.findings import FindingForm, NewFindingForm
from clientgroups.models import Finding
from clientgroups.selectors import visible_group
from clientgroups.selectors.findings import (
    finding_of_group,
    findings_of,
    group_panel,
    with_shares,
)
from clientgroups.selectors.rates import value_policy
from clientgroups.services import findings as services
from clientgroups.views.pieces import EDIT, saved
from core.views import page, render_page

PAGE_SIZE = 50


def address_of(finding):
    return reverse("clientgroups:finding_detail", args=[finding.client_group_id, finding.pk])


@page("clientgroups.view", load=visible_group)
def group_findings(request, group):
    """All findings of a group; asked for by the page of the group, only the card there."""
    if request.htmx and not request.htmx.boosted:
        return render(request, "clientgroups/finding/_panel.html", group_panel(group))
    archived = request.GET.get("show") == "archived"
    listed = Paginator(findings_of(group, archived=archived), PAGE_SIZE)
    found = listed.get_page(request.GET.get("page"))
    found.object_list = with_shares(group, list(found.object_list))
    context = {"group": group, "page": found, "archived": archived}
    return render_page(request, "clientgroups/finding/list", context)


@page("clientgroups.research", load=visible_group, methods=EDIT)
def finding_create(request, group):
    start = {"currency": value_policy().base_currency}
    form = NewFindingForm(request.POST or None, instance=Finding(client_group=group), initial=start)
    finding = saved(form, services.create_finding, actor=request.user, group=group)
    if finding:
        messages.success(request, _("The finding was kept."))
        return redirect(address_of(finding))
    status = 422 if form.is_bound else 200
    context = {"group": group, "form": form}
    return render_page(request, "clientgroups/finding/create", context, status=status)


@page("clientgroups.view", load=finding_of_group)
def finding_detail(request, finding):
    group = finding.client_group
    with_shares(group, [finding])
    context = {"group": group, "finding": finding, "share": finding.market_share}
    return render_page(request, "clientgroups/finding/detail", context)


@page("clientgroups.research", load=finding_of_group, methods=EDIT)
def finding_edit(request, finding):
    # A copy: a form that fails must not change the finding that this page is drawn for.
    form = FindingForm(request.POST or None, instance=copy(finding))
    changed = saved(form, services.update_finding, actor=request.user, finding=finding)
    if changed:
        messages.success(request, _("Saved."))
        return redirect(address_of(changed))
    status = 422 if form.is_bound else 200
    context = {"group": finding.client_group, "finding": finding, "form": form}
    return render_page(request, "clientgroups/finding/edit", context, status=status)


@page("clientgroups.research", load=finding_of_group, methods=("POST",))
def finding_archive(request, finding):
    services.archive_finding(actor=request.user, finding=finding)
    undo = reverse("clientgroups:finding_restore", args=[finding.client_group_id, finding.pk])
    messages.success(request, _("The finding was put away."), extra_tags=f"undo:{undo}")
    return redirect("clientgroups:group_findings", finding.client_group_id)


@page("clientgroups.research", load=finding_of_group, methods=("POST",))
def finding_restore(request, finding):
    services.archive_finding(actor=request.user, finding=finding, archived=False)
    messages.success(request, _("The finding is back."))
    return redirect(address_of(finding))
