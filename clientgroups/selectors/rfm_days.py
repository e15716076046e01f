"""The RFM page: scores of a day, as a heat map, by named group, and client by client.

The day of the nightly run is read from its table; every other day is worked out by the same SQL and
kept nowhere.
"""

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction

from clientgroups.models import RfmScore
from clientgroups.selectors.rates import LeftOut, left_out_of, value_policy
from clientgroups.selectors.rfm import MEANINGS, SCALE, SCORING, Method
from clientgroups.selectors.value_scope import Scope

STORED = """scored AS (
    SELECT client_id, recency + (%(as_of)s::date - as_of) AS recency, frequency, monetary, r, f, m,
           segment FROM clientgroups_rfmscore
)"""
# One statement gives both the figures of all and one page of rows: the scores of a past day are
# worked out once.
READ = """
WITH {scoring}, {member}, mine AS (
    SELECT s.* FROM scored s {join}
), counted AS (
    SELECT r, f, segment, count(*) AS n, sum(monetary) AS money FROM mine GROUP BY 1, 2, 3
), listed AS (
    SELECT s.client_id, c.name, s.recency, s.frequency, s.monetary, s.r, s.f, s.m, s.segment
      FROM mine s JOIN clientgroups_client c ON c.id = s.client_id
     WHERE (%(r)s::int IS NULL OR s.r = %(r)s) AND (%(f)s::int IS NULL OR s.f = %(f)s)
       AND (%(m)s::int IS NULL OR s.m = %(m)s)
       AND (%(segment)s = '' OR s.segment = %(segment)s)
)
SELECT (SELECT jsonb_agg(jsonb_build_array(r, f, segment, n, money::text)) FROM counted),
       (SELECT count(*) FROM listed), (SELECT count(*) FROM scored),
       (SELECT jsonb_agg(jsonb_build_array(client_id, name, recency, frequency, monetary::text,
                                           r, f, m, segment)
                         ORDER BY monetary DESC, client_id)
          FROM (SELECT * FROM listed ORDER BY monetary DESC, client_id
                 LIMIT %(limit)s OFFSET %(offset)s) x)
"""


@dataclass(frozen=True)
class Cell:
    """Clients with one recency and one frequency score; `step` is the colour of the heat."""

    r: int
    f: int
    n: int
    step: int


@dataclass(frozen=True)
class Named:
    segment: RfmScore.Segment
    meaning: str
    n: int
    money: Decimal
    share: float
    money_share: float | None


@dataclass(frozen=True)
class Line:
    """One client with the figures of the day, where a score may be explained."""

    client: int
    name: str
    recency: int
    frequency: int
    monetary: Decimal
    r: int
    f: int
    m: int
    segment: RfmScore.Segment

    @property
    def code(self) -> int:
        return self.r * 100 + self.f * 10 + self.m


@dataclass(frozen=True)
class Picked:
    """Which clients to list: scores and named group, all optional."""

    r: int | None = None
    f: int | None = None
    m: int | None = None
    segment: str = ""


@dataclass(frozen=True)
class ScoredDay:
    """Everything the page shows. `scored` counts all clients of the installation with a score."""

    method: Method
    stored: bool
    scored: int
    n: int
    heat: list[list[Cell]]
    named: list[Named]
    found: int
    lines: list[Line]
    missing: list[LeftOut]

    @property
    def by_bounds(self) -> bool:
        return self.scored < self.method.few


@transaction.atomic
def scores_of_day(
    scope: Scope, as_of: dt.date, picked: Picked, *, offset: int = 0, limit: int = 50
) -> ScoredDay:
    """Scores of a day for the clients of a scope, always relative to all clients; two statements.

    Members of a group are those of that day.
    """
    policy = value_policy()
    method = Method.of(policy, as_of)
    stored = policy.scored_on == as_of and policy.stale_at is None
    member, join, names = scope.parts("s.client_id", "%(as_of)s")
    statement = READ.format(scoring=STORED if stored else SCORING, member=member, join=join)
    names |= method.names | vars(picked) | {"limit": limit, "offset": offset}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '96MB'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement, names)
        counted, found, scored, listed = cursor.fetchone()
    # JSON is left as text by the connection, whose columns Django reads itself.
    counted, listed = json.loads(counted or "[]"), json.loads(listed or "[]")
    window = scope.purchases().filter(bought_on__range=(method.first, as_of))
    return ScoredDay(
        method=method,
        stored=stored,
        scored=scored,
        n=sum(row[3] for row in counted),
        heat=_heat(counted),
        named=_named(counted),
        found=found,
        lines=[_line(row) for row in listed],
        missing=left_out_of(window),
    )


def _heat(counted):  # noqa: ANN001, ANN202
    numbers = {}
    for r, f, _segment, n, _money in counted:
        numbers[r, f] = numbers.get((r, f), 0) + n
    most = max(numbers.values(), default=0)

    def cell(r: int, f: int) -> Cell:
        n = numbers.get((r, f), 0)
        return Cell(r, f, n, -(-5 * n // most) if n else 0)

    return [[cell(r, f) for f in SCALE] for r in reversed(SCALE)]


def _named(counted):  # noqa: ANN001, ANN202
    numbers, money = {}, {}
    for _r, _f, segment, n, worth in counted:
        numbers[segment] = numbers.get(segment, 0) + n
        money[segment] = money.get(segment, Decimal(0)) + Decimal(worth)
    total, worth = sum(numbers.values()), sum(money.values())
    return [
        Named(
            segment=segment,
            meaning=str(MEANINGS[segment]),
            n=numbers.get(segment.value, 0),
            money=money.get(segment.value, Decimal(0)),
            share=numbers.get(segment.value, 0) / total if total else 0,
            money_share=float(money.get(segment.value, 0) / worth) if worth > 0 else None,
        )
        for segment in RfmScore.Segment
    ]


def _line(row):  # noqa: ANN001, ANN202
    client, name, recency, frequency, monetary, r, f, m, segment = row
    worth = Decimal(monetary)
    return Line(client, name, recency, frequency, worth, r, f, m, RfmScore.Segment(segment))
