"""The nightly run of engagement and health over 200,000 clients, and what a page waits for.

python -m bench.bench_touches [CLIENTS [PURCHASES]]        default: 200000 2000000

Beside the run stands the bare SQL that only reads the two figures it is made of: the decayed sum
of all events, and the purchase days of each client.
"""

import datetime as dt
import statistics
import sys
import time
from pathlib import Path

from bench import database

CLIENTS, PURCHASES = 200_000, 2_000_000
GROUPS, PER_CLIENT = 50, 3
DAY = dt.date(2026, 11, 23)

FILL = (
    """
INSERT INTO clientgroups_client (name, kind, external_id, owner_id, stage, stage_follows_today,
  stage_reason, purchase_count, created_at)
SELECT 'Client ' || md5(i::text), 'organisation', 'N' || i, %(owner)s,
  (ARRAY['potential', 'existing', 'loyal', 'lapsed'])[1 + i %% 4], TRUE, '', 0, now()
FROM generate_series(1, %(clients)s) i
""",
    """
INSERT INTO clientgroups_purchase (client_id, bought_on, amount, currency, product, external_id)
SELECT f.first + floor(power(random(), 1.7) * %(clients)s)::int,
  %(day)s::date - (power(random(), 0.7) * 1500)::int, 10, 'CNY', 'Item', 'P' || i
FROM generate_series(1, %(purchases)s) i, (SELECT min(id) AS first FROM clientgroups_client) f
""",
    """
INSERT INTO clientgroups_interaction (client_id, kind, direction, happened_at, summary, text,
  by_id, follow_up_note, submission_key, created_at)
SELECT f.first + floor(random() * %(clients)s)::int,
  (ARRAY['call', 'email', 'visit', 'chat', 'meeting', 'note'])[1 + i %% 6], 'out',
  %(day)s::date - random() * interval '700 days', 'Asked how it goes', '', %(owner)s, '',
  gen_random_uuid(), now()
FROM generate_series(1, %(clients)s * 3) i, (SELECT min(id) AS first FROM clientgroups_client) f
""",
    """
INSERT INTO clientgroups_servicerequest (client_id, type_id, priority, status, source, subject,
  text, opened_at, resolved_at, resolution_due_at, paused_minutes, outcome, token, rating, rated_at,
  rating_text, submission_key)
SELECT f.first + floor(random() * %(clients)s)::int, t.id, 'normal',
  CASE WHEN i %% 5 = 0 THEN 'open' ELSE 'closed' END, 'phone', 'Where is it', '', at,
  CASE WHEN i %% 5 > 0 THEN at + interval '1 day' END, at + interval '2 days', 0, '',
  'token' || i, CASE WHEN i %% 5 > 2 THEN 1 + i %% 4 END, at + interval '2 days', '',
  gen_random_uuid()
FROM (SELECT i, %(day)s::date - random() * interval '400 days' AS at
        FROM generate_series(1, %(clients)s / 2) i) x,
  (SELECT min(id) AS id FROM clientgroups_requesttype) t,
  (SELECT min(id) AS first FROM clientgroups_client) f
""",
    """
INSERT INTO clientgroups_membership (client_group_id, client_id, valid_from, began_because,
  ended_because)
SELECT g.first + (c.id + k) %% %(groups)s, c.id, DATE '2025-01-01', '', ''
FROM clientgroups_client c, generate_series(1, 2) k,
  (SELECT min(id) AS first FROM clientgroups_clientgroup) g
""",
    """
INSERT INTO clientgroups_touchplan (client_group_id, stage, every_days, kind, note, begins_on)
SELECT g.id, s, CASE s WHEN '' THEN 90 ELSE 45 END, '', '', DATE '2025-01-01'
FROM clientgroups_clientgroup g, unnest(ARRAY['', 'loyal']) s
""",
    """
INSERT INTO clientgroups_contact (client_id, name, email, phone, language, job_title, time_zone,
  preferred_channel, email_consent, phone_consent, chat_consent, post_consent, external_id,
  is_active, created_at)
SELECT id, 'Anna', '', '', 'en', '', '', '', TRUE, FALSE, FALSE, FALSE, '', TRUE, now()
FROM clientgroups_client
""",
)
# Only read, nothing written, with the weights of the policy's defaults.
BARE = (
    """
SELECT count(*) FROM (
  SELECT client_id, sum(weight * power(0.5::float8, least((%(day)s - day) / 90.0, 1000)))
  FROM (SELECT client_id, (happened_at AT TIME ZONE 'UTC')::date AS day,
          CASE kind WHEN 'call' THEN 3 WHEN 'visit' THEN 6 WHEN 'meeting' THEN 5 ELSE 1 END weight
        FROM clientgroups_interaction WHERE kind <> 'note'
        UNION ALL SELECT client_id, bought_on, 4 FROM clientgroups_purchase WHERE amount >= 0
        UNION ALL SELECT client_id, (opened_at AT TIME ZONE 'UTC')::date, 2
        FROM clientgroups_servicerequest) e
  WHERE day <= %(day)s GROUP BY client_id OFFSET 0) x
""",
    """
SELECT count(*) FROM (
  SELECT client_id, count(DISTINCT bought_on), min(bought_on), max(bought_on)
  FROM clientgroups_purchase WHERE amount >= 0 AND bought_on <= %(day)s GROUP BY 1 OFFSET 0) x
""",
)


