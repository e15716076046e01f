"""The list of groups, the page of a group with its panels, and the comparison, for one reader.

python -m bench.bench_group_pages [CLIENTS] [PURCHASES]        default: 200000 2000000
"""

import datetime as dt
import statistics
import sys
import time

from bench import database
from bench.bench_groups import create, say, seed, sweep

CLIENTS, PURCHASES, ROUNDS, PANEL_ROUNDS = 200_000, 2_000_000, 40, 3
PANELS = ("attention", "shape", "scores", "value", "goals", "projects", "touches", "requests")
MORE = ("activities", "findings", "people", "overlap")
# A past, so that the list draws its small lines.
PAST = """
INSERT INTO clientgroups_groupsize (client_group_id, day, n)
SELECT g.id, %(today)s::date - 7 * w, g.member_count + w * 3
  FROM clientgroups_clientgroup g, generate_series(1, 12) w
ON CONFLICT DO NOTHING
"""
SCORES = """
INSERT INTO feedback_satisfactionrollup (scope, scope_id, metric, period_kind, period_start, n,
  answers, counts, mean, score, low, high, computed_at)
SELECT 'group', g.id, 'csat', 'quarter', date_trunc('quarter', %(today)s::date)::date, 100, 100,
  '[5, 5, 10, 40, 40]', 4.05, 80, 71, 87, now()
  FROM clientgroups_clientgroup g
"""


def fill(today):
    """What else the pages read: sizes of past weeks, scores, touch plans."""
    from django.db import connection  # noqa: PLC0415 - the address is only known now

    from clientgroups.models import ClientGroup, TouchPlan  # noqa: PLC0415
    from clientgroups.services.group_sizes import record_group_sizes  # noqa: PLC0415

    record_group_sizes()
    for group in ClientGroup.objects.order_by("pk")[:5]:
        TouchPlan.objects.create(client_group=group, every_days=30)
    with connection.cursor() as cursor:
        for statement in (PAST, SCORES):
            cursor.execute(statement, {"today": today})
    database.analyse()


def browser(owner):
    from django.test import Client  # noqa: PLC0415

    client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=True)
    client.force_login(owner)
    return client


def ask(client, path, rounds, **headers):
    """(statements, median and 95th percentile in ms) of a page that is opened again and again."""
    from django.db import connection  # noqa: PLC0415

    response = client.get(path, **headers)
    if response.status_code != 200:
        raise SystemExit(f"{path} answers {response.status_code}")
    sent = []

    def count(execute, sql, *rest):
        sent.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        client.get(path, **headers)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        client.get(path, **headers)
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return len(sent), statistics.median(times), times[int(len(times) * 0.95) - 1]


def report(client, path, rounds, **headers):
    statements, median, worst = ask(client, path, rounds, **headers)
    say(f"{path:34} {statements:4} statements  median {median:7.1f} ms  p95 {worst:7.1f} ms")


def measure(owner, groups):
    client = browser(owner)
    by_size = sorted(groups, key=lambda group: group.member_count)
    middle, largest = by_size[len(by_size) // 2], by_size[-1]
    say(f"groups of {by_size[0].member_count} to {largest.member_count} clients")
    report(client, "/groups/", ROUNDS)
    for group in (middle, largest):
        say(f"a group of {group.member_count} clients")
        report(client, f"/groups/{group.pk}/", ROUNDS)
        for panel in PANELS + MORE:
            path = f"/groups/{group.pk}/{panel}/"
            report(client, path, PANEL_ROUNDS, HTTP_HX_REQUEST="true")
    for chosen in (by_size[24:26], by_size[20:25], by_size[-5:]):
        query = "&".join(f"g={group.pk}" for group in chosen)
        say(f"comparing {[group.member_count for group in chosen]}")
        report(client, f"/groups/compare/?{query}", PANEL_ROUNDS)


def main():
    clients, purchases = [int(part) for part in sys.argv[1:3]] or (CLIENTS, PURCHASES)
    today = dt.date(2026, 11, 23)
    database.prepare_environment()
    with database.fresh():
        from django.db import connection  # noqa: PLC0415

        from clientgroups.models import ClientGroup  # noqa: PLC0415

        say(f"{clients} clients, {purchases} purchases")
        owner = seed(clients, purchases, today)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        create(owner)
        sweep()
        fill(today)
        measure(owner, list(ClientGroup.objects.all()))


if __name__ == "__main__":
    main()
