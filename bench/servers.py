"""The product's own web server, or another, as a process tree whose CPU and memory are read."""

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

BASE_DIR = Path(__file__).resolve().parents[1]
WORKERS, THREADS = 2, 2


def granian(port, app):
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", str(WORKERS), "--blocking-threads", str(THREADS)]
    return [*command, "--no-ws", "--log-level", "warning", app]


def gunicorn(port, app):
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class"]
    command += ["gthread", "--workers", str(WORKERS), "--threads", str(THREADS)]
    return [*command, "--keep-alive", "60", "--no-control-socket", "--log-level", "warning", app]


SERVERS = {"granian": granian}
if importlib.util.find_spec("gunicorn"):
    SERVERS["gunicorn"] = gunicorn


class Server:
    def __init__(self, port, process):
        self.address = ("127.0.0.1", port)
        self.process = psutil.Process(process.pid)

    def family(self):
        return [self.process, *self.process.children(recursive=True)]

    def cpu_seconds(self):
        times = [member.cpu_times() for member in self.family()]
        return sum(each.user + each.system for each in times)

    def memory_mib(self):
        """Proportional share, so that memory shared by the workers counts once."""
        return round(sum(member.memory_full_info().pss for member in self.family()) / 2**20)


@contextlib.contextmanager
def running(name, app, probe):
    """Start a server, wait until the probe path answers, stop it in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (BASE_DIR / "var" / "bench.log").open("w")
    process = subprocess.Popen(  # noqa: S603
        SERVERS[name](port, app), cwd=BASE_DIR, env=os.environ, stdout=log, stderr=log
    )
    try:
        wait_for(f"http://127.0.0.1:{port}{probe}", process)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def wait_for(url, process):
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit(f"The server did not start; see {BASE_DIR / 'var' / 'bench.log'}.")