def out(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def timed(call):
    started = time.perf_counter()
    found = call()
    return time.perf_counter() - started, found


def peak_megabytes():
    """Most memory this process ever held; getrusage would count its parent's as well."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def milliseconds(calls):
    taken = sorted(timed(call)[0] * 1000 for call in calls)
    return f"p50 {statistics.median(taken):6.1f} ms, p95 {taken[int(len(taken) * 0.95)]:6.1f} ms"


def fill(cursor, clients, purchases):
    from accounts.models import User  # noqa: PLC0415 - Django is set up by now
    from clientgroups.models import ClientGroup  # noqa: PLC0415

    user = User.objects.create(email="bench@example.org", name="Bench", role="admin")
    ClientGroup.objects.bulk_create(
        ClientGroup(name=f"Group {n}", owner=user) for n in range(GROUPS)
    )
    names = {"owner": user.pk, "clients": clients, "purchases": purchases, "day": DAY}
    for statement in FILL:
        cursor.execute(statement, names | {"groups": GROUPS})
    cursor.execute("VACUUM ANALYZE")
    return user


def nights(cursor):
    from clientgroups.services.health import score_health  # noqa: PLC0415 - Django is set up

    def bare():
        for statement in BARE:
            cursor.execute(statement, {"day": DAY})

    bare()
    plain = min(timed(bare)[0] for _ in range(2))
    out(f"  bare SQL of both figures, nothing written    {plain:6.2f} s")
    for name, days in (("first night", 0), ("second night", 1), ("third night", 2)):
        took, rows = timed(lambda days=days: score_health(as_of=DAY + dt.timedelta(days=days)))
        out(f"  {name:<14}{rows:>9,} clients written         {took:6.2f} s  {took / plain:4.1f}×")
        cursor.execute("VACUUM ANALYZE clientgroups_client")
    took, rows = timed(lambda: score_health(as_of=DAY + dt.timedelta(days=2)))
    out(f"  the same night again: {rows} clients              {took:6.3f} s")


def pages(user):
    from clientgroups.models import Client, ClientGroup, GroupAccess  # noqa: PLC0415
    from clientgroups.selectors.timeline_page import read_timeline  # noqa: PLC0415
    from clientgroups.selectors.touches import DueTouches, Wanted  # noqa: PLC0415
    from clientgroups.services.health import rescore  # noqa: PLC0415

    keys = list(Client.objects.order_by("pk").values_list("pk", flat=True)[:2000:20])
    out(
        "  one client changed      "
        + milliseconds([lambda k=k: rescore(clients=[k]) for k in keys])
    )
    rows = Client.objects.in_bulk(keys).values()
    read = [lambda c=c: read_timeline(c, user) for c in rows]
    out("  a page of a timeline    " + milliseconds(read))
    member = type(user).objects.create(email="member@example.org", name="Member")
    GroupAccess.objects.create(client_group=ClientGroup.objects.first(), user=member, role="member")
    for name, person in (("member of a group", member), ("administrator", user)):

        def page(person=person):
            due = DueTouches(person, DAY, Wanted())
            return due.count(), due[0:50]

        page()
        number, _rows = page()
        out(f"  overdue list, {name:<18} {milliseconds([page] * 8)}  ({number:,} overdue)")


def main():
    database.prepare_environment()
    sizes = [int(text) for text in sys.argv[1:3]]
    clients, purchases = [*sizes, *(CLIENTS, PURCHASES)[len(sizes) :]]
    with database.fresh():
        from django.db import connection  # noqa: PLC0415 - Django is set up by now

        cursor = connection.cursor()
        cursor.execute("SET statement_timeout = 0")
        user = fill(cursor, clients, purchases)
        out(f"{clients:,} clients, {purchases:,} purchases, {clients * PER_CLIENT:,} interactions")
        idle = peak_megabytes()
        nights(cursor)
        pages(user)
        out(f"  peak memory {peak_megabytes()} MiB (idle {idle}, aim <= 300)")


if __name__ == "__main__":
    main()
