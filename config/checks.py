"""Everything `make test`, `make lint`, `make fix` and `make lock` run, in one place.

python -m config.checks all|lint|fix|lock
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from config import embedded, messages

BASE_DIR = Path(__file__).resolve().parents[1]
PY = sys.executable
TEST_SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
# Values of the right shape; `check --deploy` connects to nothing.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "for-the-deployment-check-only-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "tandem.example.org",
    "DATABASE_URL": "postgres://tandem@127.0.0.1/tandem",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}
FORMAT = [PY, "-m", "ruff", "format", "--output-format", "concise"]
# import-linter has no `python -m` of its own.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as c; c(['--no-logo'])"
LINTERS = [
    ("ruff check", [PY, "-m", "ruff", "check", "--output-format", "concise", "."], {}),
    ("ruff format", [*FORMAT, "--check", "."], {}),
    ("templates", [PY, "-m", "djlint", "templates", "--lint", "--quiet"], {}),
    (
        "layers",
        [PY, "-c", "from importlinter.cli import lint_imports_command as c; c(['--no-logo'])"],
        {},
    ),
    ("migrations", [PY, "manage.py", "makemigrations", "--check", "--dry-run"], TEST_SETTINGS),
    ("deployment", [PY, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    ("catalogue", [PY, "-m", "config.messages", "check"], {}),
    ("permissions page", [PY, "-m", "config.permissions_page", "--check"], TEST_SETTINGS),
]
TESTS = [PY, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "--cov", "--cov-report"]
TESTS += ["term-missing:skip-covered", "--cov-fail-under=95"]
FIXES = [
    ("ruff check", [PY, "-m", "ruff", "check", "--fix", "."], {}),
    ("ruff format", [*FORMAT, "."], {}),
    ("permissions page", [PY, "-m", "config.permissions_page"], TEST_SETTINGS),
]
COMPILE = [PY, "-m", "uv", "pip", "compile", "--generate-hashes", "--universal"]
COMPILE += ["--python-version", "3.11", "--no-emit-index-url", "--quiet"]
HEADER = {"UV_CUSTOM_COMPILE_COMMAND": "make lock"}
LOCKS = [
    ("requirements.txt", [*COMPILE, "requirements.in", "-o", "requirements.txt"], HEADER),
    (
        "requirements-dev.txt",
        [*COMPILE, "-c", "requirements.txt", "requirements-dev.in", "-o", "requirements-dev.txt"],
        HEADER,
    ),
]


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(name, command, environment):
    say(f"── {name}")
    started = time.monotonic()
    code = subprocess.call(command, cwd=BASE_DIR, env=os.environ | environment)  # noqa: S603
    took = time.monotonic() - started
    say(f"   {'FAILED' if code else 'ok'} ({took:.1f} s)")
    return name if code else None


def run_all(steps):
    return [name for name in [run(*step) for step in steps] if name]


def have_programs():
    """A browser for the journeys, gettext for the catalogue: installed or explained."""
    wanted = {"chromium": "chromium", "msgfmt": "gettext"}
    packages = [package for name, package in wanted.items() if not shutil.which(name)]
    if not packages:
        return True
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if shutil.which("apt-get") and os.geteuid() == 0:
        say(f"── installing {' and '.join(packages)}")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.call(["apt-get", "update", "-qq"], env=environment)  # noqa: S607
        if subprocess.call(command, env=environment, stdout=subprocess.DEVNULL) == 0:  # noqa: S603
            return True
    say(f"The tests need {' and '.join(packages)}: sudo {' '.join(command)}")
    return False


def test():
    if not have_programs():
        return ["missing programs"]
    messages.compile_all()
    with (BASE_DIR / "var" / "test.lock").open("w") as lock:
        # Two runs in one checkout would share a database name; the second one waits.
        fcntl.flock(lock, fcntl.LOCK_EX)
        embedded.use_unless_set(os.environ, "test")
        failed = run_all(LINTERS)
        return failed + run_all([("tests", TESTS + sys.argv[2:], TEST_SETTINGS)])


def lint():
    embedded.use_unless_set(os.environ, "test")
    return run_all(LINTERS)


COMMANDS = {
    "all": test,
    "lint": lint,
    "fix": lambda: run_all(FIXES),
    "lock": lambda: run_all(LOCKS),
}


def main():
    failed = COMMANDS[sys.argv[1]]()
    if failed:
        say("FAILED: " + ", ".join(failed))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
