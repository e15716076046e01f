"""Retention and sales of groups that are compared, each read for all of them in one pass.

A client counts for a group on the days of the membership. Most members were in a group all the
time that is looked at: their groups are one number of bits, so that a purchase is read once however
many groups share the client. The purchases of the others are looked at membership by membership.
"""

import datetime as dt
from dataclasses import dataclass

from clientgroups.models import ClientGroup
from clientgroups.selectors.dates import months_before
from clientgroups.selectors.rates import in_base_sql, value_policy
from clientgroups.selectors.retention import DAY, Retention
from clientgroups.selectors.sales import Growth, Ledger
from clientgroups.selectors.value_periods import Period, periods, previous, year_before
from clientgroups.selectors.value_scope import MERGED, rows_of

# Memberships of the groups that touch a span, by the bit of their group.
MEMBER = f"""
member AS MATERIALIZED (
    SELECT client_id, valid_from, valid_to,
           1 << (array_position(%(groups)s::bigint[], client_group_id) - 1) AS bit,
           valid_from <= %(first)s AND (valid_to IS NULL OR valid_to > %(last)s) AS always
      FROM clientgroups_membership
     WHERE client_group_id = ANY(%(groups)s) AND valid_from <= %(last)s
       AND (valid_to IS NULL OR valid_to > %(first)s)
       AND client_id NOT IN ({MERGED})
), always AS MATERIALIZED (
    SELECT client_id, bit_or(bit) AS bits FROM member WHERE always GROUP BY client_id
)"""  # noqa: S608
# Who was active at both ends, and in which groups then: how many clients of each pattern.
KEPT = f"""
WITH {MEMBER}, inside AS (
    SELECT client_id, coalesce(bit_or(bit) FILTER (WHERE valid_from <= %(first)s), 0) AS began,
           coalesce(bit_or(bit) FILTER (WHERE valid_to IS NULL OR valid_to > %(last)s), 0) AS stayed
      FROM member GROUP BY client_id
), active AS (
    SELECT client_id, bool_or(bought_on <= %(first)s) AS was,
           bool_or(bought_on > %(again)s) AS still
      FROM clientgroups_purchase
     WHERE amount >= 0 AND (bought_on > %(before)s AND bought_on <= %(first)s
                            OR bought_on > %(again)s AND bought_on <= %(last)s)
     GROUP BY client_id
)
SELECT i.began, i.stayed, a.was, a.still, count(*)
  FROM active a JOIN inside i ON i.client_id = a.client_id GROUP BY 1, 2, 3, 4
"""  # noqa: S608
# Who bought, and who on two days or more: groups as bits, buyers, those who came again.
REPEATS = f"""
WITH {MEMBER}, bought AS (
    SELECT client_id, min(bought_on) <> max(bought_on) AS again
      FROM clientgroups_purchase
     WHERE amount >= 0 AND bought_on BETWEEN %(first)s AND %(last)s
     GROUP BY client_id
), partly AS (
    SELECT m.bit, m.client_id, min(p.bought_on) <> max(p.bought_on) AS again
      FROM member m JOIN clientgroups_purchase p ON p.client_id = m.client_id
     WHERE NOT m.always AND p.amount >= 0 AND p.bought_on BETWEEN %(first)s AND %(last)s
       AND p.bought_on >= m.valid_from AND (m.valid_to IS NULL OR p.bought_on < m.valid_to)
     GROUP BY m.bit, m.client_id
)
SELECT w.bits, count(*), count(*) FILTER (WHERE b.again)
  FROM always w JOIN bought b ON b.client_id = w.client_id GROUP BY w.bits
UNION ALL
SELECT bit, count(*), count(*) FILTER (WHERE again) FROM partly GROUP BY bit
"""  # noqa: S608
# Added up by day, currency and groups first, so that a rate is looked up once for each of them.
SALES = f"""
WITH {MEMBER}, daily AS (
    SELECT w.bits, p.bought_on AS day, p.currency, sum(p.amount) AS amount, count(*) AS lines,
           count(*) FILTER (WHERE p.amount >= 0) AS n
      FROM clientgroups_purchase p JOIN always w ON w.client_id = p.client_id
     WHERE p.bought_on = ANY(%(days)s)
     GROUP BY 1, 2, 3
     UNION ALL
    SELECT m.bit, p.bought_on, p.currency, sum(p.amount), count(*),
           count(*) FILTER (WHERE p.amount >= 0)
      FROM member m JOIN clientgroups_purchase p ON p.client_id = m.client_id
     WHERE NOT m.always AND p.bought_on = ANY(%(days)s)
       AND p.bought_on >= m.valid_from AND (m.valid_to IS NULL OR p.bought_on < m.valid_to)
     GROUP BY 1, 2, 3
)
SELECT bits, day, currency, {{worth}} AS worth, lines, n FROM daily ORDER BY day, currency
"""  # noqa: S608


@dataclass(frozen=True)
class ValueFigures:
    retention: Retention
    growth: Growth


class ReadLedger(Ledger):
    """A ledger of rows that were read together with those of other groups."""

    def __init__(self, rows: list[tuple]):
        self.rows = rows


def value_figures(groups: list[ClientGroup], today: dt.date) -> list[ValueFigures]:
    """Retention over the last twelve full months, and sales of the last full quarter.

    Four statements for any number of groups.
    """
    months = [period for period in periods("month", today, 13) if not period.partial][-12:]
    quarter = [period for period in periods("quarter", today, 2) if not period.partial][-1]
    kept = _retentions(groups, months[0].start, months[-1].end)
    return [ValueFigures(*pair) for pair in zip(kept, _growths(groups, quarter), strict=True)]


def _retentions(groups, start, end):
    months = value_policy().active_months
    names = {"groups": [group.pk for group in groups], "last": end}
    bounds = {"before": months_before(start - DAY, months), "again": months_before(end, months)}
    patterns = rows_of(KEPT, {**names, **bounds, "first": start - DAY})
    repeats = rows_of(REPEATS, {**names, "first": start})
    return [
        Retention(
            start,
            end,
            months,
            sum(n for began, _stayed, was, _still, n in patterns if was and began & bit),
            sum(n for began, _stayed, was, still, n in patterns if was and still and began & bit),
            sum(
                n
                for began, stayed, was, still, n in patterns
                if still and stayed & bit and not (was and began & bit)
            ),
            sum(n for bits, n, _again in repeats if bits & bit),
            sum(again for bits, _n, again in repeats if bits & bit),
        )
        for bit in _bits(groups)
    ]


def _growths(groups, quarter: Period):
    spans = [quarter, previous(quarter), year_before(quarter)]
    first = min(span.start for span in spans)
    names = {
        "groups": [group.pk for group in groups],
        "first": first,
        "last": quarter.end,
        "days": [span.start + n * DAY for span in spans for n in range(days_in(span))],
    }
    worth = in_base_sql("daily.amount", "daily.currency", "daily.day")
    rows = rows_of(SALES.format(worth=worth), names)
    return [
        ReadLedger([row[1:] for row in rows if row[0] & bit]).growth(quarter)
        for bit in _bits(groups)
    ]


def days_in(span: Period) -> int:
    return (span.end - span.start).days + 1


def _bits(groups):
    return [1 << place for place in range(len(groups))]
