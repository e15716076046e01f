"""Client list and type-ahead at 200,000 clients, asked by one person at a time.

python -m bench.bench_clients [CLIENTS] [SECONDS PER CELL]

Three people ask: an administrator, a lead of half of the clients, and a lead of sixty. Each cell
asks its addresses in turns over one connection; `hits` are the lines of the last answer.
"""

import itertools
import sys
import time
from urllib.parse import quote

from bench import database, servers
from bench.client import Request, measure

CLIENTS, SECONDS = 200_000, 4
LIST_AIM, FIND_AIM, QUERIES_AIM = 150, 80, 12
HEADINGS = f"{'what':<34}{'who':<12}{'p50 ms':>8}{'p95 ms':>8}{'aim':>6}{'queries':>9}{'kB':>7}"

MAKE_CLIENTS = """
INSERT INTO clientgroups_client (name, kind, external_id, owner_id, country, city, industry, stage,
    purchase_count, first_purchase_on, last_purchase_on, health, health_as_of, last_touch_on,
    custom, stage_follows_today, stage_reason, created_at)
SELECT CASE WHEN n %% 3 = 0
    THEN (ARRAY['云栖','海港','东方','华夏','金桥','长江'])[1 + n / 3 %% 6]
      || (ARRAY['书店','食品','贸易','科技','物流'])[1 + n / 18 %% 5] || n || '有限公司'
    ELSE (ARRAY['Larkfield','Harbour','Northwind','Bluebird','Clearwater'])[1 + n %% 5] || ' '
      || (ARRAY['Foods','Trading','School','Clinic','Logistics'])[1 + n / 5 %% 5] || ' ' || n END,
  CASE WHEN n %% 4 = 0 THEN 'person' ELSE 'organisation' END, 'N' || lpad(n::text, 7, '0'),
  %(owner)s, (ARRAY['China','Germany','France','Japan',''])[1 + n %% 5], 'City ' || n %% 300,
  'Industry ' || n %% 20, (ARRAY['potential','existing','loyal','lapsed'])[1 + n %% 4], n %% 9,
  CURRENT_DATE - n %% 900, CURRENT_DATE - n %% 400,
  CASE WHEN n %% 7 > 0 THEN n %% 101 END, CURRENT_DATE, CURRENT_DATE - n %% 200,
  jsonb_build_object('size_class', chr(65 + n %% 4), 'employees', n %% 500), TRUE, '', now()
  FROM generate_series(1, %(clients)s) n
"""
MAKE_CONTACTS = """
INSERT INTO clientgroups_contact (client_id, name, email, phone, language, job_title, time_zone,
    preferred_channel, email_consent, phone_consent, chat_consent, post_consent, external_id,
    is_active, created_at)
SELECT id, CASE WHEN id %% 3 = 0
    THEN (ARRAY['王','李','张','陈'])[1 + id %% 4] || (ARRAY['伟','芳','敏','静'])[1 + id / 4 %% 4]
    ELSE (ARRAY['Mia','Tom','Ana','Omar','Sara'])[1 + id %% 5] || ' '
      || (ARRAY['Smith','Berg','Costa','Nair'])[1 + id / 5 %% 4] END,
  'c' || id || '@example.org', '+86 13' || id %% 10 || ' ' || lpad((id * 7919 %% 100000000)::text, 8, '0'),
  'en', '', '', '', TRUE, FALSE, FALSE, FALSE, '', TRUE, now()
  FROM clientgroups_client WHERE %(clients)s > 0
"""  # noqa: E501
TAG = """
INSERT INTO clientgroups_client_tags (client_id, tag_id)
SELECT id, %s FROM clientgroups_client WHERE id %% 30 = %s
"""
JOIN = """
INSERT INTO clientgroups_membership (client_group_id, client_id, valid_from, began_because,
    ended_because)
SELECT %s, id, CURRENT_DATE, '', '' FROM clientgroups_client WHERE id %% %s = 0
"""
LISTS = {
    "list": [""],
    "list, later pages": ["?page=40", "?page=200"],
    "list by stage": ["?stage=loyal", "?stage=lapsed&page=3"],
    "list, sorted by health or day": ["?sort=-health", "?sort=last_purchase_on"],
    "list by tag, owner, kind": ["?tag=tag+3", "?tag=tag+3&kind=person", "?kind=person"],
    "list by health band or country": ["?health=poor", "?country=Germany", "?health=none"],
    "list by own field": ["?custom_size_class=B", "?custom_employees=77"],
    "list by group": ["?group={group}"],
    "list by words": ["?q=harbour+foods", "?q=海港", "?q=王伟", "?q=N0012345", "?q=zzz"],
}  # fmt: skip
FINDS = {
    "type-ahead, name": ["la", "lark", "larkfield", "harbour foods", "harbour foods 1", "zzzz"],
    "type-ahead, Chinese": ["海", "海港", "海港食品", "王伟", "李芳", "物流"],
    "type-ahead, number": ["n0", "N0012345", "n00123"],
    "type-ahead, contact": ["mia", "mia smith", "c12345@", "c12345@example.org"],
    "type-ahead, phone": ["138", "1380", "+86 138", "13512345678"],
}


