"""PostgreSQL and Valkey from wheels, for machines that have neither.

Who stops them: nobody has to. Every process that uses a cluster holds a shared lock on its
`users.lock`; the keeper (config/keeper.py), which is the parent of both servers, waits for the
exclusive lock. The kernel drops a lock with its process, so the servers end with their last user,
also after `kill -9`. `make run` and the settings `dev` share the cluster "run"; tests have another.
"""

import fcntl
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parents[1]
START_SECONDS = 60
STOP_SECONDS = 15
_held = {}


class EmbeddedError(RuntimeError):
    """The embedded servers did not start; the text says why."""


def home_of(cluster, base=BASE_DIR):
    return Path(base) / "var" / "embedded" / cluster


def use_unless_set(env, cluster="run"):
    """Fill DATABASE_URL and REDIS_URL from the embedded servers where nothing else names them."""
    environ.Env.read_env(BASE_DIR / ".env")
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not env.get(name)]
    if missing:
        urls = acquire(cluster)
        for name in missing:
            env[name] = urls[name]


def acquire(cluster, base=BASE_DIR):
    """Hold the cluster up until this process ends; return its URLs."""
    home = home_of(cluster, base)
    home.mkdir(parents=True, exist_ok=True)
    if home not in _held:
        users = (home / "users.lock").open("a")
        # Blocks while a keeper that saw its last user go is still closing the servers.
        fcntl.flock(users, fcntl.LOCK_SH)
        _held[home] = users
    with _exclusive(home / "start.lock"):
        if not _keeper_alive(home):
            _start_keeper(home)
    return json.loads((home / "urls.json").read_text())


def release(cluster, base=BASE_DIR, timeout=STOP_SECONDS):
    """Let go of the cluster and wait until its servers ended; False when others still use it."""
    home = home_of(cluster, base)
    users = _held.pop(home, None)
    if users is not None:
        users.close()
    deadline = time.monotonic() + timeout
    while _keeper_alive(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def _exclusive(path):
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _keeper_alive(home):
    if not home.exists():
        return False
    with (home / "keeper.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _start_keeper(home):
    # -I keeps config/ off sys.path, where celery.py would hide the package of that name.
    with (home / "keeper.log").open("w") as log:
        keeper = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", str(BASE_DIR / "config" / "keeper.py"), str(home)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            text=True,
        )
    with keeper.stdout:
        answer = keeper.stdout.readline().strip()
    if answer != "ready":
        keeper.wait(START_SECONDS)
        raise EmbeddedError(
            answer or f"The embedded servers did not start; {home / 'keeper.log'} says why."
        )
    # The keeper outlives this process on purpose: nothing to wait for, nothing to warn about.
    keeper.returncode = 0
