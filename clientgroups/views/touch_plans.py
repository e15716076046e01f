from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.forms.touches import TouchPlanForm
from clientgroups.models import Client, ClientSilence, TouchPlan
from clientgroups.selectors import Part, child_of, visible_group
from clientgroups.selectors.client_health import silence_words
from clientgroups.selectors.engagement import WHAT_COUNTS
from clientgroups.selectors.events import events_of
from clientgroups.selectors.touch_plans import plan_of_group, plans_of
from clientgroups.selectors.touches import (
    ALL,
    COMING,
    OVERDUE,
    DueTouches,
    Wanted,
    filter_choices,
    group_panel,
    loggable,
)
from clientgroups.services import touch_plans as services
from core.views import page, render_page

BOTH = ("GET", "HEAD", "POST")
PER_PAGE, MOST_PAGES = 50, 10_000


def number(text):
    """A key out of the address, 0 for anything else."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


@page("clientgroups.list")
def touch_list(request):
    asked, today = request.GET, timezone.localdate()
    stage = asked.get("stage", "")
    wanted = Wanted(
        show=asked.get("show") if asked.get("show") in (COMING, ALL) else OVERDUE,
        group=number(asked.get("group")),
        owner=number(asked.get("owner")),
        stage=stage if stage in Client.Stage.values else "",
    )
    start = PER_PAGE * (min(max(number(asked.get("page")), 1), MOST_PAGES) - 1)
    due = DueTouches(request.user, today, wanted).read(start, start + PER_PAGE)
    groups, owners = filter_choices(request.user)
    context = {
        "page": Paginator(due, PER_PAGE).get_page(asked.get("page")),
        "wanted": wanted,
        "shows": [(OVERDUE, _("Overdue")), (COMING, _("Next seven days")), (ALL, _("All"))],
        "groups": groups,
        "owners": owners,
        "stages": Client.Stage.choices,
        "what_counts": WHAT_COUNTS,
        "today": today,
    }
    return render_page(request, "clientgroups/touch/list", context)


@page("clientgroups.list")
def silent_list(request):
    clients = Client.objects.visible_to(request.user).active()
    rows = ClientSilence.objects.filter(client__in=clients).select_related("client__owner")
    listed = Paginator(rows.order_by("-since", "client"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    today, lines = timezone.localdate(), list(listed.object_list)
    may_log = loggable(request.user, [row.client_id for row in lines])
    listed.object_list = lines
    for row in lines:
        row.words, row.may_log = silence_words(row, today), row.client_id in may_log
    return render_page(request, "clientgroups/touch/silent", {"page": listed})


@page("clientgroups.view", load=visible_group)
def group_touches(request, group):
    context = group_panel(group, request.user, timezone.localdate())
    return render_page(request, "clientgroups/touch/group_panel", context)


# Plans --------------------------------------------------------------------------------------------


def plan_event(user, pk, event):
    """A deleted plan of a group, to be brought back."""
    group = visible_group(user, pk)
    return Part(group, child_of(group, events_of(group, "touch_plan.deleted"), event))


def saved(form, service, **fields):
    if not form.is_valid():
        return None
    try:
        return service(**fields, **form.cleaned_data)
    except ValidationError as problem:
        form.add_error(None, problem.messages)
        return None


@page("clientgroups.view", load=visible_group)
def plan_list(request, group):
    context = {"group": group, "plans": plans_of(group), "what_counts": WHAT_COUNTS}
    return render_page(request, "clientgroups/touch/plans", context)


@page("clientgroups.plan", load=visible_group, methods=BOTH)
def plan_create(request, group):
    form = TouchPlanForm(request.POST or None, instance=TouchPlan(client_group=group))
    if saved(form, services.add_plan, group=group, actor=request.user):
        messages.success(request, _("The touch plan holds from now on."))
        return redirect("clientgroups:plan_list", group.pk)
    context = {"group": group, "form": form, "what_counts": WHAT_COUNTS}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/touch/plan_form", context, status=status)


@page("clientgroups.plan", load=plan_of_group, methods=BOTH)
def plan_edit(request, plan):
    mine = TouchPlan.objects.filter(pk=plan.pk).first()
    form = TouchPlanForm(request.POST or None, instance=mine)
    if saved(form, services.change_plan, plan=plan, actor=request.user):
        messages.success(request, _("Saved."))
        return redirect("clientgroups:plan_list", plan.client_group_id)
    context = {"group": plan.client_group, "plan": plan, "form": form}
    context["what_counts"] = WHAT_COUNTS
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/touch/plan_form", context, status=status)


@page("clientgroups.plan", load=plan_of_group, methods=("POST",))
def plan_delete(request, plan):
    group = plan.client_group
    event = services.delete_plan(plan=plan, actor=request.user)
    undo = reverse("clientgroups:plan_undo", args=[group.pk, event.pk])
    messages.success(request, _("The touch plan was deleted."), extra_tags=f"undo:{undo}")
    return redirect("clientgroups:plan_list", group.pk)


@page("clientgroups.plan", load=plan_event, methods=("POST",))
def plan_undo(request, part):
    services.restore_plan(group=part.parent, event=part.row, actor=request.user)
    messages.success(request, _("Undone."))
    return redirect("clientgroups:plan_list", part.parent.pk)
