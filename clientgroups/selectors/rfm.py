"""RFM scores: how lately, how often and for how much a client bought, each from 1 to 5.

Method. Of the purchases in the months of the policy up to a day: recency is the number of days
since the last one, frequency the number of days with one (several lines of a day are one visit),
monetary their sum in the currency of sums, refunds taken off. A score is one plus the number of
whole fifths of the scored clients that do strictly worse: rank the clients from worst to best, give
all of a tie the rank r of its first, and the score is 1 + floor(5 (r - 1) / n). So a tie is never
torn apart, and without ties each score goes to a fifth. Fewer clients than the policy says are
scored by its fixed bounds instead: one plus the number of bounds that were reached.

Clients put away by the end of the day have no score, nor have those of whose purchases none has a
known worth; who is put away later keeps the scores of earlier days. Merged clients never have one.
"""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy

from clientgroups.models import RfmScore, ValuePolicy
from clientgroups.selectors.dates import months_before
from clientgroups.selectors.rates import BASE

SCALE = range(1, 6)
# Bounds of an installation whose policy names none, from worst to best.
RECENCY_BOUNDS = [365, 180, 90, 30]
FREQUENCY_BOUNDS = [2, 4, 8, 16]
MONETARY_BOUNDS = [1_000, 5_000, 20_000, 50_000]

# The first line that fits names the group; together they cover all 125 codes.
SEGMENTS = [
    (RfmScore.Segment.CHAMPIONS, "r >= 4 AND f >= 4 AND m >= 4"),
    (RfmScore.Segment.LOYAL, "r >= 3 AND f >= 4"),
    (RfmScore.Segment.NEW, "r >= 4 AND f = 1"),
    (RfmScore.Segment.PROMISING, "r >= 4"),
    (RfmScore.Segment.AT_RISK, "r <= 2 AND f >= 3"),
    (RfmScore.Segment.HIBERNATING, "r <= 2"),
]
NAMED = "CASE {} ELSE 'other' END".format(
    " ".join(f"WHEN {condition} THEN '{segment.value}'" for segment, condition in SEGMENTS)
)
MEANINGS = {
    RfmScore.Segment.CHAMPIONS: gettext_lazy(
        "Bought lately, often and for much: all three scores are 4 or 5."
    ),
    RfmScore.Segment.LOYAL: gettext_lazy(
        "Buy often (F 4–5) and not too long ago (R 3–5), some for less money."
    ),
    RfmScore.Segment.NEW: gettext_lazy("Bought lately (R 4–5) and hardly ever before (F 1)."),
    RfmScore.Segment.PROMISING: gettext_lazy(
        "Bought lately (R 4–5) and more than once (F 2–3): could become loyal."
    ),
    RfmScore.Segment.AT_RISK: gettext_lazy(
        "Used to buy often (F 3–5), but not for long (R 1–2): call them first."
    ),
    RfmScore.Segment.HIBERNATING: gettext_lazy(
        "Neither lately (R 1–2) nor often (F 1–2): a cheap reminder will do."
    ),
    RfmScore.Segment.OTHER: gettext_lazy("In the middle (R 3, F 1–3): watch where they go."),
}

# The worth of a purchase is looked up by a join on day and currency, which is far cheaper for
# millions of rows than a lookup for each; the table of days holds foreign currencies only.
BOUGHT = f"""
base AS MATERIALIZED (SELECT {BASE} AS code), rated AS MATERIALIZED (
    SELECT c.currency, d.day::date AS day, x.rate
      FROM (SELECT DISTINCT r.currency FROM clientgroups_exchangerate r, base
             WHERE r.base = base.code) c
     CROSS JOIN generate_series(%(first)s::timestamp, %(as_of)s::timestamp, '1 day') d(day)
     CROSS JOIN LATERAL (
           SELECT r.rate FROM clientgroups_exchangerate r, base
            WHERE r.base = base.code AND r.currency = c.currency AND r.valid_from <= d.day
            ORDER BY r.valid_from DESC LIMIT 1) x
), bought AS (
    SELECT p.client_id,
           %(as_of)s::date - max(p.bought_on) FILTER (WHERE p.amount >= 0) AS recency,
           count(DISTINCT p.bought_on) FILTER (WHERE p.amount >= 0) AS frequency,
           round(sum(CASE WHEN p.currency = (SELECT code FROM base) THEN p.amount
                          ELSE p.amount * x.rate END), 2) AS monetary
      FROM clientgroups_purchase p
      LEFT JOIN rated x ON x.currency = p.currency AND x.day = p.bought_on
     WHERE p.bought_on BETWEEN %(first)s AND %(as_of)s
     GROUP BY p.client_id
), known AS MATERIALIZED (
    SELECT b.* FROM bought b
     WHERE b.recency IS NOT NULL AND b.monetary IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM clientgroups_client c
                        WHERE c.id = b.client_id AND c.archived_at IS NOT NULL
                          AND (c.archived_at < %(until)s OR c.merged_into_id IS NOT NULL))
)"""  # noqa: S608
GIVEN = """
ranked AS (
    SELECT known.*, count(*) OVER () AS n,
           rank() OVER (ORDER BY recency DESC) AS rr,
           rank() OVER (ORDER BY frequency) AS rf,
           rank() OVER (ORDER BY monetary) AS rm
      FROM known
), given AS (
    SELECT client_id, recency, frequency, monetary,
           CASE WHEN n >= %(few)s THEN 1 + 5 * (rr - 1) / n ELSE 1 + (
               SELECT count(*) FROM unnest(%(recency_bounds)s::numeric[]) b WHERE recency <= b)
            END AS r,
           CASE WHEN n >= %(few)s THEN 1 + 5 * (rf - 1) / n ELSE 1 + (
               SELECT count(*) FROM unnest(%(frequency_bounds)s::numeric[]) b WHERE frequency >= b)
            END AS f,
           CASE WHEN n >= %(few)s THEN 1 + 5 * (rm - 1) / n ELSE 1 + (
               SELECT count(*) FROM unnest(%(monetary_bounds)s::numeric[]) b WHERE monetary >= b)
            END AS m
      FROM ranked
)"""
SCORED = f"scored AS MATERIALIZED (SELECT given.*, {NAMED} AS segment FROM given)"  # noqa: S608
# WITH items that end in `scored`: a row per client with figures, scores and group.
SCORING = f"{BOUGHT}, {GIVEN}, {SCORED}"


@dataclass(frozen=True)
class Method:
    """How the scores of a day are given: by fifths or by bounds, and from which purchases."""

    as_of: dt.date
    first: dt.date
    window_months: int
    few: int
    currency: str
    bounds: dict

    @classmethod
    def of(cls, policy: ValuePolicy, as_of: dt.date) -> "Method":
        window = months_before(as_of, policy.window_months)
        return cls(
            as_of=as_of,
            first=window + dt.timedelta(days=1),
            window_months=policy.window_months,
            few=policy.few_clients,
            currency=policy.base_currency,
            bounds={
                "recency_bounds": policy.recency_bounds or RECENCY_BOUNDS,
                "frequency_bounds": policy.frequency_bounds or FREQUENCY_BOUNDS,
                "monetary_bounds": policy.monetary_bounds or MONETARY_BOUNDS,
            },
        )

    @property
    def names(self) -> dict:
        """The parameters of SCORING."""
        midnight = dt.datetime.combine(self.as_of + dt.timedelta(days=1), dt.time.min)
        until = timezone.make_aware(midnight, timezone.get_default_timezone())
        named = {"as_of": self.as_of, "first": self.first, "until": until, "few": self.few}
        return named | self.bounds
