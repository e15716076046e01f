"""Drivers of a client's health: a register, what each says in words, and where its evidence is.

A driver gives points from 0 (bad) to 100 for the clients it knows something about. Health is their
mean, weighed by HealthPolicy; a driver with nothing to say leaves the denominator, and a single
driver is too little for a figure.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clientgroups.models import Client, HealthPolicy
from clientgroups.selectors.touch_plans import due_sql
from core import formats

LEAST_DRIVERS = 2
# Purchases of three years make the habit; half a year is compared with the half before.
BOUGHT_DAYS, HALF_YEAR = 1095, 182
YEAR = 365


@dataclass(frozen=True)
class Driver:
    """One reason for health.

    `sql` gives (client_id, points, found): `found` is a JSON object with what `words` needs, days
    as ISO dates, so that the sentence can be written in any language. It may read the tables
    care_facts and care_bought and the parameters as_of, now, year_ago, zone and full_at; `{only}`
    narrows the column of clients that `column` names. `key` names the weight in HealthPolicy.
    """

    key: str
    label: str
    icon: str
    sql: str
    column: str
    words: Callable[[dict], str]
    evidence: Callable[[int], str]


DRIVERS: dict[str, Driver] = {}


def register_driver(driver: Driver) -> None:
    """Add a driver; the same key again replaces it."""
    DRIVERS[driver.key] = driver


def health_policy() -> HealthPolicy:
    """The policy row, or its defaults while nobody has changed them."""
    return HealthPolicy.objects.filter(pk=1).first() or HealthPolicy(pk=1)


def weight_of(policy: HealthPolicy, key: str) -> int:
    return getattr(policy, key)


# Shared ground: purchase days of each client ------------------------------------------------------

BOUGHT = """
CREATE TEMP TABLE care_bought ON COMMIT DROP AS
SELECT client_id, count(*) AS days, min(bought_on) AS first_on, max(bought_on) AS last_on,
       count(*) FILTER (WHERE bought_on > %(half)s) AS recent,
       count(*) FILTER (WHERE bought_on <= %(half)s AND bought_on > %(year)s) AS before
  FROM (SELECT DISTINCT client_id, bought_on FROM clientgroups_purchase
         WHERE amount >= 0 AND bought_on <= %(as_of)s AND bought_on > %(since)s AND {only}) b
 GROUP BY client_id
"""


def bought_params(as_of: dt.date) -> dict:
    """The days that the purchase table compares."""
    back = {"half": HALF_YEAR, "year": 2 * HALF_YEAR, "since": BOUGHT_DAYS}
    return {name: as_of - dt.timedelta(days=days) for name, days in back.items()}


# Words -------------------------------------------------------------------------------------------


def _day(text):
    return formats.day(dt.date.fromisoformat(text))


def _recency(found):
    words = {"day": _day(found["last_on"]), "every": found["every"]}
    return (
        ngettext(
            "Last purchase on %(day)s; usually one every %(every)s day.",
            "Last purchase on %(day)s; usually one every %(every)s days.",
            found["every"],
        )
        % words
    )


def _trend(found):
    return _("Purchases on %(recent)s days in half a year, %(before)s in the half before.") % found


def _engagement(found):
    figures = {"score": formats.number(found["score"], 1), "full": formats.number(found["full"], 1)}
    return _("Engagement is %(score)s; %(full)s counts as full.") % figures


def _touch(found):
    words = {"day": _day(found["due_on"]), "every": found["every"]}
    return (
        ngettext(
            "The touch plan asks for the client every day; next by %(day)s.",
            "The touch plan asks for the client every %(every)s days; next by %(day)s.",
            found["every"],
        )
        % words
    )


def _requests(found):
    if not found["open"]:
        return _("Requests in the last year, none of them open.")
    text = ngettext("%(open)s open request", "%(open)s open requests", found["open"]) % found
    if not found["late"]:
        return _("%(open)s, none past its service level.") % {"open": text}
    late = ngettext("%(late)s past its service level", "%(late)s past their service level",
                    found["late"]) % found  # fmt: skip
    return _("%(open)s, %(late)s.") % {"open": text, "late": late}


def _rating(found):
    words = {"rating": found["rating"], "day": _day(found["on"])}
    return _("Rated the last request %(rating)s of 5 on %(day)s.") % words


def _stage(found):
    return _("Lifecycle stage: %(stage)s.") % {"stage": Client.Stage(found["stage"]).label}


# Where the evidence is ----------------------------------------------------------------------------


def page_of(name: str, anchor: str = "", query: str = "") -> Callable[[int], str]:
    """The address of a page of the client."""

    def address(client: int) -> str:
        path = reverse(f"clientgroups:{name}", args=[client])
        return path + (f"?{query}" if query else "") + (f"#{anchor}" if anchor else "")

    return address


RECENCY = """
SELECT client_id,
       100 * least(1, greatest(0, (3 - (%(as_of)s::date - last_on)
                                       / ((last_on - first_on) / (days - 1)::float8)) / 2)),
       jsonb_build_object('last_on', last_on,
           'every', greatest(1, round((last_on - first_on) / (days - 1)::float8)))
  FROM care_bought WHERE days >= 3
