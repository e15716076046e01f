import pytest

from accounts.models import JobRun
from config.celery import HEARTBEAT
from tests.waiting import wait_for
from tests.workers import celery_running


@pytest.mark.django_db(transaction=True)
def test_beat_and_worker_really_run_jobs_each_second(tmp_path):
    with celery_running(tmp_path):
        first = JobRun.objects.get(name=HEARTBEAT).finished_at

        later = wait_for(
            lambda: JobRun.objects.get(name=HEARTBEAT).finished_at > first and "again", 15
        )

    assert later == "again"
