"""A real Celery worker and beat beside a test, on the test database."""

import os
import subprocess
import sys
import uuid
from contextlib import contextmanager

from django.db import connection

from accounts.models import JobRun
from config.celery import HEARTBEAT
from tests.sources import BASE_DIR
from tests.waiting import wait_for


@contextmanager
def celery_running(folder, **environment):
    """Worker and beat as processes of their own, each job each second, until the block ends.

    Needs committed rows (`transactional_db`). Pass EMAIL_URL and whatever else the jobs read.
    """
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.journey",
        "TEST_DATABASE": connection.settings_dict["NAME"],
        "KEY_PREFIX": f"test-{uuid.uuid4().hex}",
        **environment,
    }
    celery = [sys.executable, "-m", "celery", "--app", "config", "--quiet"]
    commands = [
        [*celery, "worker", "--loglevel", "INFO", "--concurrency", "1"],
        [*celery, "beat", "--loglevel", "INFO", "--schedule", str(folder / "beat")],
    ]
    log = (folder / "celery.log").open("w")
    processes = [
        subprocess.Popen(  # noqa: S603
            command, cwd=BASE_DIR, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        for command in commands
    ]
    try:
        up = wait_for(JobRun.objects.filter(name=HEARTBEAT).exists, 60)
        assert up, (folder / "celery.log").read_text()
        yield folder / "celery.log"
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.close()
