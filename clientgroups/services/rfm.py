"""Keeping the RFM scores of all clients: one statement a night, and whenever figures changed."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from clientgroups.models import ValuePolicy
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.rfm import SCORING, Method
from clientgroups.services.database import be_patient
from clientgroups.services.marks import mark_dynamic_groups_stale

# Two runs at once would both insert; the second waits for the first. "tandemrf" as a number.
LOCK = 0x74616E64656D7266
# A table of its own, because only statements that read may use several processors.
SCORE = f"CREATE TEMP TABLE scored ON COMMIT DROP AS WITH {SCORING} SELECT * FROM scored"  # noqa: S608
# A row is written when more than the passing of days changed: its recency is as of its own day, and
# that the scores of all rows hold today stands once in the policy.
# All parts see the table as it was before the statement, so `old` is what stood there.
STORE = """
WITH old AS (
    SELECT client_id, segment FROM clientgroups_rfmscore
), changed AS (
    UPDATE clientgroups_rfmscore x
       SET as_of = %(as_of)s, recency = s.recency, frequency = s.frequency, monetary = s.monetary,
           currency = %(currency)s, r = s.r, f = s.f, m = s.m, segment = s.segment
      FROM scored s
     WHERE x.client_id = s.client_id
       AND (x.recency + (%(as_of)s::date - x.as_of), x.frequency, x.monetary, x.currency,
            x.r, x.f, x.m, x.segment)
           IS DISTINCT FROM (s.recency, s.frequency::int, s.monetary, %(currency)s,
                             s.r::int, s.f::int, s.m::int, s.segment)
    RETURNING 1
), added AS (
    INSERT INTO clientgroups_rfmscore
           (client_id, as_of, recency, frequency, monetary, currency, r, f, m, segment)
    SELECT s.client_id, %(as_of)s, s.recency, s.frequency, s.monetary, %(currency)s,
           s.r, s.f, s.m, s.segment
      FROM scored s
     WHERE NOT EXISTS (SELECT 1 FROM old WHERE old.client_id = s.client_id)
    ON CONFLICT (client_id) DO NOTHING
    RETURNING 1
), gone AS (
    DELETE FROM clientgroups_rfmscore x
     WHERE NOT EXISTS (SELECT 1 FROM scored s WHERE s.client_id = x.client_id)
    RETURNING 1
), moved AS (
    INSERT INTO clientgroups_rfmchange (client_id, before, after, as_of)
    SELECT COALESCE(s.client_id, old.client_id), COALESCE(old.segment, ''),
           COALESCE(s.segment, ''), %(as_of)s
      FROM scored s FULL JOIN old ON old.client_id = s.client_id
     WHERE %(logged)s AND s.segment IS DISTINCT FROM old.segment
    RETURNING 1
)
SELECT (SELECT count(*) FROM scored), (SELECT count(*) FROM changed),
       (SELECT count(*) FROM added), (SELECT count(*) FROM gone), (SELECT count(*) FROM moved)
"""


@dataclass(frozen=True)
class Scored:
    """What one run did: clients with a score, rows written, rows of the log."""

    clients: int
    changed: int
    added: int
    gone: int
    moved: int

    @property
    def written(self) -> int:
        return self.changed + self.added + self.gone


@transaction.atomic
def score_clients(*, as_of: dt.date) -> Scored:
    """Work the RFM scores of all clients out for a day; keep them and the moves between groups.

    Running twice for a day changes nothing more. The very first run compares with nothing, so it
    logs no moves; from then on a client's first score is a move from "without a score".
    """
    be_patient()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        policy, _created = ValuePolicy.objects.select_for_update().get_or_create(pk=1)
        method = Method.of(policy, as_of)
        # Sorting and hashing a whole history in memory; the limit ends with the transaction.
        cursor.execute("SET LOCAL work_mem = '96MB'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("DROP TABLE IF EXISTS scored")
        cursor.execute(SCORE, method.names)
        cursor.execute("ANALYZE scored")
        logged = policy.scored_on is not None
        names = {"as_of": as_of, "currency": method.currency, "logged": logged}
        cursor.execute(STORE, names)
        done = Scored(*cursor.fetchone())
        cursor.execute("DROP TABLE scored")
    policy.scored_on, policy.stale_at = as_of, None
    policy.save(update_fields=["scored_on", "stale_at"])
    if done.written:
        mark_dynamic_groups_stale()
    return done


def scores_are_due(today: dt.date | None = None) -> bool:
    """Today's scores are missing, or purchases, rates or the policy changed since."""
    policy = ValuePolicy.objects.filter(pk=1).first()
    today = today or today_here()
    return policy is None or policy.scored_on != today or policy.stale_at is not None


def score_when_due(*, today: dt.date | None = None) -> Scored | None:
    """Score for today when that is due; None when it is not."""
    today = today or today_here()
    return score_clients(as_of=today) if scores_are_due(today) else None


def mark_scores_stale() -> None:
    """Have all scores worked out anew within a minute; call it where something was changed."""
    ValuePolicy.objects.get_or_create(pk=1)
    ValuePolicy.objects.filter(pk=1).update(stale_at=timezone.now())
