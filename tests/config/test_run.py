"""`make run` as a process: everything comes up, and nothing stays behind however it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

import psutil
import pytest
from django.db import connection

from tests.sources import BASE_DIR
from tests.waiting import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("make run")]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


@pytest.fixture
def database():
    """A copy of the test database, which spares the start most of its migrations."""
    source = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{source}_run" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{source}_run" TEMPLATE "{source}"')
    yield os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{source}_run"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{source}_run" WITH (FORCE)')


@pytest.fixture
def running(database, tmp_path):
    """The supervisor, ready to serve; its whole process tree is killed in the end."""
    port = str(free_port())
    output = (tmp_path / "output").open("w+")
    environment = os.environ | {
        "DATABASE_URL": database,
        "KEY_PREFIX": f"test-{uuid.uuid4().hex}",
        "PORT": port,
        "TANDEM_DEMO": "0",
        "BEAT_MAX_INTERVAL": "1",
    }
    for name in ("SECRET_KEY", "EMAIL_URL", "SITE_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "config.run"],
        cwd=BASE_DIR,
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    process.address = f"http://127.0.0.1:{port}"
    process.said = lambda: (tmp_path / "output").read_text()
    assert wait_for(lambda: "Tandem is ready" in process.said(), 120), process.said()
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    process.family = family
    yield process
    for member in family:
        if member.is_running():
            member.kill()
    process.wait()
    output.close()


def gone(process):
    alive = [p for p in process.family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    return not alive


def test_run_serves_works_and_beats(running):
    assert ask(running.address + "/healthz") == (200, "ok")
    ready = wait_for(lambda: ask(running.address + "/readyz")[0] == 200, 30)
    assert ready, running.said()
    assert json.loads(ask(running.address + "/readyz")[1]) == {"ready": True}
    assert f"Tandem is ready: {running.address}" in running.said()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_ends_cleanly_with_everything_it_started(running, number):
    running.send_signal(number)

    assert running.wait(20) == 0, running.said()
    assert wait_for(lambda: gone(running), 2), running.said()


def test_run_leaves_nothing_behind_when_it_is_killed(running):
    running.kill()

    assert wait_for(lambda: gone(running), 20), [
        p.cmdline() for p in running.family if p.is_running()
    ]


def test_run_ends_when_one_of_its_processes_does(running):
    beat = next(p for p in running.family if "beat" in p.cmdline())
    beat.kill()

    assert running.wait(20) != 0
    assert wait_for(lambda: gone(running), 2)
