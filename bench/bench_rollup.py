"""Roll up a million answers: the full rebuild beside plain SQL, and folding in new responses.

python -m bench.bench_rollup [ANSWERS]
"""

import datetime as dt
import sys
import time

from bench import database

GROUPS, CLIENTS_PER_GROUP, MONTHS = 200, 250, 12

RESPONSES = """
INSERT INTO feedback_response (id, survey_id, version_id, wave_id, client_id, mode, language,
  responded_on, submitted_at, submission_key)
SELECT r, g, g, (g - 1) * {months} + m, c, 'web', 'en',
  (DATE '2025-01-01' + make_interval(months => m - 1, days => (random() * 27)::int))::date, now(),
  gen_random_uuid()
FROM (
  SELECT r, 1 + (random() * ({groups} * {per} - 1))::int AS c, 1 + (random() * {last})::int AS m
  FROM generate_series(%(first)s, %(last)s) r
) x CROSS JOIN LATERAL (SELECT (c - 1) / {per} + 1 AS g) y
"""
ANSWERS = """
INSERT INTO feedback_answer (response_id, question_id, metric, score, text, client_id, survey_id,
  wave_id, responded_on)
SELECT r.id, 2 * r.survey_id - (k.metric = 'nps')::int, k.metric,
  CASE k.metric WHEN 'nps' THEN (random() * 10)::int ELSE 1 + (random() * 4)::int END, '',
  r.client_id, r.survey_id, r.wave_id, r.responded_on
FROM feedback_response r CROSS JOIN (VALUES ('nps'), ('csat')) k(metric)
WHERE r.id BETWEEN %(first)s AND %(last)s
"""

# What an expert would write by hand for the same figures: the latest answer per client and
# period, membership on the day, four scopes, three periods.
PLAIN = """
WITH fact AS (
  SELECT 'group' AS scope, m.client_group_id AS scope_id, a.metric, a.client_id, a.responded_on,
    a.id, a.score
  FROM feedback_answer a JOIN clientgroups_membership m ON m.client_id = a.client_id
    AND a.responded_on >= m.valid_from AND (m.valid_to IS NULL OR a.responded_on < m.valid_to)
  WHERE a.score IS NOT NULL
  UNION ALL SELECT 'survey', survey_id, metric, client_id, responded_on, id, score
  FROM feedback_answer WHERE score IS NOT NULL
  UNION ALL SELECT 'wave', wave_id, metric, client_id, responded_on, id, score
  FROM feedback_answer WHERE score IS NOT NULL
  UNION ALL SELECT 'project', s.project_id, metric, client_id, responded_on, a.id, score
  FROM feedback_answer a JOIN feedback_survey s ON s.id = a.survey_id WHERE score IS NOT NULL
), latest AS (
  SELECT DISTINCT ON (scope, scope_id, metric, kind, start, client_id)
    scope, scope_id, metric, kind, start, client_id, score
  FROM fact CROSS JOIN LATERAL (VALUES
    ('month', date_trunc('month', responded_on::timestamp)),
    ('quarter', date_trunc('quarter', responded_on::timestamp)),
    ('all', TIMESTAMP '1970-01-01')) p(kind, start)
  ORDER BY scope, scope_id, metric, kind, start, client_id, responded_on DESC, id DESC
)
SELECT scope, scope_id, metric, kind, start, count(*), avg(score), var_samp(score),
  count(*) FILTER (WHERE score >= 9), count(*) FILTER (WHERE score <= 6),
  count(*) FILTER (WHERE score BETWEEN 4 AND 5)
FROM latest GROUP BY 1, 2, 3, 4, 5
"""


