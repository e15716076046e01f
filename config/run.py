"""`make run`: web, worker, beat and mailbox under one roof, on servers started when none are named.

Ends with Ctrl-C, SIGTERM, SIGHUP, or the death of `make`; nothing stays behind, not even after
`kill -9`: the kernel tells the children (end_with_parent), and the embedded servers watch a lock.
"""

import functools
import io
import os
import signal
import socket
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import django
import environ
import honcho.manager
import honcho.process
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from config import embedded, messages
from config.keeper import end_with_parent

BASE_DIR = Path(__file__).resolve().parents[1]
VAR = BASE_DIR / "var"
PATIENCE = 10  # seconds that a process gets to end by itself


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Child(honcho.process.Process):
    """A process without a shell in between, which ends when this one is gone."""

    def run(self, events=None, ignore_signals=False):
        end_with_parent(signal.SIGKILL)()
        self._child_ctor = functools.partial(
            honcho.process.Popen, shell=False, preexec_fn=end_with_parent(signal.SIGTERM)
        )
        super().run(events, ignore_signals)


class Manager(honcho.manager.Manager):
    def __init__(self, address, sign_ins):
        super().__init__()
        self._process_ctor = Child
        self.address = address
        self.sign_ins = sign_ins

    def _start(self):
        super()._start()
        threading.Thread(target=self._announce, daemon=True).start()

    def terminate(self):
        """A signal during start-up waits until there is something to stop."""
        if self._all_started():
            super().terminate()
        else:
            threading.Timer(0.1, self.terminate).start()

    def _announce(self):
        while not self._terminating:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=2):  # noqa: S310
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        else:
            return
        say(f"\n  Tandem is ready: {self.address}\n\n{self.sign_ins}\n  Ctrl-C stops it.\n")


def free_port(preferred):
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no free port")


def prepare_environment():
    """Settings that depend on this run; whatever the environment or .env names stays."""
    environ.Env.read_env(BASE_DIR / ".env")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    os.environ["PORT"] = os.environ.get("PORT") or "8000"
    os.environ["HOST"] = os.environ.get("HOST") or "127.0.0.1"
    address = f"http://{os.environ['HOST']}:{os.environ['PORT']}"
    os.environ.setdefault("SITE_URL", address)
    if not os.environ.get("EMAIL_URL"):
        os.environ["MAILBOX_PORT"] = str(free_port(8025))
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{os.environ['MAILBOX_PORT']}"
    return address


def prepare_data():
    """Bring the database up to date; return what to tell about the demo data."""
    messages.compile_all()
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    told = io.StringIO()
    if os.environ.get("TANDEM_DEMO", "1" if settings.DEBUG else "0") == "1":
        say("Loading the demo data, unless it is there already …")
        call_command("seed_demo", stdout=told)
    connections.close_all()
    return textwrap.indent(told.getvalue(), "  ")


def commands():
    python, host, port = sys.executable, os.environ["HOST"], os.environ["PORT"]
    # A developer's own machine may well be a container where everybody is root.
    quiet = ["-W", "ignore:You're running the worker with superuser:UserWarning"]
    celery = [python, *quiet, "-m", "celery", "--app", "config", "--quiet"]
    granian = [python, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", port]
    granian += ["--workers", "2", "--blocking-threads", "2", "--no-ws", "--log-level", "warning"]
    granian += ["--respawn-failed-workers", "--workers-kill-timeout", "5"]
    yield "web", [*granian, "config.wsgi:application"]
    yield "worker", [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2"]
    schedule = str(VAR / f"beat-schedule-{port}")
    yield "beat", [*celery, "beat", "--loglevel", "WARNING", "--schedule", schedule]
    if "MAILBOX_PORT" in os.environ:
        mailbox = [python, "-m", "config.mailcatcher", os.environ["MAILBOX_PORT"]]
        yield "mail", [*mailbox, str(VAR / "mail")]


def main():
    if os.environ.get("MAKELEVEL"):
        end_with_parent(signal.SIGTERM)()
    address = prepare_environment()
    manager = Manager(address, sign_ins=prepare_data())
    for name, command in commands():
        manager.add_process(name, command, cwd=str(BASE_DIR))
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    if not embedded.release("run"):
        say("The local database stays up: another command still uses it.")
    asked_for = {128 + signal.SIGINT, 128 + signal.SIGTERM}
    sys.exit(0 if manager.returncode in asked_for else manager.returncode)


if __name__ == "__main__":
    honcho.manager.KILL_WAIT = PATIENCE
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except embedded.EmbeddedError as error:
        sys.exit(
            f"{error}\nOr name servers of your own: see DATABASE_URL and REDIS_URL in .env.example."
        )