def out(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def seed(clients):
    from django.db import connection  # noqa: PLC0415 - models exist only after django.setup()

    from accounts.models import User  # noqa: PLC0415
    from clientgroups.models import ClientGroup, CustomField, GroupAccess, Tag  # noqa: PLC0415

    owner = User.objects.create(email="admin@example.org", name="Admin", role="admin")
    people = {"administrator": owner}
    CustomField.objects.create(key="size_class", label="Size", kind="choice", choices=list("ABCD"))
    CustomField.objects.create(key="employees", label="Employees", kind="number")
    groups = {}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(MAKE_CLIENTS, {"clients": clients, "owner": owner.pk})
        cursor.execute(MAKE_CONTACTS, {"clients": clients})
        for number in range(30):
            cursor.execute(TAG, [Tag.objects.create(name=f"tag {number}").pk, number])
        for who, every in (("lead, half", 2), ("lead, 60", max(1, clients // 60))):
            user = User.objects.create(email=f"{every}@example.org", name=who)
            group = ClientGroup.objects.create(name=who, owner=owner)
            GroupAccess.objects.create(client_group=group, user=user, role="lead")
            cursor.execute(JOIN, [group.pk, every])
            people[who], groups[who] = user, group
    groups["administrator"] = groups["lead, half"]
    database.analyse()
    return people, groups


def cell(server, name, who, paths, cookie, queries, aim, seconds):
    """One line: the addresses of a kind in turns, after each was asked once."""
    turns = itertools.cycle(paths)
    make = lambda n: Request(next(turns), headers={"Cookie": cookie})  # noqa: E731
    good = lambda status, body: status == 200  # noqa: E731
    measure(server.address, make, good, 1, 0.5)
    found = measure(server.address, make, good, 1, seconds)
    p50, p95 = found.percentile(0.5) or 0, found.percentile(0.95) or 0
    line = f"{name:<34}{who:<12}{p50:>8.1f}{p95:>8.1f}{aim:>6}{queries!s:>9}"
    errors = f"  {found.errors} {found.note}" if found.errors else ""
    out(f"{line}{found.size / 1024:>7.1f}{errors}")


def pairs(people):
    """Look-alikes of everybody, as the page asks for them."""
    from clientgroups.selectors.duplicates import duplicate_pairs  # noqa: PLC0415

    for who, user in people.items():
        started = time.perf_counter()
        number = len(duplicate_pairs(user))
        took = (time.perf_counter() - started) * 1000
        out(f"{'look-alikes of all':<34}{who:<12}{took:>8.0f} ms, {number} pairs")


def main():
    clients = int(sys.argv[1]) if len(sys.argv) > 1 else CLIENTS
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    database.prepare_environment()
    with database.fresh():
        from bench import seeding  # noqa: PLC0415

        people, groups = seed(clients)
        out(f"{clients} clients")
        out(HEADINGS)
        with servers.running("granian", "config.wsgi:application", "/healthz") as server:
            for who, user in people.items():
                cookie, probe = seeding.session_cookie(user), seeding.QueryCounter(user)
                for name, queries in LISTS.items():
                    paths = [
                        quote(f"/clients/{each.format(group=groups[who].pk)}", safe="/?=&+")
                        for each in queries
                    ]
                    number = max(probe.get(path) for path in paths)
                    cell(server, name, who, paths, cookie, number, LIST_AIM, seconds)
                for name, texts in FINDS.items():
                    paths = [f"/clients/find/?options=1&q={quote(text)}" for text in texts]
                    number = max(probe.get(path) for path in paths)
                    cell(server, name, who, paths, cookie, number, FIND_AIM, seconds)
            out(f"{'server':<34}{server.memory_mib()} MiB")
        pairs(people)


if __name__ == "__main__":
    main()
