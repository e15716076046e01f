import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.forms.requests import FiguresForm
from clientgroups.selectors.request_figures import figures_of
from core import charts, formats
from core.views import page, render_page

TONES = ["ok", "ok", "info", "risk", "late"]


@page("clientgroups.list")
def request_figures(request):
    form = FiguresForm(request.GET, user=request.user)
    asked = form.asked
    now = timezone.now()
    since = now - dt.timedelta(days=asked["days"])
    found = figures_of(
        request.user, since=since, group=asked["group"], type_=asked["type"], now=now
    )
    context = {
        "form": form,
        "found": found,
        "since": since,
        "backlog": backlog_chart(found),
        "backlog_head": [_("Age"), _("Requests")],
        "open": sum(number for _label, number in found.backlog),
        "trend": trend(found),
        "trend_rows": [
            (line.label, line.n, line.answer.shown, line.resolution.shown, line.rating.shown)
            for line in found.by_month
        ],
        "trend_head": [
            _("Month"),
            _("Requests"),
            _("First answer in time"),
            _("Resolved in time"),
            _("Rating"),
        ],
    }
    return render_page(request, "clientgroups/request/figures", context)


def backlog_chart(found):
    rows = [
        (label, number, tone) for (label, number), tone in zip(found.backlog, TONES, strict=True)
    ]
    if not any(number for _label, number, _tone in rows):
        return ""
    words = ", ".join(f"{label}: {formats.number(number)}" for label, number, _tone in rows)
    return charts.hbars(rows, title=_("Open requests by age"), desc=words)


def trend(found):
    """Per month, only where there is enough to show."""
    lines = [
        line.resolution if line.resolution.state in ("few", "ok") else None
        for line in found.by_month
    ]
    if sum(line is not None for line in lines) < 2:
        return ""
    return charts.line(
        [line and line.value for line in lines],
        [line.label for line in found.by_month],
        title=_("Resolved in time, in per cent"),
        desc=_("Requests by the month in which they came in."),
        low=[line and line.low for line in lines],
        high=[line and line.high for line in lines],
        y_min=0,
        height=220,
    )
