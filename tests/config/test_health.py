import datetime as dt

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.utils import timezone
from redis import ConnectionError as CacheDown

from accounts.models import JobRun
from config import health
from config.tasks import heartbeat

pytestmark = pytest.mark.django_db


def test_process_is_alive_without_sign_in(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok")
    assert "no-store" in response["Cache-Control"]


def test_ready_when_everything_is_there(client):
    heartbeat()

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"ready": True})


def test_not_ready_before_the_first_beat(client):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "missing": ["beat"]}


def test_not_ready_when_beat_fell_silent(client):
    heartbeat()
    long_ago = timezone.now() - health.BEAT_PATIENCE - dt.timedelta(seconds=1)
    JobRun.objects.update(finished_at=long_ago)

    assert client.get("/readyz").json()["missing"] == ["beat"]


def test_not_ready_when_the_cache_is_down(client, monkeypatch):
    heartbeat()

    def refuse(*args, **kwargs):
        raise CacheDown("refused")

    monkeypatch.setattr(cache, "set", refuse)

    assert client.get("/readyz").json()["missing"] == ["cache"]


def test_not_ready_when_the_database_is_down(client, monkeypatch):
    def refuse():
        raise OperationalError("refused by server 18.6")

    monkeypatch.setattr(connection, "cursor", refuse)
    monkeypatch.setattr(health, "_migrated", False)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["missing"] == ["database", "migrations", "beat"]
    assert "18.6" not in response.content.decode()


def test_not_ready_while_a_migration_is_missing(client, monkeypatch):
    heartbeat()
    monkeypatch.setattr(health, "_migrated", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'notifications'")

    assert client.get("/readyz").json()["missing"] == ["migrations"]


def test_applied_migrations_are_looked_up_once(client, monkeypatch, count_queries):
    heartbeat()
    monkeypatch.setattr(health, "_migrated", False)
    first = count_queries(lambda: client.get("/readyz"))

    assert count_queries(lambda: client.get("/readyz")) < first


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_cannot_be_posted_to(client, path):
    assert client.post(path).status_code == 405


def test_heartbeat_twice_keeps_one_row():
    heartbeat()
    heartbeat()

    assert JobRun.objects.count() == 1
