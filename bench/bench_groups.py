"""Work out 50 groups by rule beside the bare SELECTs of their rules, and only what changed.

python -m bench.bench_groups [CLIENTS] [PURCHASES]             default: 200000 2000000

At full size it takes some nine minutes: writing the rows, the first fill of three million
memberships, then three sweeps of all groups, each beside the bare SELECTs before it.
"""

import datetime as dt
import resource
import sys
import time

from bench import database

GROUPS = 50
CLIENTS = """
INSERT INTO clientgroups_client (name, kind, external_id, owner_id, industry, city, region, country,
  custom, stage, stage_follows_today, stage_reason, purchase_count, created_at, last_touch_on,
  engagement, health)
SELECT 'Client ' || n, CASE WHEN n %% 3 = 0 THEN 'person' ELSE 'organisation' END, 'B' || n,
  %(owner)s, (ARRAY['Retail', 'Harbour', 'School', 'Clinic', ''])[1 + n %% 5],
  (ARRAY['Lyon', 'Tianjin', 'Porto', '南京', 'Gdynia', ''])[1 + n %% 6], '',
  (ARRAY['France', 'China', 'Portugal', 'Poland'])[1 + n %% 4],
  CASE WHEN n %% 2 = 0 THEN jsonb_build_object('budget', n %% 1000, 'segment', 'A' || n %% 7)
       ELSE '{}' END,
  (ARRAY['potential', 'existing', 'loyal', 'lapsed'])[1 + n %% 4], true, '', 0,
  now() - make_interval(days => n %% 900), %(today)s::date - n %% 200,
  n %% 100, n %% 101
FROM generate_series(1, %(count)s) n
"""
PURCHASES = """
INSERT INTO clientgroups_purchase (client_id, bought_on, amount, currency, product, external_id)
SELECT client, %(today)s::date - (random() * random() * 1100)::int,
  CASE WHEN random() < 0.03 THEN -20 ELSE round((random() * 900 + 5)::numeric, 2) END,
  CASE WHEN random() < 0.1 THEN 'EUR' ELSE 'CNY' END,
  (ARRAY['Disc', 'Anchor', 'Tea 500 g', 'Rope', 'Course', 'Filter'])[1 + n %% 6], 'P' || n
FROM (SELECT n, %(first)s + ((random() ^ 2) * (%(count)s - 1))::int AS client
        FROM generate_series(%(from)s, %(to)s) n) x
"""
FIGURES = """
UPDATE clientgroups_client c SET purchase_count = f.n, first_purchase_on = f.first,
  last_purchase_on = f.last
FROM (SELECT client_id, count(*) FILTER (WHERE amount >= 0) AS n,
        min(bought_on) FILTER (WHERE amount >= 0) AS first,
        max(bought_on) FILTER (WHERE amount >= 0) AS last
      FROM clientgroups_purchase GROUP BY client_id) f
WHERE f.client_id = c.id
"""
CONTACTS = """
INSERT INTO clientgroups_contact (client_id, name, email, phone, language, job_title, time_zone,
  preferred_channel, email_consent, phone_consent, chat_consent, post_consent, external_id,
  is_active, created_at)
SELECT id, name, 'c' || id || '@example.org', '',
  CASE WHEN id %% 2 = 0 THEN 'en' ELSE 'zh-hans' END,
  '', '', '', id %% 5 > 0, false, false, false, '', true, now()
FROM clientgroups_client
"""
TAGGED = """
INSERT INTO clientgroups_client_tags (client_id, tag_id)
SELECT c.id, t.id FROM clientgroups_client c JOIN clientgroups_tag t ON (c.id + t.id) %% 10 = 0
"""
CHANGED = """
UPDATE clientgroups_client SET stage = CASE stage WHEN 'loyal' THEN 'lapsed' ELSE 'loyal' END
 WHERE id %% 100 = %s
"""


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def timed(work):
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def seed(clients, purchases, today):
    """Clients with contacts, tags and own fields, and three years of purchases."""
    from django.db import connection  # noqa: PLC0415 - the address is only known now

    from accounts.models import User  # noqa: PLC0415
    from clientgroups.models import Client, CustomField, ExchangeRate, Tag  # noqa: PLC0415

    owner = User.objects.create(email="bench@example.org", name="Bench", is_superuser=True)
    Tag.objects.bulk_create(Tag(name=f"Tag {n}") for n in range(10))
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    CustomField.objects.create(key="segment", label="Segment", kind="text")
    ExchangeRate.objects.create(
        currency="EUR", base="CNY", valid_from=today - dt.timedelta(days=2000), rate=8
    )
    values = {"owner": owner.pk, "today": today, "count": clients}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(CLIENTS, values)
        first = Client.objects.order_by("pk").values_list("pk", flat=True)[0]
        for start in range(1, purchases + 1, 500_000):
            end = min(start + 499_999, purchases)
            cursor.execute(PURCHASES, values | {"first": first, "from": start, "to": end})
        for statement in (FIGURES, CONTACTS, TAGGED):
            cursor.execute(statement % ())
    database.analyse()
    return owner


def last(n, unit="months"):
    return {"n": n, "unit": unit}


def leaf(field, op, value=None, **more):
    return {"field": field, "op": op} | ({} if value is None else {"value": value}) | more


def every(*rules, op="and"):
    return {"op": op, "rules": list(rules)}


