import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.selectors import visible_client
from clientgroups.selectors.client_health import health_of, silence_words
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.engagement import WHAT_COUNTS, engagement_policy, weights_of
from core import charts, formats
from core.views import page, render_page

MONTHS = 12


def trend_chart(health):
    """The figure at the end of each of twelve months, and the table behind it; none without."""
    ends = month_ends(today_here(), MONTHS)
    values = [value_on(health.trend, day) for day in ends]
    if sum(value is not None for value in values) < 2:
        return None
    labels = [formats.month(day) for day in ends]
    title = _("Health over twelve months")
    svg = charts.line(
        values,
        labels,
        title=title,
        desc=_("Health at the end of each month, 0 to 100"),
        y_min=0,
        y_max=100,
        height=200,
    )
    rows = list(zip(labels, values, strict=True))
    known = [value for value in values if value is not None]
    return {
        "svg": svg,
        "spark": charts.spark(known),
        "rows": rows,
        "head": [_("Month"), _("Health")],
        "title": title,
    }


def month_ends(today, months):
    """The last days of the months before, and today."""
    ends, first = [today], today.replace(day=1)
    for _month in range(months - 1):
        ends.append(first - dt.timedelta(days=1))
        first = ends[-1].replace(day=1)
    return ends[::-1]


def value_on(trend, day):
    """The figure that held on a day: rows stand where it changed."""
    return next((score for since, score in reversed(trend) if since <= day), None)


@page("clientgroups.view", load=visible_client)
def client_health(request, client):
    health = health_of(client)
    policy = engagement_policy()
    labels = {field.name: field.verbose_name for field in policy._meta.fields}
    context = {
        "client": client,
        "health": health,
        "health_chart": trend_chart(health),
        "silence": health.silence and silence_words(health.silence, timezone.localdate()),
        "weights": [(labels[kind], weight) for kind, weight in weights_of(policy).items()],
        "half_life": policy.half_life_days,
        "what_counts": WHAT_COUNTS,
    }
    return render_page(request, "clientgroups/touch/client_health", context)
