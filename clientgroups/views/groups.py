from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clientgroups.forms.filters import GroupFilter
from clientgroups.models import ClientGroup
from clientgroups.selectors import visible_group
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.groups import fill_rows, moves_of, size_trends
from clientgroups.selectors.rules.card import rule_card
from clientgroups.services import groups as services
from clientgroups.views.group_lines import draw
from core import charts
from core.views import page, render_page

PAGE_SIZE = 50


@page("clientgroups.list")
def group_list(request):
    rows = ClientGroup.objects.visible_to(request.user).select_related("owner").defer("search")
    found = GroupFilter(request.GET, rows, user=request.user)
    kind = request.GET.get("kind", "")
    chips = [
        (label, f"?kind={key}" if key else "?", kind == key)
        for key, label in (
            ("", _("All")),
            ("mine", _("Mine")),
            ("dynamic", _("By a rule")),
            ("static", _("Listed by hand")),
            ("problem", _("With problems")),
            ("archived", _("Archived")),
        )
    ]
    listed = Paginator(found.ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    groups = draw(fill_rows(listed.object_list, today_here()))
    context = {
        "page": listed,
        "groups": groups,
        "columns": [column for column, _score in groups[0].scores] if groups else [],
        "filter": found,
        "chips": chips,
    }
    return render_page(request, "clientgroups/group/list", context)


@page("clientgroups.view", load=visible_group)
def group_detail(request, group):
    today = today_here()
    trend = size_trends([group.pk], today).get(group.pk, [])
    context = {
        "group": group,
        "moves": moves_of(group, today),
        "trend": charts.spark(trend),
        "grown": trend[-1] - trend[0] if len(trend) > 1 else None,
        "people": [row.user for row in group.access.select_related("user")],
        **rule_card(group, request.user),
    }
    return render_page(request, "clientgroups/group/detail", context)


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