def rules(tags, groups):
    """Fifty rules of the sorts that people write; `groups` are there when half of them exist."""
    stages, months = ["potential", "existing", "loyal", "lapsed"], (1, 3, 6, 12)
    found = [every(leaf("stage", "is", stage)) for stage in stages]
    found += [every(leaf("country", "is", name)) for name in ("France", "China")]
    found += [every(leaf("city", "one_of", ["Lyon", "南京"]), leaf("industry", "is", "Retail"))]
    found += [every(leaf("tags", "any_of", [tag])) for tag in tags[:3]]
    found += [every(leaf("last_purchase", "within", last(n))) for n in months]
    found += [
        every(leaf("last_purchase", "older", last(n)), leaf("stage", "is", "loyal")) for n in months
    ]
    found += [every(leaf("purchase_count", "gte", str(n), within=last(12))) for n in (2, 4, 8)]
    found += [every(leaf("purchase_sum", "gte", "2000", within=last(n))) for n in months]
    found += [every(leaf("purchase_sum", "gte", "5000", currency="CNY"))]
    found += [every(leaf("purchase_average", "gte", str(n))) for n in (300, 500)]
    found += [every(leaf("purchase_biggest", "gte", "850", within=last(2, "years")))]
    found += [every(leaf("purchase_products", "gte", "5"))]
    found += [every(leaf("product", "contains", name, within=last(6))) for name in ("tea", "rope")]
    found += [every(leaf("custom:budget", "between", {"low": "100", "high": "400"}))]
    found += [every(leaf("custom:segment", "is", "A3"), leaf("kind", "is", "person"))]
    found += [every(leaf("has_email", "is", value=True), leaf("language", "is", "zh-hans"))]
    found += [every(leaf("first_purchase", "anniversary", last(30, "days")))]
    found += [every(leaf("health", "lt", "40"), leaf("engagement", "lte", "20"))]
    silent = [
        leaf("last_touch", "within", last(60, "days")),
        leaf("last_purchase", "within", last(2)),
    ]
    for stage in stages[1:]:
        found.append(every(leaf("stage", "is", stage), every(*silent, op="not")))
    for n in (100, 400, 800):
        money = leaf("purchase_sum", "gte", str(n * 10), within={"period": "this_year"})
        often = leaf("purchase_count", "gte", "3", within=last(6))
        found.append(every(every(money, often, op="or"), leaf("country", "is_not", "Poland")))
    found += [
        every(leaf("group", "is", pk), leaf("kind", "is", "organisation")) for pk in groups[:6]
    ]
    found += [every(leaf("name", "contains", "77")), every(leaf("days_in_stage", "gte", "300"))]
    return (found * 2)[:GROUPS]


def create(owner):
    from clientgroups.models import ClientGroup, Tag  # noqa: PLC0415

    tags, made = list(Tag.objects.values_list("pk", flat=True)), []
    for number in range(GROUPS):
        rule = rules(tags, [group.pk for group in made])[number] if number else rules(tags, [])[0]
        made.append(
            ClientGroup.objects.create(
                name=f"Group {number}", kind="dynamic", rule=rule, owner=owner
            )
        )
    return made


def bare(groups, today):
    """Seconds that the SELECTs of the rules take by themselves, and how many clients they find."""
    from django.db import connection  # noqa: PLC0415

    from clientgroups.selectors.rules import matching  # noqa: PLC0415

    total, found = 0.0, 0
    with connection.cursor() as cursor:
        for group in groups:
            query = matching(group.rule, owner=group.owner, today=today).values("id").query
            sql, params = query.sql_with_params()
            started = time.perf_counter()
            counted = f"SELECT count(*) FROM ({sql}) found"  # noqa: S608 - our own statement
            cursor.execute(counted, params)
            total += time.perf_counter() - started
            found += cursor.fetchone()[0]
    return total, found


def sweep():
    from clientgroups.models import ClientGroup  # noqa: PLC0415
    from clientgroups.services.refresh import sweep_groups  # noqa: PLC0415

    ClientGroup.objects.update(refreshed_at=None)
    return sweep_groups()


def change(remainder):
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(CHANGED, [remainder])
        return cursor.rowcount


def few(number):
    from clientgroups.models import Client  # noqa: PLC0415
    from clientgroups.services.marks import mark_clients_dirty  # noqa: PLC0415
    from clientgroups.services.refresh import sweep_groups  # noqa: PLC0415

    mark_clients_dirty(Client.objects.order_by("pk").values_list("pk", flat=True)[:number])
    return sweep_groups()


def measure(groups, today):
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    seconds, _done = timed(sweep)
    say(f"   first fill of {GROUPS} groups              {seconds:8.2f} s")
    database.analyse()
    for label, before in (("nothing changed", None), ("1 % of clients changed", 3), ("again", 7)):
        if before is not None:
            change(before)
        plain, found = bare(groups, today)
        seconds, done = timed(sweep)
        say(
            f"   all {done} groups, {label:24} {seconds:8.2f} s   bare SELECTs {plain:6.2f} s"
            f"   ratio {seconds / plain:5.2f}   ({found:,} memberships)"
        )
    for number in (1, 100, 2000):
        seconds, _done = timed(lambda number=number: few(number))
        say(f"   {number:5} changed clients, all groups     {seconds:8.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"   memory of the worker, highest        {peak:8.0f} MiB")


def main():
    database.prepare_environment()
    clients = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    purchases = int(sys.argv[2]) if len(sys.argv) > 2 else clients * 10
    with database.fresh():
        today = dt.datetime.now(dt.UTC).date()
        seconds, owner = timed(lambda: seed(clients, purchases, today))
        say(f"   {clients:,} clients, {purchases:,} purchases written in {seconds:.0f} s")
        measure(create(owner), today)


if __name__ == "__main__":
    main()
