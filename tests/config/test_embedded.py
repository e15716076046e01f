import json
import os
import signal
import subprocess
import sys

import psutil
import psycopg
import pytest
import redis

from config import embedded
from tests.sources import BASE_DIR
from tests.waiting import wait_for

USER = """
import sys
sys.path.insert(0, {code!r})
from config import embedded
urls = embedded.acquire("test", {base!r})
print(urls["DATABASE_URL"], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def base(tmp_path):
    """A checkout's folder with a blank in its name and deeper than a socket path may be."""
    folder = tmp_path / "a folder with blanks" / ("deep" * 20)
    folder.mkdir(parents=True)
    # Others must be able to reach it when the tests run as root.
    for path in [folder, *folder.parents][: len(folder.parts) - 2]:
        if path.stat().st_uid == os.getuid():
            path.chmod(0o755)
    yield folder
    embedded.release("test", folder)


@pytest.fixture
def user(base):
    """Start processes that hold the servers up until they are told to end, or killed."""
    started = []

    def start():
        code = USER.format(code=str(BASE_DIR), base=str(base))
        started.append(
            subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"},
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def connect(url):
    rest, _, name = url.rpartition("/")
    return psycopg.connect(host=rest.partition("@/")[2], user="postgres", dbname=name)


def servers(base):
    """Processes of the cluster under the folder."""
    home = str(embedded.home_of("test", base))
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(home in part for part in process.info["cmdline"] or [])
    ]


def test_servers_answer_and_end_with_their_user(base):
    urls = embedded.acquire("test", base)

    with connect(urls["DATABASE_URL"]) as connection:
        version = connection.info.server_version
        characters = connection.execute("SELECT lower('ÄÖ'), length('客户群')").fetchone()
    with redis.from_url(urls["REDIS_URL"]) as cache:
        pong = cache.ping()

    assert version >= 150000
    assert characters == ("äö", 3)
    assert pong
    assert servers(base)
    assert embedded.release("test", base)
    assert wait_for(lambda: servers(base) == [])


def test_cache_asks_for_its_password(base):
    urls = embedded.acquire("test", base)
    without = urls["REDIS_URL"].replace(urls["REDIS_URL"].split("@")[0] + "@", "redis://")

    with redis.from_url(without) as cache, pytest.raises(redis.AuthenticationError):
        cache.ping()


def test_addresses_are_readable_by_their_owner_only(base):
    embedded.acquire("test", base)

    mode = (embedded.home_of("test", base) / "urls.json").stat().st_mode

    assert mode & 0o077 == 0


def test_two_users_share_one_server_until_the_last_is_killed(base, user):
    first, second = user(), user()
    addresses = {first.stdout.readline(), second.stdout.readline()}

    assert len(addresses) == 1
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert connect(addresses.pop().strip()).close() is None
    second.send_signal(signal.SIGKILL)
    assert wait_for(lambda: servers(base) == [])


def test_servers_end_when_their_keeper_is_killed_and_start_again(base):
    embedded.acquire("test", base)
    for pid in servers(base):
        process = psutil.Process(pid)
        if "keeper.py" in " ".join(process.cmdline()):
            process.kill()
    wait_for(lambda: servers(base) == [])

    urls = embedded.acquire("test", base)

    assert connect(urls["DATABASE_URL"]).close() is None


def test_a_stale_pid_file_does_not_stop_the_next_start(base):
    embedded.acquire("test", base)
    embedded.release("test", base)
    pid_file = embedded.home_of("test", base) / "pg" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n5432\n/tmp\n\n\nready\n")

    urls = embedded.acquire("test", base)

    assert connect(urls["DATABASE_URL"]).close() is None


def test_data_of_another_version_is_refused_with_a_way_out(base):
    embedded.acquire("test", base)
    embedded.release("test", base)
    (embedded.home_of("test", base) / "pg" / "PG_VERSION").write_text("9\n")

    with pytest.raises(embedded.EmbeddedError, match=r"made by PostgreSQL 9.*pg_dump"):
        embedded.acquire("test", base)


def test_release_says_when_others_still_use_the_servers(base, user):
    other = user()
    other.stdout.readline()
    embedded.acquire("test", base)

    assert embedded.release("test", base, timeout=0.2) is False


def test_release_without_servers_has_nothing_to_wait_for(tmp_path):
    assert embedded.release("test", tmp_path)


def test_named_servers_are_used_and_nothing_is_started(monkeypatch):
    monkeypatch.setattr(embedded, "acquire", pytest.fail)
    given = {"DATABASE_URL": "postgres://a/b", "REDIS_URL": "redis://c"}

    embedded.use_unless_set(given)

    assert given == {"DATABASE_URL": "postgres://a/b", "REDIS_URL": "redis://c"}


def test_only_the_missing_server_is_filled_in(monkeypatch):
    started = {"DATABASE_URL": "postgres://embedded", "REDIS_URL": "redis://embedded"}
    monkeypatch.setattr(embedded, "acquire", lambda cluster: started)
    given = {"DATABASE_URL": "postgres://a/b"}

    embedded.use_unless_set(given)

    assert (
        json.dumps(given) == '{"DATABASE_URL": "postgres://a/b", "REDIS_URL": "redis://embedded"}'
    )
