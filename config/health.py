"""For load balancers and watchdogs: is this process alive, and can it serve?"""

import datetime as dt

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from accounts.models import JobRun
from config.celery import HEARTBEAT, HEARTBEAT_SECONDS

BEAT_PATIENCE = dt.timedelta(seconds=4 * HEARTBEAT_SECONDS)
_migrated = False


def database_answers():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def migrations_applied():
    """Asked until it is true once: a running process never loses a migration."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


def cache_answers():
    now = timezone.now().timestamp()
    cache.set("ready:ping", now, timeout=60)
    return cache.get("ready:ping") is not None


def beat_is_recent():
    since = timezone.now() - BEAT_PATIENCE
    return JobRun.objects.filter(name=HEARTBEAT, finished_at__gte=since).exists()


PARTS = {
    "database": database_answers,
    "migrations": migrations_applied,
    "cache": cache_answers,
    "beat": beat_is_recent,
}


def answers(part):
    try:
        return part()
    except (DatabaseError, RedisError, OSError):
        return False


@never_cache
@require_safe
@login_not_required
def healthz(request):
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
@login_not_required
def readyz(request):
    missing = [name for name, part in PARTS.items() if not answers(part)]
    if missing:
        return JsonResponse({"ready": False, "missing": missing}, status=503)
    return JsonResponse({"ready": True})