"""
TREND = """
SELECT client_id, CASE WHEN recent >= before THEN 100 ELSE 100 * recent / before::float8 END,
       jsonb_build_object('recent', recent, 'before', before)
  FROM care_bought WHERE recent + before >= 3
"""
ENGAGEMENT = """
SELECT client_id, least(100, 100 * engagement / %(full_at)s),
       jsonb_build_object('score', round(engagement::numeric, 1), 'full', %(full_at)s)
  FROM care_facts WHERE engagement IS NOT NULL
"""
TOUCH = """
SELECT client_id, 100 * least(1, greatest(0, 1 - (%(as_of)s::date - due_on) / every_days::float8)),
       jsonb_build_object('due_on', due_on, 'every', every_days, 'group', group_id)
  FROM ({due}) d
"""
REQUESTS = """
SELECT client_id, greatest(0, 100 - 10 * (open - late) - 40 * late),
       jsonb_build_object('open', open, 'late', late)
  FROM (SELECT client_id,
               count(*) FILTER (WHERE status NOT IN ('resolved', 'closed')) AS open,
               count(*) FILTER (WHERE status NOT IN ('resolved', 'closed')
                   AND (status <> 'waiting' AND resolution_due_at < %(now)s
                        OR first_answered_at IS NULL AND paused_at IS NULL
                           AND first_answer_due_at < %(now)s)) AS late
          FROM clientgroups_servicerequest r
         WHERE {only} AND (opened_at > %(year_ago)s OR status NOT IN ('resolved', 'closed'))
         GROUP BY client_id) q
"""
RATING = """
SELECT DISTINCT ON (client_id) client_id, (rating - 1) * 25,
       jsonb_build_object('rating', rating, 'on', (rated_at AT TIME ZONE %(zone)s)::date)
  FROM clientgroups_servicerequest r
 WHERE {only} AND rating IS NOT NULL AND rated_at > %(year_ago)s AND rated_at <= %(now)s
 ORDER BY client_id, rated_at DESC, id DESC
"""
STAGE = """
SELECT c.id, CASE c.stage WHEN 'loyal' THEN 100 WHEN 'existing' THEN 70 ELSE 0 END,
       jsonb_build_object('stage', c.stage)
  FROM clientgroups_client c WHERE {only} AND c.stage <> 'potential'
"""

OWN = (
    ("recency", gettext_lazy("Time since the last purchase"), "calendar-time", RECENCY, "",
     _recency, page_of("client_purchases")),
    ("trend", gettext_lazy("Purchases now and before"), "trending-up", TREND, "",
     _trend, page_of("client_purchases")),
    ("engagement", gettext_lazy("Engagement"), "activity", ENGAGEMENT, "",
     _engagement, page_of("client_timeline")),
    ("touch", gettext_lazy("Touch plan"), "calendar-due",
     TOUCH.format(due=due_sql(only="{only}", last_touch="f.last_touch_on",
                              facts="LEFT JOIN care_facts f ON f.client_id = c.id")),
     "m.client_id", _touch, page_of("client_timeline", query="kind=touch")),
    ("requests", gettext_lazy("Open service requests"), "inbox", REQUESTS, "r.client_id",
     _requests, page_of("client_timeline", query="kind=request")),
    ("rating", gettext_lazy("Last rating of a request"), "star", RATING, "r.client_id",
     _rating, page_of("client_timeline", query="kind=request")),
    ("stage", gettext_lazy("Lifecycle stage"), "flag", STAGE, "c.id",
     _stage, page_of("client_timeline", query="kind=stage")),
)  # fmt: skip
for entry in OWN:
    register_driver(Driver(*entry))
