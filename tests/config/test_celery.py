import pytest
from django.conf import settings

from config.celery import EVERY, app, beat_schedule


def test_schedule_keeps_its_pace():
    assert {name: entry["schedule"] for name, entry in beat_schedule().items()} == EVERY


def test_schedule_can_be_hurried_for_a_demonstration(settings):
    settings.BEAT_MAX_INTERVAL = 1.0

    assert {entry["schedule"] for entry in beat_schedule().values()} == {1.0}


def test_limits_fit_together():
    """A job is ended before its message counts as lost and is handed to another worker."""
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS

    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT
    assert options["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT
    assert options["socket_connect_timeout"] <= 2


@pytest.mark.parametrize("name", ["task_acks_late", "task_reject_on_worker_lost"])
def test_a_lost_worker_loses_no_job(name):
    assert app.conf[name]


def test_only_json_travels():
    assert (app.conf.task_serializer, list(app.conf.accept_content)) == ("json", ["json"])


def test_installations_can_share_one_redis():
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] == "tandem:"
