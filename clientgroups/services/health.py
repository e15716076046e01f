"""Client health: worked out for all clients every night, and at once for one that changed."""

import datetime as dt

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from clientgroups.models import Client
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.engagement import changed_clients, engagement_policy
from clientgroups.selectors.health import (
    BOUGHT,
    DRIVERS,
    LEAST_DRIVERS,
    YEAR,
    bought_params,
    health_policy,
    weight_of,
)
from clientgroups.services.database import be_patient
from clientgroups.services.engagement import Scope, collect_facts, note_silence
from clientgroups.services.marks import mark_clients_dirty, mark_dynamic_groups_stale

# Keys of clients per transaction: a nightly run never holds the rows of a page for long.
PORTION = 20_000
AT_ONCE = 1000

FOUND = "SELECT '{key}', d.* FROM ({sql}) d"
HEALTH = """
CREATE TEMP TABLE care_health ON COMMIT DROP AS
WITH found (key, client_id, points, found) AS ({drivers}),
weight (key, weight) AS (VALUES {weights})
SELECT f.client_id,
       CASE WHEN count(*) >= {least}
            THEN round((sum(f.points * w.weight) / sum(w.weight))::numeric)::int END AS score,
       jsonb_agg(jsonb_build_object('key', f.key, 'points', round(f.points::numeric)::int,
                                    'weight', w.weight::int, 'found', f.found)
                 ORDER BY w.weight DESC, f.key) AS drivers
  FROM found f JOIN weight w ON w.key = f.key AND w.weight > 0
 GROUP BY f.client_id
"""
# The trend: a row where the figure changed. Of an unchanged figure only the reasons are renewed.
HISTORY = """
INSERT INTO clientgroups_clienthealth (client_id, as_of, score, drivers)
SELECT c.id, %(as_of)s, h.score, COALESCE(h.drivers, '[]'::jsonb)
  FROM clientgroups_client c LEFT JOIN care_health h ON h.client_id = c.id
 WHERE {only} AND c.archived_at IS NULL AND c.health IS DISTINCT FROM h.score
ON CONFLICT (client_id, as_of) DO UPDATE SET score = excluded.score, drivers = excluded.drivers
"""
REASONS = """
UPDATE clientgroups_clienthealth t SET drivers = h.drivers
  FROM care_health h JOIN clientgroups_client c ON c.id = h.client_id
 WHERE t.client_id = h.client_id AND c.archived_at IS NULL
   AND c.health IS NOT DISTINCT FROM h.score AND t.drivers <> h.drivers
   AND t.as_of = (SELECT max(n.as_of) FROM clientgroups_clienthealth n
                   WHERE n.client_id = h.client_id)
"""
# Rows of clients stand in many indexes. A night leaves alone what has only faded by so much, and
# whose figure is the same; whoever is scored alone gets the exact value.
SLACK = 0.05
FIGURES = """
UPDATE clientgroups_client c
   SET engagement = n.engagement, last_touch_on = n.last_touch_on, health = n.score,
       health_as_of = %(as_of)s
  FROM (SELECT c.id, f.engagement, f.last_touch_on, h.score
          FROM clientgroups_client c
          LEFT JOIN care_facts f ON f.client_id = c.id
          LEFT JOIN care_health h ON h.client_id = c.id
         WHERE {only} AND c.archived_at IS NULL) n
 WHERE n.id = c.id AND (c.health_as_of IS NULL
   OR (c.last_touch_on, c.health) IS DISTINCT FROM (n.last_touch_on, n.score)
   OR (c.engagement IS NULL) <> (n.engagement IS NULL)
   OR abs(c.engagement - n.engagement) > %(slack)s * c.engagement)
"""


def score_health(*, as_of: dt.date | None = None, only_new: bool = False) -> int:
    """Work out engagement, last touch, health and silence of every client for a day.

    In portions of keys, each a transaction: pages never wait long for a row. A second run finds
    nothing to write. `only_new`: of clients that were never scored. Returns how many were written.
    """
    as_of = as_of or today_here()
    todo = Client.objects.active()
    if only_new:
        todo = todo.filter(health_as_of=None)
    written = 0
    bounds = todo.aggregate(first=Min("pk"), last=Max("pk"))
    first = bounds["first"]
    while first is not None:
        last = first + PORTION - 1
        written += _score(Scope(first=first, last=last), as_of)
        first = todo.filter(pk__gt=last, pk__lte=bounds["last"]).aggregate(n=Min("pk"))["n"]
    if written:
        mark_dynamic_groups_stale()
    return written


@transaction.atomic
def rescore(*, clients: list[int], as_of: dt.date | None = None) -> int:
    """Work the figures of some clients out again, because something about them changed just now.

    For every service that writes what health or engagement reads: touches, requests, purchases,
    attendance, survey answers. Doing it twice changes nothing.
    """
    if not clients:
        return 0
    written = _score(Scope(ids=tuple(sorted(set(clients)))), as_of or today_here())
    mark_clients_dirty(clients)
    return written


def rescore_changed(*, since: dt.datetime) -> int:
    """Score clients again about whom requests, answers or stages were written since an instant.

    Touches do so at once; this is for the tables of others, some minutes later. Running it twice
    for the same time changes nothing.
    """
    keys = sorted(changed_clients(since))
    if len(keys) > PORTION:
        # A large import: all of them wait for the portions of the run over everybody.
        Client.objects.filter(pk__in=keys).update(health_as_of=None)
        return score_health(only_new=True)
    parts = [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]
    return sum(rescore(clients=part) for part in parts)


@transaction.atomic
def _score(scope: Scope, as_of: dt.date) -> int:
    _prepare(scope)
    policies = engagement_policy(), health_policy()
    collect_facts(scope=scope, as_of=as_of, policy=policies[0])
    params = _params(scope, as_of) | {"full_at": policies[0].full_at}
    drivers, weights = [], {}
    for driver in DRIVERS.values():
        only = scope.only(driver.column or "client_id")
        drivers.append(FOUND.format(key=driver.key, sql=driver.sql.replace("{only}", only)))
        weights[driver.key] = weight_of(policies[1], driver.key)
    statement = HEALTH.format(
        drivers=" UNION ALL ".join(drivers),
        weights=", ".join(f"('{key}', {weight:d}::float8)" for key, weight in weights.items()),
        least=LEAST_DRIVERS,
    )
    only = scope.only("c.id")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS care_bought, care_health")
        cursor.execute(BOUGHT.format(only=scope.only("client_id")), params)
        cursor.execute("ANALYZE care_bought")
        cursor.execute(statement, params)
        cursor.execute("ANALYZE care_health")
        cursor.execute(HISTORY.format(only=only), params)
        cursor.execute(REASONS, params)
        cursor.execute(FIGURES.format(only=only), params)
        written = cursor.rowcount
    note_silence(scope=scope, as_of=as_of, policy=policies[1])
    return written


def _prepare(scope: Scope) -> None:
    """Settings of this transaction: compiling the statements takes longer than running them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        if not scope.ids:
            cursor.execute("SET LOCAL work_mem = '64MB'")
    if not scope.ids:
        be_patient()


def _params(scope: Scope, as_of: dt.date) -> dict:
    """What the drivers' statements may ask for; `now` is the end of a day that has passed."""
    zone = timezone.get_default_timezone()
    ends = dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time(), zone)
    now = min(timezone.now(), ends)
    return {
        **scope.params,
        **bought_params(as_of),
        "slack": 0 if scope.ids else SLACK,
        "as_of": as_of,
        "now": now,
        "year_ago": now - dt.timedelta(days=YEAR),
        "zone": settings.TIME_ZONE,
    }
