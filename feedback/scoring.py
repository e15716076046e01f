"""Satisfaction scores from answers: one set-based statement for any number of scores.

The rules, all in `AGGREGATE`: one observation per client and period, the latest; a client counts
for a group when it was a member on the day of the answer; a skipped question has no row at all.
`recompute` may be asked for one month of one survey or for everything: a full rebuild is the same
statement over all keys and gives the same rows.
"""

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from core import stats
from feedback.models import Metric, PeriodKind, Scope, StaleScore
from feedback.models.rollup import ALL_TIME

METRICS = tuple(Metric.values)
KINDS = (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.ALL)
# A sweep takes the marks in portions of this size: memory stays bounded after a large import.
PORTION = 100_000
# One sweep at a time: an older figure can never overwrite a newer one.
SWEEP_LOCK = 7_316_001
POINTS = range(11)

MONTH = "date_trunc('month', a.responded_on::timestamp)::date"
IN_GROUP = """a.responded_on >= m.valid_from
    AND (m.valid_to IS NULL OR a.responded_on < m.valid_to)"""

# What is asked for, in two small tables with statistics, so that PostgreSQL plans for a handful of
# keys and for all of them alike. `no` stands for (scope, scope_id, metric); numbers sort faster
# than words. `kind` is the place in KINDS.
PREPARE = """
DROP TABLE IF EXISTS pg_temp.rollup_entity, pg_temp.rollup_wanted;
CREATE TEMPORARY TABLE rollup_entity ON COMMIT DROP AS
  SELECT row_number() OVER ()::int AS no, scope, scope_id, metric, bool_or(month IS NULL) AS whole
  FROM unnest(%(scopes)s::text[], %(ids)s::bigint[], %(metrics)s::text[], %(months)s::date[])
    AS t(scope, scope_id, metric, month)
  GROUP BY scope, scope_id, metric;
CREATE TEMPORARY TABLE rollup_wanted ON COMMIT DROP AS
  SELECT DISTINCT e.no, p.kind, p.start
  FROM unnest(%(scopes)s::text[], %(ids)s::bigint[], %(metrics)s::text[], %(months)s::date[])
    AS t(scope, scope_id, metric, month)
  JOIN rollup_entity e USING (scope, scope_id, metric) CROSS JOIN LATERAL (VALUES
    (1, t.month),
    (2, date_trunc('quarter', t.month::timestamp)::date),
    (3, %(all_time)s::date)
  ) AS p(kind, start)
  WHERE t.month IS NOT NULL;
ANALYZE rollup_entity;
ANALYZE rollup_wanted;
"""

ASKED = """
asked_wave AS (
  SELECT e.no, w.id AS wave_id FROM rollup_entity e
  JOIN feedback_survey s ON s.client_group_id = e.scope_id
  JOIN feedback_wave w ON w.survey_id = s.id WHERE e.scope = 'group'
  UNION ALL SELECT e.no, w.id FROM rollup_entity e
  JOIN feedback_survey s ON s.project_id = e.scope_id
  JOIN feedback_wave w ON w.survey_id = s.id WHERE e.scope = 'project'
  UNION ALL SELECT e.no, w.id FROM rollup_entity e
  JOIN feedback_wave w ON w.survey_id = e.scope_id WHERE e.scope = 'survey'
  UNION ALL SELECT e.no, e.scope_id FROM rollup_entity e WHERE e.scope = 'wave'
),
asked_month AS (
  SELECT i.wave_id, date_trunc('month', i.sent_at AT TIME ZONE %(zone)s)::date AS month,
    count(*) AS invited, count(*) FILTER (WHERE i.state = 'answered') AS responded
  FROM feedback_invitation i
  WHERE i.wave_id IN (SELECT wave_id FROM asked_wave)
    AND i.state IN ('sent', 'answered') AND i.sent_at IS NOT NULL
  GROUP BY 1, 2
),
asked AS (
  SELECT w.no, p.kind, p.start,
    sum(n.invited)::int AS invited, sum(n.responded)::int AS responded
  FROM asked_wave w JOIN asked_month n USING (wave_id) CROSS JOIN LATERAL (VALUES
    (1, n.month),
    (2, date_trunc('quarter', n.month::timestamp)::date),
    (3, %(all_time)s::date)
  ) AS p(kind, start)
  GROUP BY 1, 2, 3
)"""

# An answer is the latest of its client in a month when the client's next answer, if there is one,
# lies in another month; the same for quarter and all time. One sort finds all three. Day and row
# number in one number make that sort cheap: 17 bits of days since 1900, 46 bits of row number.
FACTS = f"""
SELECT e.no, a.score, {MONTH} AS month, lead({MONTH}) OVER (
  PARTITION BY e.no, a.client_id
  ORDER BY ((a.responded_on - DATE '1900-01-01')::bigint << 46) | a.id
) AS next_month
FROM rollup_entity e"""  # noqa: S608 - only constants of this module are put together

