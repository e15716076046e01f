"""The figures of care, from everything that happened: engagement, last touch, habit, silence.

Engagement is Σ weight · 0.5^(age / half-life) over a client's events up to a day. A client without
any event has none: no data is not zero. One statement works it out for all clients of a scope.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from clientgroups.models import EngagementPolicy, HealthPolicy
from clientgroups.selectors.engagement import SOURCES, TOUCHES, weights_of
from clientgroups.services.database import sql_of

# A habit is read from the last two years, and needs some days to be one.
HABIT_DAYS = 730
HABIT_FROM = 4
# 0.5 to a higher power is no number PostgreSQL can hold; what is left of it is nothing anyway.
MOST_HALVINGS = 1000


@dataclass(frozen=True)
class Scope:
    """The clients a run is about: those named, or all between two keys."""

    ids: tuple[int, ...] = ()
    first: int = 0
    last: int = 0

    @property
    def lookup(self) -> dict:
        """For a queryset of rows that have a client."""
        if self.ids:
            return {"client__in": self.ids}
        return {"client__pk__range": (self.first, self.last)}

    def only(self, column: str) -> str:
        """The same for a statement; takes the values of `params`."""
        if self.ids:
            return f"{column} = ANY(%(ids)s)"
        return f"{column} BETWEEN %(first)s AND %(last)s"

    @property
    def params(self) -> dict:
        return {"ids": list(self.ids), "first": self.first, "last": self.last}


FACTS = """
CREATE TEMP TABLE care_facts ON COMMIT DROP AS
WITH event (client_id, day, kind) AS ({events}),
weight (kind, weight) AS (VALUES {weights}),
daily AS (
    SELECT e.client_id, e.day, sum(COALESCE(w.weight, 0)) AS weight,
           bool_or(e.kind = ANY(%s)) AS touched
      FROM event e LEFT JOIN weight w ON w.kind = e.kind
     WHERE e.day <= %s
     GROUP BY e.client_id, e.day
)
SELECT client_id,
       sum(weight * power(0.5::float8, least((%s - day) / %s::float8, {most})))
           FILTER (WHERE weight > 0) AS engagement,
       max(day) FILTER (WHERE touched) AS last_touch_on,
       count(*) FILTER (WHERE weight > 0 AND day > %s) AS days,
       min(day) FILTER (WHERE weight > 0 AND day > %s) AS first_on,
       max(day) FILTER (WHERE weight > 0) AS last_on
  FROM daily GROUP BY client_id
"""


def collect_facts(*, scope: Scope, as_of: dt.date, policy: EngagementPolicy) -> None:
    """Make the table `care_facts` of this transaction: one line per client with any event."""
    parts, params = [], []
    for source in SOURCES.values():
        sql, values = sql_of(source.rows(scope.lookup))
        parts.append(f"({sql})")
        params += values
    weights = weights_of(policy)
    for pair in weights.items():
        params += pair
    since = as_of - dt.timedelta(days=HABIT_DAYS)
    params += [list(TOUCHES), as_of, as_of, policy.half_life_days, since, since]
    statement = FACTS.format(
        events=" UNION ALL ".join(parts),
        weights=", ".join(["(%s, %s::float8)"] * len(weights)),
        most=MOST_HALVINGS,
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS care_facts")
        cursor.execute(statement, params)
        cursor.execute("ANALYZE care_facts")


# Silent: no sign of life for so many usual pauses, and at least so many days.
SILENT = """
WITH habit AS (
    SELECT f.client_id, f.last_on, (f.last_on - f.first_on) / (f.days - 1)::float8 AS usual
      FROM care_facts f JOIN clientgroups_client c ON c.id = f.client_id
     WHERE f.days >= %(habit_from)s AND c.archived_at IS NULL
), silent AS (
    SELECT *, last_on + ceil(greatest(usual * %(after)s, %(least)s))::int + 1 AS since FROM habit
), gone AS (
    DELETE FROM clientgroups_clientsilence s
     WHERE {only} AND NOT EXISTS (
           SELECT FROM silent n WHERE n.client_id = s.client_id AND n.since <= %(as_of)s)
)
INSERT INTO clientgroups_clientsilence (client_id, last_on, usual_days, since)
SELECT client_id, last_on, usual, since FROM silent WHERE since <= %(as_of)s
ON CONFLICT (client_id) DO UPDATE
   SET last_on = excluded.last_on, usual_days = excluded.usual_days, since = excluded.since
 WHERE (clientgroups_clientsilence.last_on, clientgroups_clientsilence.usual_days,
        clientgroups_clientsilence.since)
       IS DISTINCT FROM (excluded.last_on, excluded.usual_days, excluded.since)
"""


def note_silence(*, scope: Scope, as_of: dt.date, policy: HealthPolicy) -> None:
    """Write down who fell silent against their own habit, and strike out who spoke again."""
    with connection.cursor() as cursor:
        cursor.execute(
            SILENT.format(only=scope.only("s.client_id")),
            {
                **scope.params,
                "as_of": as_of,
                "habit_from": HABIT_FROM,
                "after": policy.silent_after,
                "least": policy.silent_days,
            },
        )
