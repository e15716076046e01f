"""What surveys tell about a client: entries of the timeline, engagement, a driver of health.

Registered with clientgroups when this app loads. The timeline says that a survey was answered and
leads to it; it never repeats what was answered, whatever was promised about names.
"""

import datetime as dt

from django.db.models import QuerySet, TextField, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clientgroups.selectors import engagement, health, timeline
from core import formats
from core.addresses import path_to
from feedback.models import Response, Survey

KIND = "survey"


def _answered(clients: QuerySet, reader: User) -> QuerySet:
    surveys = Survey.objects.visible_to(reader).order_by().values("pk")
    return timeline.columns(
        Response.objects.filter(client__in=clients, survey__in=surveys),
        kind=Value(KIND, TextField()),
        at="submitted_at",
        code="mode",
        title="survey__name",
        detail="contact__name",
        key="survey_id",
    )


def _words(row: timeline.Row) -> timeline.Text:
    title = _("Answered “%(survey)s”") % {"survey": row.title}
    url = path_to("feedback:survey_detail", row.key)
    mode = Response.Mode(row.code).label
    return timeline.Text(title, f"{row.detail} · {mode}" if row.detail else str(mode), url)


def _events(scope: dict) -> QuerySet:
    rows = Response.objects.filter(**scope).order_by()
    return rows.values_list("client", "responded_on", Value(KIND))


def _changed(since: dt.datetime) -> QuerySet:
    rows = Response.objects.filter(submitted_at__gte=since).order_by()
    return rows.values_list("client", flat=True)


# The latest answered survey of a year: each score from worst to best of its own scale, as a mean.
SURVEY = """
SELECT latest.client_id,
       avg(CASE a.metric WHEN 'nps' THEN a.score * 10.0
                         WHEN 'csat' THEN (a.score - 1) * 25.0
                         ELSE (a.score - 1) * 100.0 / 6 END)::float8,
       jsonb_build_object('on', min(a.responded_on), 'scores', count(*))
  FROM (SELECT DISTINCT ON (r.client_id) r.client_id, r.id
          FROM feedback_response r
         WHERE {only} AND r.responded_on <= %(as_of)s AND r.submitted_at > %(year_ago)s
           AND EXISTS (SELECT FROM feedback_answer s
                        WHERE s.response_id = r.id AND s.score IS NOT NULL)
         ORDER BY r.client_id, r.responded_on DESC, r.submitted_at DESC, r.id DESC) latest
  JOIN feedback_answer a ON a.response_id = latest.id AND a.score IS NOT NULL
 GROUP BY latest.client_id
"""


def _survey(found: dict) -> str:
    words = {"day": formats.day(dt.date.fromisoformat(found["on"]))}
    return _("From the latest survey answered, on %(day)s.") % words


timeline.register_source(
    timeline.Source(
        "survey",
        {KIND: (gettext_lazy("Survey"), "message-star")},
        _answered,
        _words,
    )
)
engagement.register_events(
    engagement.EventSource(KIND, gettext_lazy("Survey answers"), _events),
)
engagement.register_changes(KIND, _changed)
health.register_driver(
    health.Driver(
        KIND,
        gettext_lazy("Survey answers"),
        "message-star",
        SURVEY,
        "r.client_id",
        _survey,
        health.page_of("client_timeline", query="kind=survey"),
    )
)
