"""Retention, churn and repeat rate of clients without contract, and the cohort table.

A client is active on a day when they bought within the months of the policy up to that day.
`start_n` counts who was active (and a member) on the day before a period, `retained` who of them
still was on its last day, `new_n` who was active then without being among `start_n`; so
`end_n - new_n = retained`, and retention is (E - N) / S. Nobody at the start means no data.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from clientgroups.models import Client
from clientgroups.selectors.dates import months_before
from clientgroups.selectors.rates import value_policy
from clientgroups.selectors.value_periods import MONTHS, Period, first_day, last_day
from clientgroups.selectors.value_scope import MERGED, Scope, rows_of
from core import stats

DAY = dt.timedelta(days=1)

# One bit per boundary: in `active` when the client was active on that day, in `member` when they
# were in the scope. One pass over the purchases answers for all boundaries.
MASKS = """
WITH {member}, lit AS (
    SELECT * FROM unnest(%(days)s::date[], %(masks)s::bigint[]) AS x(day, mask)
), active AS (
    SELECT p.client_id, bit_or(lit.mask) AS mask
      FROM clientgroups_purchase p JOIN lit ON lit.day = p.bought_on
     WHERE p.amount >= 0 {only}
     GROUP BY p.client_id
), inside AS ({inside}), pattern AS (
    SELECT a.mask AS active, i.mask AS inside, count(*) AS n
      FROM active a JOIN inside i ON i.client_id = a.client_id
     GROUP BY 1, 2
)
SELECT b, coalesce(sum(n) FILTER (WHERE was), 0), coalesce(sum(n) FILTER (WHERE was AND still), 0),
       coalesce(sum(n) FILTER (WHERE still AND here AND NOT was), 0)
  FROM generate_series(0, %(last)s) b LEFT JOIN LATERAL (
    SELECT n, (active & inside) >> b & 1 = 1 AS was, active >> (b + 1) & 1 = 1 AS still,
           inside >> (b + 1) & 1 = 1 AS here
      FROM pattern) x ON TRUE
 GROUP BY b ORDER BY b
"""
INSIDE = """
SELECT m.client_id, bit_or(1::bigint << (b.i - 1)::int) AS mask
  FROM member m JOIN unnest(%(bounds)s::date[]) WITH ORDINALITY b(day, i)
    ON b.day >= m.valid_from AND (m.valid_to IS NULL OR b.day < m.valid_to)
 GROUP BY m.client_id
"""
ONLY_KEPT = f"AND p.client_id NOT IN ({MERGED})"
ONLY_MEMBERS = "AND p.client_id IN (SELECT client_id FROM member)"
EVERYBODY = "SELECT client_id, ((1::bigint << %(last)s + 2) - 1) AS mask FROM active"
REPEATS = """
WITH {member}, span AS (
    SELECT * FROM unnest(%(days)s::date[], %(places)s::int[]) AS s(day, i)
), bought AS (
    SELECT s.i, p.client_id, min(p.bought_on) <> max(p.bought_on) AS again
      FROM span s JOIN clientgroups_purchase p ON p.bought_on = s.day {join}
     WHERE p.amount >= 0
     GROUP BY s.i, p.client_id
)
SELECT s.i, count(b.client_id), count(*) FILTER (WHERE b.again)
  FROM (SELECT DISTINCT i FROM span) s LEFT JOIN bought b ON b.i = s.i GROUP BY s.i ORDER BY s.i