def timed(call):
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def fill():
    """Groups, clients, projects, surveys and waves with the keys 1, 2, 3 …"""
    from accounts.models import User  # noqa: PLC0415
    from clientgroups.models import Client, ClientGroup, Membership  # noqa: PLC0415
    from projects.models import Project  # noqa: PLC0415

    user = User.objects.create(email="bench@example.org", name="Bench", role="admin")
    start = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    numbers, clients = range(1, GROUPS + 1), range(1, GROUPS * CLIENTS_PER_GROUP + 1)
    ClientGroup.objects.bulk_create(
        ClientGroup(pk=g, name=f"Group {g}", owner=user) for g in numbers
    )
    Client.objects.bulk_create(
        (Client(pk=c, name=f"Client {c}", owner=user) for c in clients), batch_size=5000
    )
    Membership.objects.bulk_create(
        (
            Membership(
                client_group_id=(c - 1) // CLIENTS_PER_GROUP + 1,
                client_id=c,
                valid_from=start.date(),
            )
            for c in clients
        ),
        batch_size=5000,
    )
    Project.objects.bulk_create(
        Project(pk=g, client_group_id=g, name=f"Project {g}", key=f"P{g}", lead=user)
        for g in numbers
    )
    fill_surveys(user, numbers, start)


def fill_surveys(user, numbers, start):
    """One survey, version and two questions per group, and a wave per month."""
    from feedback.models import Question, Survey, SurveyVersion, Wave  # noqa: PLC0415

    Survey.objects.bulk_create(
        Survey(pk=g, client_group_id=g, project_id=g, name=f"Survey {g}", created_by=user)
        for g in numbers
    )
    SurveyVersion.objects.bulk_create(
        SurveyVersion(pk=g, survey_id=g, number=1, published_at=start) for g in numbers
    )
    Question.objects.bulk_create(
        Question(pk=2 * g - (kind == "nps"), version_id=g, kind=kind, text_en="Well?")
        for g in numbers
        for kind in ("nps", "csat")
    )
    Wave.objects.bulk_create(
        Wave(
            pk=(g - 1) * MONTHS + month,
            survey_id=g,
            version_id=g,
            name=f"Wave {month}",
            send_at=start.replace(month=month),
            created_by=user,
        )
        for g in numbers
        for month in range(1, MONTHS + 1)
    )


def out(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main():
    answers = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    database.prepare_environment()
    with database.fresh():
        measure(answers // 2)


def measure(responses):
    # Django is set up by now; before that no model can be imported.
    from django.db import connection, transaction  # noqa: PLC0415

    from feedback import scoring  # noqa: PLC0415
    from feedback.services.scores import rebuild_scores, sweep_scores  # noqa: PLC0415

    sizes = {"groups": GROUPS, "per": CLIENTS_PER_GROUP, "months": MONTHS, "last": MONTHS - 1}
    cursor = connection.cursor()
    cursor.execute("SET statement_timeout = 0")
    fill()

    def add(first, last):
        cursor.execute(RESPONSES.format(**sizes), {"first": first, "last": last})
        cursor.execute(ANSWERS, {"first": first, "last": last})

    add(1, responses)
    cursor.execute("VACUUM ANALYZE")
    out(f"roll-up of {2 * responses:,} answers, {GROUPS} groups x {MONTHS} months, 4 scopes")

    def plain():
        with transaction.atomic(), connection.cursor() as inner:
            inner.execute("SET LOCAL work_mem = '128MB'")
            inner.execute(PLAIN)
            return len(inner.fetchall())

    for _ in range(2):
        by_hand, rows = timed(plain)
        ours, written = timed(rebuild_scores)
        out(
            f"  plain SQL {by_hand:6.2f} s ({rows:,} rows)   full rebuild {ours:6.2f} s "
            f"({written:,} scores)   ratio {ours / by_hand:.2f} (aim <= 1.5)"
        )

    first = responses + 1
    for count, aim in ((100, 1), (1_000, 1.5), (10_000, 3)):
        add(first, first + count - 1)
        with transaction.atomic():
            scoring.mark_responses(range(first, first + count))
        took, written = timed(sweep_scores)
        out(f"  fold {count:6,} new responses {took:6.2f} s ({written:,} scores, aim <= {aim} s)")
        first += count


if __name__ == "__main__":
    main()
