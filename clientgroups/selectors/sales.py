"""Sales in the currency of sums, and how they grew. Refunds are taken off."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import QuerySet

from clientgroups.models import Client
from clientgroups.selectors.rates import LeftOut, in_base_sql, sum_left_out
from clientgroups.selectors.value_periods import Period, previous, year_before
from clientgroups.selectors.value_scope import Scope, rows_of

# Added up by day and currency first, so that a rate is looked up once for all purchases of a day.
DAILY = """
WITH {member}, daily AS (
    SELECT p.bought_on AS day, p.currency, sum(p.amount) AS amount, count(*) AS lines,
           count(*) FILTER (WHERE p.amount >= 0) AS n
      FROM clientgroups_purchase p {join}
     WHERE p.bought_on BETWEEN %(first)s AND %(last)s
     GROUP BY 1, 2
)
SELECT day, currency, {worth} AS worth, lines, n FROM daily ORDER BY day, currency
"""
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Sales:
    """What was sold from a day to a day; `missing` names what no rate covers.

    `total` is None without any purchase that could be added up. `n` counts purchases in it,
    refunds apart.
    """

    start: dt.date
    end: dt.date
    total: Decimal | None
    n: int
    missing: list[LeftOut] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        return sum(row.n for row in self.missing)


@dataclass(frozen=True)
class Growth:
    """Sales of a span beside those of the span before and of the same span a year earlier."""

    current: Sales
    before: Sales
    year_ago: Sales

    @property
    def pop(self) -> Decimal | None:
        """Share by which sales grew over the period before; None when that makes no sense."""
        return grown(self.current, self.before)

    @property
    def yoy(self) -> Decimal | None:
        return grown(self.current, self.year_ago)


def grown(current: Sales, before: Sales) -> Decimal | None:
    """(cur - prev) / prev; nothing known, or nothing above zero before, is no growth at all."""
    if current.total is None or before.total is None or before.total <= 0:
        return None
    return (current.total - before.total) / before.total


class Ledger:
    """The daily sales of a scope between two days, read once and added up for any span inside."""

    def __init__(self, scope: Scope, first: dt.date, last: dt.date):
        member, join, names = scope.parts("p.client_id", "p.bought_on")
        worth = in_base_sql("daily.amount", "daily.currency", "daily.day")
        statement = DAILY.format(member=member, join=join, worth=worth)
        self.first, self.last = first, last
        self.rows = rows_of(statement, {**names, "first": first, "last": last})

    def sales(self, start: dt.date, end: dt.date) -> Sales:
        total, number, missing = None, 0, []
        for day, currency, worth, lines, n in self.rows:
            if not start <= day <= end:
                continue
            if worth is None:
                missing.append(LeftOut(currency, lines))
            else:
                total, number = (total or Decimal(0)) + worth, number + n
        total = None if total is None else total.quantize(CENT)
        return Sales(start, end, total, number, sum_left_out(missing))

    def growth(self, period: Period) -> Growth:
        before, year_ago = previous(period), year_before(period)
        return Growth(*(self.sales(p.start, p.end) for p in (period, before, year_ago)))


def sales_of(clients: QuerySet[Client], start: dt.date, end: dt.date) -> Sales:
    """What some clients bought from a day to a day, both inclusive, in the currency of sums."""
    return Ledger(Scope(clients=clients), start, end).sales(start, end)


def growth_of(clients: QuerySet[Client], period: Period) -> Growth:
    """Sales growth of some clients over the period before and over a year."""
    return growths_in(Scope(clients=clients), [period])[0]


def growths_in(scope: Scope, wanted: Sequence[Period]) -> list[Growth]:
    """Growth of several periods, oldest first; one statement."""
    first = min(year_before(wanted[0]).start, previous(wanted[0]).start)
    ledger = Ledger(scope, first, wanted[-1].end)
    return [ledger.growth(period) for period in wanted]
