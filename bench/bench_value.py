"""Lifecycle stages and RFM scores of 200,000 clients beside the bare SQL of the same windows.

python -m bench.bench_value [CLIENTS [PURCHASES]]        default: 200000 2000000

The bare SQL is what an expert would send by hand to read the same figures: purchases of the months
that count and the last one of each client, then recency, frequency by day, money by the rate of the
day, and the fifths of each. It writes nothing.
"""

import datetime as dt
import sys
import time
from pathlib import Path

from bench import database

CLIENTS, PURCHASES = 200_000, 2_000_000
DAY = dt.date(2026, 11, 23)

# Three of four clients bought before: an import derives their stages as it writes them.
FILL = """
INSERT INTO clientgroups_client (name, kind, external_id, owner_id, stage, stage_follows_today,
  stage_reason, purchase_count, created_at)
SELECT 'Client ' || md5(i::text), 'organisation', 'N' || i, %(owner)s, 'potential', TRUE, '', 0,
  now()
FROM generate_series(1, %(clients)s) i
"""
# In the order of their days, as a shop writes them: the rows of a client lie far apart.
BUY = """
INSERT INTO clientgroups_purchase (client_id, bought_on, amount, currency, product, external_id)
SELECT f.first + floor(power(x.a, 1.7) * %(clients)s)::int,
  %(day)s::date - (power(x.b, 0.7) * 1500)::int AS bought_on, round((x.c * 900 - 9)::numeric, 2),
  CASE WHEN x.d < 0.9 THEN 'CNY' WHEN x.d < 0.95 THEN 'USD' ELSE 'EUR' END, 'Item', 'P' || x.i
FROM (SELECT i, random() a, random() b, random() c, random() d
      FROM generate_series(1, %(purchases)s) i OFFSET 0) x,
  (SELECT min(id) AS first FROM clientgroups_client) f
ORDER BY bought_on
"""
RATES = """
INSERT INTO clientgroups_exchangerate (currency, base, valid_from, rate, source)
SELECT c, 'CNY', DATE '2022-01-01' + 30 * m, r, ''
FROM (VALUES ('USD', 7.1), ('EUR', 7.8)) v(c, r), generate_series(0, 59) m
"""
FIGURES = """
UPDATE clientgroups_client c SET purchase_count = f.n, first_purchase_on = f.a,
  last_purchase_on = f.b
FROM (SELECT client_id, count(*) n, min(bought_on) a, max(bought_on) b
      FROM clientgroups_purchase WHERE amount >= 0 GROUP BY 1) f
WHERE f.client_id = c.id
"""
STAGE_WINDOWS = """
SELECT client_id, count(DISTINCT bought_on) FILTER (WHERE bought_on > %(day)s - INTERVAL '1 year'),
  max(bought_on)
FROM clientgroups_purchase WHERE amount >= 0 AND bought_on <= %(day)s GROUP BY 1
"""
RFM_WINDOWS = """
WITH f AS (
  SELECT p.client_id, %(day)s - max(p.bought_on) FILTER (WHERE p.amount >= 0) AS r,
    count(DISTINCT p.bought_on) FILTER (WHERE p.amount >= 0) AS f,
    sum(CASE WHEN p.currency = 'CNY' THEN p.amount ELSE p.amount * (
      SELECT e.rate FROM clientgroups_exchangerate e
      WHERE e.base = 'CNY' AND e.currency = p.currency AND e.valid_from <= p.bought_on
      ORDER BY e.valid_from DESC LIMIT 1) END) AS m
  FROM clientgroups_purchase p
  WHERE p.bought_on > %(day)s - INTERVAL '2 years' AND p.bought_on <= %(day)s
  GROUP BY 1
)
SELECT client_id, rank() OVER (ORDER BY r DESC), rank() OVER (ORDER BY f), rank() OVER (ORDER BY m)
FROM f
"""


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


def fill(cursor, clients, purchases):
    from accounts.models import User  # noqa: PLC0415 - Django is set up by now

    owner = User.objects.create(email="bench@example.org", name="Bench", role="admin")
    names = {"owner": owner.pk, "clients": clients, "purchases": purchases, "day": DAY}
    for statement in (FILL, BUY, RATES, FIGURES):
        cursor.execute(statement, names)
    cursor.execute("VACUUM ANALYZE")


def bare(day):
    """Read in the database, as ours does: what is measured is the work, not the wire."""
    from django.db import connection, transaction  # noqa: PLC0415 - Django is set up by now

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '96MB'")
        cursor.execute("SET LOCAL jit = off")
        for windows in (STAGE_WINDOWS, RFM_WINDOWS):
            cursor.execute(f"SELECT count(*) FROM ({windows} OFFSET 0) x", {"day": day})  # noqa: S608


def measure(clients, purchases):
    from django.db import connection  # noqa: PLC0415 - Django is set up by now

    from clientgroups.services.lifecycle import derive_lifecycle  # noqa: PLC0415
    from clientgroups.services.rfm import score_clients  # noqa: PLC0415

    cursor = connection.cursor()
    cursor.execute("SET statement_timeout = 0")
    fill(cursor, clients, purchases)

    def both(name, day):
        plain = min(timed(lambda: bare(day))[0] for _ in range(2))
        took, (moved, scored) = timed(
            lambda: (derive_lifecycle(as_of=day), score_clients(as_of=day))
        )
        out(
            f"  {name}: {took:.2f} s, bare {plain:.2f} s, ratio {took / plain:.2f} (aim <= 3);"
            f" {moved:,} moves of stage, {scored.written:,} scores written, {scored.moved:,} moves"
        )

    idle = peak_megabytes()
    out(
        f"stages and scores of {clients:,} clients, {purchases:,} purchases, 10 % in two currencies"
    )
    took, moved = timed(lambda: derive_lifecycle(as_of=DAY))
    out(f"  every client moves at once: {took:.2f} s for {moved:,} rows and as many of the log")
    cursor.execute("VACUUM ANALYZE")
    both("first scores, stages from the import", DAY)
    for days in (1, 2, 3):
        both(f"night {days}", DAY + dt.timedelta(days=days))
    both("the same night again", DAY + dt.timedelta(days=3))
    out(f"  peak memory of the worker {peak_megabytes()} MiB (idle {idle}, aim <= 300)")


def main():
    sizes = [int(text) for text in sys.argv[1:3]]
    clients, purchases = sizes + [CLIENTS, PURCHASES][len(sizes) :]
    database.prepare_environment()
    with database.fresh():
        measure(clients, purchases)


if __name__ == "__main__":
    main()