FACT = f"""
fact AS (
  {FACTS}
  JOIN clientgroups_membership m ON m.client_group_id = e.scope_id
  JOIN feedback_answer a ON a.client_id = m.client_id AND a.metric = e.metric AND {IN_GROUP}
  WHERE e.scope = 'group' AND a.score IS NOT NULL
  UNION ALL {FACTS}
  JOIN feedback_survey s ON s.project_id = e.scope_id
  JOIN feedback_answer a ON a.survey_id = s.id AND a.metric = e.metric
  WHERE e.scope = 'project' AND a.score IS NOT NULL
  UNION ALL {FACTS}
  JOIN feedback_answer a ON a.survey_id = e.scope_id AND a.metric = e.metric
  WHERE e.scope = 'survey' AND a.score IS NOT NULL
  UNION ALL {FACTS}
  JOIN feedback_answer a ON a.wave_id = e.scope_id AND a.metric = e.metric
  WHERE e.scope = 'wave' AND a.score IS NOT NULL
)"""  # noqa: S608 - only constants of this module are put together

COUNTS = ", ".join(f"coalesce(sum(n) FILTER (WHERE score = {point}), 0)::int" for point in POINTS)

AGGREGATE = f"""
WITH {ASKED}, {FACT},
tally AS (
  SELECT no, month, score, count(*) AS answers,
    count(*) FILTER (WHERE next_month IS NULL OR next_month <> month) AS last_in_month,
    count(*) FILTER (WHERE next_month IS NULL OR next_month <> month
      AND date_trunc('quarter', next_month::timestamp) <> date_trunc('quarter', month::timestamp)
    ) AS last_in_quarter,
    count(*) FILTER (WHERE next_month IS NULL) AS last_of_all
  FROM fact GROUP BY no, month, score
),
scored AS (
  SELECT t.no, p.kind, p.start, sum(answers)::int AS answers, ARRAY[{COUNTS}] AS counts
  FROM tally t JOIN rollup_entity e USING (no) CROSS JOIN LATERAL (VALUES
    (1, t.month, last_in_month),
    (2, date_trunc('quarter', t.month::timestamp)::date, last_in_quarter),
    (3, %(all_time)s::date, last_of_all)
  ) AS p(kind, start, n)
  LEFT JOIN rollup_wanted w ON w.no = t.no AND w.kind = p.kind AND w.start = p.start
  WHERE e.whole OR w.no IS NOT NULL
  GROUP BY 1, 2, 3
)
SELECT e.scope, e.scope_id, e.metric, kind, start, answers, counts, invited, responded
FROM scored JOIN rollup_entity e USING (no) LEFT JOIN asked USING (no, kind, start)
"""  # noqa: S608 - only constants of this module are put together

DROP_EMPTIED = """
DELETE FROM feedback_satisfactionrollup r USING rollup_entity e
WHERE r.scope = e.scope AND r.scope_id = e.scope_id AND r.metric = e.metric
  AND (e.whole OR (e.no, array_position(%(kinds)s, r.period_kind::text), r.period_start)
    IN (SELECT no, kind, start FROM rollup_wanted))
  AND NOT EXISTS (SELECT 1 FROM unnest(%(kept)s::bigint[]) AS kept(id) WHERE kept.id = r.id)
"""

UPSERT = """
INSERT INTO feedback_satisfactionrollup (scope, scope_id, metric, period_kind, period_start,
  answers, invited, responded, n, counts, mean, score, low, high, computed_at)
SELECT scope, scope_id, metric, kind, start, answers, invited, responded, n, counts::jsonb, mean,
  score, low, high, now()
FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::date[],
  %s::int[], %s::int[], %s::int[], %s::int[], %s::text[], %s::float[], %s::float[], %s::float[],
  %s::float[]) AS t(scope, scope_id, metric, kind, start, answers, invited, responded, n, counts,
  mean, score, low, high)
ON CONFLICT (scope, scope_id, metric, period_kind, period_start) DO UPDATE SET
  answers = excluded.answers, invited = excluded.invited, responded = excluded.responded,
  n = excluded.n, counts = excluded.counts, mean = excluded.mean, score = excluded.score,
  low = excluded.low, high = excluded.high, computed_at = excluded.computed_at
RETURNING id
"""

MARK_RESPONSES = f"""
WITH changed AS (
  -- Rules of client groups may ask for the scores of these clients.
  INSERT INTO clientgroups_clientmark (client_id, marked_at)
  SELECT DISTINCT client_id, statement_timestamp() FROM feedback_response WHERE id = ANY(%s)
)
INSERT INTO feedback_stalescore (scope, scope_id, metric, month, marked_at)
SELECT DISTINCT x.scope, x.scope_id, a.metric, {MONTH}, now()
FROM feedback_answer a JOIN feedback_survey s ON s.id = a.survey_id
CROSS JOIN LATERAL (
  SELECT 'survey' AS scope, a.survey_id AS scope_id
  UNION ALL SELECT 'wave', a.wave_id WHERE a.wave_id IS NOT NULL
  UNION ALL SELECT 'project', s.project_id WHERE s.project_id IS NOT NULL
  UNION ALL SELECT 'group', m.client_group_id FROM clientgroups_membership m
    WHERE m.client_id = a.client_id AND {IN_GROUP}
) AS x
WHERE a.response_id = ANY(%s) AND a.score IS NOT NULL
"""  # noqa: S608 - only constants of this module are put together