"""


@dataclass(frozen=True)
class Share:
    """A share with its sample and Wilson interval, all from 0 to 1; None is no data."""

    n: int
    k: int

    @property
    def rate(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        return stats.wilson(self.k, self.n)

    @property
    def low(self) -> float | None:
        return self.bounds[0] if self.n else None

    @property
    def high(self) -> float | None:
        return self.bounds[1] if self.n else None

    @property
    def state(self) -> str:
        """What may be shown: none, hidden (n < 5), few (too few to compare) or ok."""
        return stats.display_state(self.n, self.low, self.high, points_per_unit=100)

    @property
    def half(self) -> float | None:
        """Half of the width of the interval, in points of 100."""
        return (self.high - self.low) * 50 if self.n else None


@dataclass(frozen=True)
class Retention:
    """Who was active at the start of a span and at its end; see the head of this module."""

    start: dt.date
    end: dt.date
    window_months: int
    start_n: int
    retained: int
    new_n: int
    buyers: int = 0
    repeaters: int = 0

    @property
    def end_n(self) -> int:
        return self.retained + self.new_n

    @property
    def lost(self) -> int:
        return self.start_n - self.retained

    @property
    def share(self) -> Share:
        return Share(self.start_n, self.retained)

    @property
    def churned(self) -> Share:
        return Share(self.start_n, self.lost)

    @property
    def repeat(self) -> Share:
        """Buyers of the span who bought on two or more of its days."""
        return Share(self.buyers, self.repeaters)

    @property
    def rate(self) -> float | None:
        return self.share.rate

    @property
    def churn(self) -> float | None:
        return self.churned.rate

    @property
    def repeat_rate(self) -> float | None:
        return self.repeat.rate

    @property
    def low(self) -> float | None:
        return self.share.low

    @property
    def high(self) -> float | None:
        return self.share.high

    @property
    def state(self) -> str:
        return self.share.state


def retention_of(clients: QuerySet[Client], start: dt.date, end: dt.date) -> Retention:
    """Retention, churn and repeat rate of some clients from a day to a day, both inclusive."""
    return retention_in(Scope(clients=clients), [(start, end)])[0]


def retention_in(scope: Scope, spans: Sequence[tuple[dt.date, dt.date]]) -> list[Retention]:
    """The same for spans that follow each other without a gap; two statements for all of them."""
    months = value_policy().active_months
    bounds = [spans[0][0] - DAY, *(end for _start, end in spans)]
    days, masks = _lit_days(bounds, months)
    member, _join, names = scope.parts("p.client_id", "p.bought_on")
    statement = MASKS.format(
        member=member,
        inside=EVERYBODY if scope.everybody else INSIDE,
        only=ONLY_KEPT if scope.everybody else ONLY_MEMBERS,
    )
    names |= {"days": days, "masks": masks, "bounds": bounds, "last": len(spans) - 1}
    kept = rows_of(statement, names)
    repeats = _repeats(scope, spans)
    return [
        Retention(start, end, months, int(was), int(still), int(new), buyers, again)
        for (start, end), (_b, was, still, new), (_i, buyers, again) in zip(
            spans, kept, repeats, strict=True
        )
    ]


def _lit_days(bounds, months):  # noqa: ANN001, ANN202
    """Each day on which a purchase makes a client active, with the boundaries it does so for."""
    spans = [(months_before(day, months), day) for day in bounds]
    first = min(start for start, _end in spans) + DAY
    days = [first + n * DAY for n in range((max(bounds) - first).days + 1)]
    masks = [
        sum(1 << bit for bit, (start, end) in enumerate(spans) if start < day <= end)
        for day in days
    ]
    return days, masks


def _repeats(scope, spans):  # noqa: ANN001, ANN202
    member, join, names = scope.parts("p.client_id", "p.bought_on")
    places = [
        (start + n * DAY, place)
        for place, (start, end) in enumerate(spans)
        for n in range((end - start).days + 1)
    ]
    names |= {"days": [day for day, _i in places], "places": [i for _day, i in places]}
    return rows_of(REPEATS.format(member=member, join=join), names)


# Cohorts -----------------------------------------------------------------------------------------

COHORTS = """
WITH {member}, cohort AS (
    SELECT c.id, date_trunc(%(kind)s, c.first_purchase_on)::date AS start
      FROM clientgroups_client c {of_today}
     WHERE c.first_purchase_on >= %(first)s AND c.first_purchase_on <= %(today)s
), bought AS (
    SELECT c.start, date_trunc(%(kind)s, p.bought_on)::date AS later,
           count(DISTINCT p.client_id) AS n
      FROM cohort c JOIN clientgroups_purchase p ON p.client_id = c.id
     WHERE p.amount >= 0 AND p.bought_on <= %(today)s
     GROUP BY 1, 2
)
SELECT start, NULL::date, count(*) FROM cohort GROUP BY 1
UNION ALL SELECT start, later, n FROM bought
"""


@dataclass(frozen=True)
class Cell:
    """How many of a cohort bought in a later period; `step` is the colour of the heat."""

    offset: int
    n: int
    share: float
    partial: bool

    @property
    def step(self) -> int:
        return min(int(self.share * 5) + 1, 5) if self.n else 0


@dataclass(frozen=True)
class Cohort:
    """Clients whose first purchase fell into one period."""

    period: Period
    size: int
    cells: list[Cell]


def cohorts_of(scope: Scope, kind: str, today: dt.date, count: int) -> list[Cohort]:
    """Who of each period's new buyers bought again later: one statement, oldest cohort first.

    Clients of a group are those who are members on `today`.
    """
    first = months_before(first_day(kind, today), MONTHS[kind] * (count - 1))
    member, join, names = scope.parts("c.id", "%(today)s")
    names |= {"kind": kind, "first": first, "today": today}
    sizes, later = {}, {}
    for start, period, n in rows_of(COHORTS.format(member=member, of_today=join), names):
        if period is None:
            sizes[start] = n
        else:
            later[start, period] = n
    return [_cohort(kind, start, today, sizes[start], later) for start in sorted(sizes)]


def _cohort(kind, start, today, size, later):  # noqa: ANN001, ANN202
    cells, begins, offset = [], start, 0
    while begins <= today:
        n = later.get((start, begins), 0)
        cells.append(Cell(offset, n, n / size, last_day(kind, begins) > today))
        begins, offset = last_day(kind, begins) + DAY, offset + 1
    end = last_day(kind, start)
    return Cohort(Period(kind, start, min(end, today), end > today), size, cells)
