"""Keeping the size of every group by day, for lists and their small lines."""

import datetime as dt

from django.db import connection, transaction

from clientgroups.models import GroupSize
from clientgroups.selectors.dates import today_here
from clientgroups.services.database import be_patient

KEPT = dt.timedelta(days=800)
WEEKS = 13

# A group without a past gets one from its memberships: the last days of the weeks before.
PAST = """
INSERT INTO clientgroups_groupsize (client_group_id, day, n)
SELECT g.id, week.day, (
         SELECT count(DISTINCT m.client_id) FROM clientgroups_membership m
          WHERE m.client_group_id = g.id AND m.valid_from <= week.day
            AND (m.valid_to IS NULL OR m.valid_to > week.day))
  FROM clientgroups_clientgroup g
 CROSS JOIN LATERAL (SELECT min(m.valid_from) AS day FROM clientgroups_membership m
                      WHERE m.client_group_id = g.id) first
  JOIN (SELECT (date_trunc('week', %(today)s::date) - make_interval(days => 7 * n + 1))::date AS day
          FROM generate_series(0, %(weeks)s) n) week ON week.day >= first.day
 WHERE NOT EXISTS (SELECT 1 FROM clientgroups_groupsize s
                    WHERE s.client_group_id = g.id AND s.day < %(today)s)
ON CONFLICT (client_group_id, day) DO NOTHING
"""
TODAY = """
INSERT INTO clientgroups_groupsize (client_group_id, day, n)
SELECT id, %(today)s, member_count FROM clientgroups_clientgroup
 WHERE archived_at IS NULL AND refreshed_at IS NOT NULL
ON CONFLICT (client_group_id, day) DO UPDATE SET n = excluded.n
 WHERE clientgroups_groupsize.n <> excluded.n
"""


@transaction.atomic
def record_group_sizes(*, today: dt.date | None = None) -> int:
    """Store today's size of every group that is not put away; how many rows changed.

    The second run of a day only follows what changed since. Rows older than two years go.
    """
    be_patient()
    values = {"today": today or today_here(), "weeks": WEEKS}
    with connection.cursor() as cursor:
        cursor.execute(PAST, values)
        written = cursor.rowcount
        cursor.execute(TODAY, values)
        written += cursor.rowcount
    GroupSize.objects.filter(day__lt=values["today"] - KEPT).delete()
    return written
