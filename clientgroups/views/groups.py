from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.forms.filters import GroupFilter
from clientgroups.models import Client, ClientGroup
from clientgroups.selectors import visible_group
from clientgroups.selectors.groups import figures_of, members_of
from clientgroups.selectors.rules.explain import describe
from clientgroups.services import groups as services
from core import charts
from core.formats import day, percent
from core.views import page, render_page

PAGE_SIZE, SHORT = 50, 15
SHOWN = {"dynamic": {"kind": "dynamic"}, "static": {"kind": "static"}}
TONES = {"potential": "info", "existing": "ok", "loyal": "violet", "lapsed": "risk"}


@page("clientgroups.list")
def group_list(request):
    rows = ClientGroup.objects.visible_to(request.user).select_related("owner")
    kind = request.GET.get("kind", "")
    archived = kind == "archived"
    rows = rows.exclude(archived_at=None) if archived else rows.active()
    rows = rows.filter(**SHOWN.get(kind, {}))
    found = GroupFilter(request.GET, rows)
    chips = [
        (label, "?" + f"kind={key}" if key else "?", kind == key)
        for key, label in (
            ("", _("All")),
            ("dynamic", _("By a rule")),
            ("static", _("Listed by hand")),
            ("archived", _("Archived")),
        )
    ]
    listed = Paginator(found.ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": listed, "filter": found, "chips": chips, "archived": archived}
    return render_page(request, "clientgroups/group/list", context)


@page("clientgroups.view", load=visible_group)
def group_detail(request, group):
    today = timezone.localdate()
    rows = members_of(group)
    figures = figures_of(group, today)
    context = {
        "group": group,
        "figures": figures,
        "mix": stage_mix(figures),
        "rule": describe(group.rule, reader=request.user) if group.rule else None,
        "page": Paginator(rows, SHORT).get_page(1),
        "short": True,
        "people": [row.user for row in group.access.select_related("user")],
    }
    return render_page(request, "clientgroups/group/detail", context)


def stage_mix(figures):
    """Picture and table of how many clients stand at each stage."""
    total = sum(figures.stages.values())
    rows = [(stage, figures.stages.get(stage.value, 0)) for stage in reversed(Client.Stage)]
    title = _("Lifecycle stages")
    svg = charts.hbars(
        [(str(stage.label), number, TONES[stage.value]) for stage, number in rows],
        title=title,
        desc=_("How many clients of the group stand at each stage."),
    )
    table = [
        [stage.label, number, percent(number / total) if total else None] for stage, number in rows
    ]
    return {
        "title": title,
        "sub": stage_day(figures),
        "svg": svg if total else "",
        "head": [_("Stage"), _("Clients"), _("Share")],
        "rows": table,
    }


def stage_day(figures):
    """The day, or the days, for which the stages were worked out."""
    first, last = figures.stages_from, figures.stages_to
    if last is None:
        return _("not worked out yet")
    days = {"first": day(first), "last": day(last)}
    return _("as of %(last)s") % days if first == last else _("as of %(first)s to %(last)s") % days


# Putting away ------------------------------------------------------------------------------------


@page("clientgroups.edit", load=visible_group, methods=("POST",))
def group_archive(request, group):
    services.archive_group(group=group, actor=request.user)
    undo = reverse("clientgroups:group_restore", args=[group.pk])
    messages.success(request, _("The group was put away."), extra_tags=f"undo:{undo}")
    return redirect("clientgroups:group_list")


@page("clientgroups.edit", load=visible_group, methods=("POST",))
def group_restore(request, group):
    services.archive_group(group=group, actor=request.user, archived=False)
    messages.success(request, _("The group is back."))
    return redirect(group)
