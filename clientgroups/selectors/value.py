"""What purchases say about one client, a group and everybody: what pages and panels show."""

import datetime as dt
import json
from dataclasses import dataclass, field
from decimal import Decimal

from accounts.models import User
from clientgroups.models import Client, ClientGroup, RfmScore
from clientgroups.selectors.lifecycle import stage_day
from clientgroups.selectors.rates import BASE, LeftOut, in_base_sql, value_policy
from clientgroups.selectors.retention import Retention, retention_in, retention_of
from clientgroups.selectors.sales import Growth, Sales, growth_of, growths_in, sales_of
from clientgroups.selectors.value_flow import Flow, flow_of
from clientgroups.selectors.value_periods import Period, periods
from clientgroups.selectors.value_scope import MERGED, Scope, rows_of

__all__ = [
    "Retention",
    "Sales",
    "client_panel",
    "group_panel",
    "growth_of",
    "repeat_summary",
    "retention_of",
    "sales_of",
]

# One client --------------------------------------------------------------------------------------

SPENT = f"""
WITH days AS (
    SELECT bought_on AS day, bool_or(amount >= 0) AS bought
      FROM clientgroups_purchase WHERE client_id = %(client)s GROUP BY 1
), gaps AS (
    SELECT day - lag(day) OVER (ORDER BY day) AS gap, day FROM days WHERE bought
), worth AS (
    SELECT p.currency, p.amount, {in_base_sql("p.amount", "p.currency", "p.bought_on")} AS worth
      FROM clientgroups_purchase p WHERE p.client_id = %(client)s
)
SELECT {BASE},
       (SELECT sum(worth) FROM worth), (SELECT count(*) FROM worth WHERE worth IS NOT NULL),
       (SELECT count(*) FROM worth WHERE worth IS NOT NULL AND amount >= 0),
       (SELECT jsonb_object_agg(currency, n) FROM (
          SELECT currency, count(*) AS n FROM worth WHERE worth IS NULL GROUP BY 1) x),
       (SELECT count(*) FROM gaps), (SELECT avg(gap) FROM gaps), (SELECT max(gap) FROM gaps),
       (SELECT max(day) FROM gaps),
       (SELECT max(r.valid_from) FROM clientgroups_exchangerate r
         WHERE r.base = {BASE} AND r.currency IN (SELECT currency FROM worth)
           AND r.valid_from <= %(today)s),
       (SELECT max(derived_on) FROM clientgroups_lifecyclepolicy),
       (SELECT max(scored_on) FROM clientgroups_valuepolicy)
"""  # noqa: S608


@dataclass(frozen=True)
class Spending:
    """What one client paid in the currency of sums, and how often they buy.

    `gap` is the mean number of days between two days with a purchase, `longest` the longest such
    time, `since` the days since the last one. `rate_on` is the day of the latest rate used.
    """

    currency: str
    total: Decimal | None
    purchases: int
    missing: list[LeftOut]
    days: int
    gap: Decimal | None
    longest: int | None
    last_on: dt.date | None
    since: int | None
    rate_on: dt.date | None
    derived_on: dt.date | None = None
    scored_on: dt.date | None = None
    rfm: RfmScore | None = None
    left_out: int = field(init=False, default=0)

    def __post_init__(self):
        object.__setattr__(self, "left_out", sum(row.n for row in self.missing))

    @property
    def average(self) -> Decimal | None:
        """Mean value of a purchase, refunds taken off the total."""
        if self.total is None or not self.purchases:
            return None
        return (self.total / self.purchases).quantize(Decimal("0.01"))

    @property
    def overdue(self) -> bool:
        """Twice the usual time has passed without a purchase."""
        return bool(self.gap and self.since and self.since > 2 * self.gap and self.days > 2)


def spending_in_base(client: Client, today: dt.date) -> Spending:
    """One statement, and one for the scores."""
    (row,) = rows_of(SPENT, {"client": client.pk, "today": today})
    base, total, _lines, bought, missing, days, gap, longest, last_on, rate_on, derived, scored = (
        row
    )
    # JSON is left as text by the connection, whose columns Django reads itself.
    found = sorted(json.loads(missing or "{}").items())
    return Spending(
        currency=base,
        total=total,
        purchases=bought,
        missing=[LeftOut(currency, n) for currency, n in found],
        days=days,
        gap=gap,
        longest=longest,
        last_on=last_on,
        since=(today - last_on).days if last_on else None,
        rate_on=rate_on,
        derived_on=derived,
        scored_on=scored,
        rfm=RfmScore.objects.filter(client=client).first(),
    )


def client_panel(client: Client, user: User, today: dt.date) -> dict:  # noqa: ARG001
    """Context of clientgroups/value/_client.html; two statements."""
    spending = spending_in_base(client, today)
    return {
        "spending_base": spending,
        "stage_day": stage_day(client, spending.derived_on),
    }


# A group -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupValue:
    """Figures of a group for its page: twelve months of retention, a quarter of sales."""

    retention: Retention
    quarter: Period
    growth: Growth
    flow: Flow
    currency: str
    today: dt.date


def group_value(group: ClientGroup, today: dt.date) -> GroupValue:
    scope = Scope(group=group)
    year = [period for period in periods("month", today, 13) if not period.partial][-12:]
    quarter = [period for period in periods("quarter", today, 2) if not period.partial][-1]
    return GroupValue(
        retention=retention_in(scope, [(year[0].start, year[-1].end)])[0],
        quarter=quarter,
        growth=growths_in(scope, [quarter])[0],
        flow=flow_of(scope, periods("quarter", today, 4)),
        currency=value_policy().base_currency,
        today=today,
    )


def group_panel(group: ClientGroup, today: dt.date) -> dict:
    """Context of clientgroups/value/_group.html; six statements, so it is loaded by itself."""
    return {"group": group, "value": group_value(group, today)}


# Repeat purchases as the literature counts them --------------------------------------------------

REPEAT = f"""
SELECT client_id, count(*) - 1,
       (max(day) - min(day)) / 7.0, (%(as_of)s::date - min(day)) / 7.0,
       coalesce(avg(amount) FILTER (WHERE number > 1), 0)
  FROM (SELECT p.client_id, p.bought_on AS day, sum({{worth}}) AS amount,
               row_number() OVER (PARTITION BY p.client_id ORDER BY p.bought_on) AS number
          FROM clientgroups_purchase p
         WHERE p.amount >= 0 AND p.bought_on <= %(as_of)s AND p.client_id NOT IN ({MERGED})
         GROUP BY p.client_id, p.bought_on) days
 GROUP BY client_id ORDER BY client_id
"""  # noqa: S608


@dataclass(frozen=True)
class Repeats:
    """A buyer's history as models of repeat buying take it: weeks, and days instead of lines.

    `frequency` counts days with a purchase after the first one; `recency` is the age at the last
    of them, `age` (T) that on the day asked for; `value` the mean of a day's purchases, the first
    left out, in the currency of sums.
    """

    client: int
    frequency: int
    recency: Decimal
    age: Decimal
    value: Decimal


def repeat_summary(as_of: dt.date) -> list[Repeats]:
    """Frequency, recency, age and mean value of everybody who bought up to a day; one statement."""
    worth = in_base_sql("p.amount", "p.currency", "p.bought_on")
    return [Repeats(*row) for row in rows_of(REPEAT.format(worth=worth), {"as_of": as_of})]
