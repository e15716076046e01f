"""Parts of the page of a group that it loads by itself, each a page of its own without script."""

from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.models import Client
from clientgroups.selectors import visible_group
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.group_requests import group_panel as requests_panel
from clientgroups.selectors.groups import members_of, monthly_sizes, stages_of
from core import charts
from core.formats import day, month, number, percent
from core.paging import Sliced
from core.views import page, render_page

MONTHS, SHORT = 12, 15
TONES = {"potential": "info", "existing": "ok", "loyal": "violet", "lapsed": "risk"}


@page("clientgroups.view", load=visible_group)
def group_shape(request, group):
    series = monthly_sizes(group, MONTHS, today_here())
    context = {"group": group, "sizes": size_chart(series), "mix": stage_mix(stages_of(group))}
    return render_page(request, "clientgroups/group/shape", context)


@page("clientgroups.view", load=visible_group)
def group_requests(request, group):
    context = {"group": group, **requests_panel(group, timezone.now())}
    return render_page(request, "clientgroups/group/requests", context)


@page("clientgroups.view", load=visible_group)
def group_people(request, group):
    rows = members_of(group)
    # The stored size spares counting the members once more.
    listed = Sliced(lambda: group.member_count, lambda start, stop: list(rows[start:stop]))
    context = {"group": group, "page": Paginator(listed, SHORT).get_page(1), "short": True}
    return render_page(request, "clientgroups/group/people", context)


def size_chart(series):
    """How many clients the group had at the end of each month."""
    title = _("Size")
    labels = [month(size.day) for size in series]
    known = [size for size in series if size.n is not None]
    sub = _("Clients at the end of each month; the last point is today.")
    insight = ""
    if len(known) > 1:
        change = known[-1].n - known[0].n
        words = {
            "before": number(known[0].n),
            "after": number(known[-1].n),
            "since": day(known[0].day),
        }
        insight = {
            True: _("Grown from %(before)s on %(since)s to %(after)s clients."),
            False: _("Shrunk from %(before)s on %(since)s to %(after)s clients."),
        }[change > 0] % words
        if not change:
            insight = _("As large as on %(since)s: %(after)s clients.") % words
    svg = ""
    if len(known) > 1:
        svg = charts.line(
            [size.n for size in series], labels, title=title, desc=sub, y_min=0, height=240
        )
    return {
        "title": title,
        "sub": sub,
        "svg": svg,
        "insight": insight,
        "head": [_("Day"), _("Clients")],
        "rows": [[day(size.day), None if size.n is None else number(size.n)] for size in series],
    }


def stage_mix(stages):
    """Picture and table of how many clients stand at each stage."""
    rows = [(stage, stages.counts.get(stage.value, 0)) for stage in reversed(Client.Stage)]
    title = _("Lifecycle stages")
    svg = charts.hbars(
        [(str(stage.label), n, TONES[stage.value]) for stage, n in rows],
        title=title,
        desc=_("How many clients of the group stand at each stage."),
    )
    total = stages.total
    return {
        "title": title,
        "sub": stage_day(stages),
        "svg": svg if total else "",
        "head": [_("Stage"), _("Clients"), _("Share")],
        "rows": [[stage.label, n, percent(n / total) if total else None] for stage, n in rows],
    }


def stage_day(stages):
    """The day, or the days, for which the stages were worked out."""
    if stages.last is None:
        return _("not worked out yet")
    days = {"first": day(stages.first), "last": day(stages.last)}
    if stages.first == stages.last:
        return _("as of %(last)s") % days
    return _("as of %(first)s to %(last)s") % days