# Every group, project, survey and wave, and whatever else still has a score.
MARK_ALL = """
INSERT INTO feedback_stalescore (scope, scope_id, metric, month, marked_at)
SELECT x.scope, x.scope_id, metric, NULL, now() FROM (
  SELECT 'group' AS scope, id AS scope_id FROM clientgroups_clientgroup
  UNION ALL SELECT 'project', id FROM projects_project
  UNION ALL SELECT 'survey', id FROM feedback_survey
  UNION ALL SELECT 'wave', id FROM feedback_wave
  UNION SELECT scope, scope_id FROM feedback_satisfactionrollup
) AS x CROSS JOIN unnest(%s::text[]) AS metric
"""

TAKE_MARKS = """
WITH gone AS (
  DELETE FROM feedback_stalescore WHERE id IN (
    SELECT id FROM feedback_stalescore ORDER BY id LIMIT %s
  ) RETURNING scope, scope_id, metric, month
)
SELECT DISTINCT scope, scope_id, metric, month FROM gone
"""


@dataclass(frozen=True)
class Touched:
    """Scores to recompute: one month (with its quarter and all time), or every period."""

    scope: str
    scope_id: int
    metric: str
    month: object = None


def figures(metric, counts):
    """n, mean, score and bounds from the number of clients per scale point, 0 to 10."""
    n = sum(counts)
    mean = sum(point * count for point, count in enumerate(counts)) / n
    if metric == Metric.NPS:
        score, low, high = stats.nps_interval(sum(counts[9:]), sum(counts[7:9]), sum(counts[:7]))
        return n, counts, mean, score, low, high
    if metric == Metric.CSAT:
        content = counts[4] + counts[5]
        low, high = stats.wilson(content, n)
        return n, counts[1:6], mean, 100 * content / n, 100 * low, 100 * high
    squares = sum(count * (point - mean) ** 2 for point, count in enumerate(counts))
    variance = squares / (n - 1) if n > 1 else None
    low, high = stats.mean_interval(n, mean, variance) or (None, None)
    return n, counts[1:8], mean, mean, low, high


def mark_responses(response_ids):
    """Mark what these responses count for; in the transaction that adds or removes them."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_RESPONSES, [list(response_ids), list(response_ids)])


def mark_stale(*, scope, scope_id, metrics=METRICS, month=None):
    """Mark the scores of one group, project, survey or wave; without a month, every period."""
    StaleScore.objects.bulk_create(
        StaleScore(
            scope=Scope(scope),
            scope_id=scope_id,
            metric=metric,
            month=month and month.replace(day=1),
            marked_at=timezone.now(),
        )
        for metric in metrics
    )


def mark_all():
    """Mark every score there is or could be."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_ALL, [list(METRICS)])


@transaction.atomic
def recompute(touched):
    """Recompute these scores from the answers; return how many rows were written.

    Keys that lost their last answer lose their row. Two calls for the same key must not run
    together; `sweep` sees to that.
    """
    touched = list(touched)
    if not touched:
        return 0
    keys = {
        "scopes": [key.scope for key in touched],
        "ids": [key.scope_id for key in touched],
        "metrics": [key.metric for key in touched],
        "months": [key.month and key.month.replace(day=1) for key in touched],
        "all_time": ALL_TIME,
        "zone": timezone.get_default_timezone_name(),
    }
    with connection.cursor() as cursor:
        # A rebuild of everything may take longer than a page may, and sorts in memory.
        cursor.execute("SET LOCAL statement_timeout = '90s'")
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(PREPARE, keys)
        cursor.execute(AGGREGATE, keys)
        kept = _write(cursor, cursor.fetchall())
        cursor.execute(DROP_EMPTIED, {"kinds": list(KINDS), "kept": kept})
    return len(kept)


def _write(cursor, rows):
    if not rows:
        return []
    lines = []
    for scope, scope_id, metric, kind, start, answers, points, invited, responded in rows:
        n, counts, mean, score, low, high = figures(metric, points)
        lines.append(
            (scope, scope_id, metric, KINDS[kind - 1], start, answers, invited, responded)
            + (n, str(counts), mean, score, low, high)
        )
    cursor.execute(UPSERT, [list(column) for column in zip(*lines, strict=True)])
    return [pk for (pk,) in cursor.fetchall()]


def take_marks(limit=PORTION):
    """Take marks away and return what they touch, or None when another sweep is at work.

    To be called in the transaction that recomputes: a failure puts the marks back. Answers and
    marks are committed together, so whatever mark is seen here, its answer is seen afterwards.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SWEEP_LOCK])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(TAKE_MARKS, [limit])
        return [Touched(*row) for row in cursor.fetchall()]
