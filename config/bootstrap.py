"""From a bare Python to the project's own environment; then hands over to the command named.

    python3 -I config/bootstrap.py run|dev ARGUMENTS FOR .venv/bin/python

Runs before anything is installed and under whatever `python3` is, so: standard library only, and
nothing in the syntax that an old Python would trip over before it could say that it is too old.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[1]
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
FILES = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
OLDEST = (3, 11)


def say(text):
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def give_up(text):
    say(text)
    sys.exit(1)


def check_version():
    if sys.version_info[:2] < OLDEST:
        have = "{}.{}".format(*sys.version_info[:2])
        give_up(
            f"Tandem needs Python 3.11 or newer; {sys.executable} is Python {have}. Install a "
            "newer one (Debian, Ubuntu: apt install python3.11 python3.11-venv) or name it: "
            "make run PYTHON=/path/to/python3.12"
        )


def check_folder():
    """A checkout first used by root cannot be used by somebody else afterwards."""
    (BASE_DIR / "var").mkdir(exist_ok=True)
    for path in (BASE_DIR / "var", VENV, BASE_DIR / "var" / "embedded"):
        if path.exists() and not os.access(str(path), os.W_OK):
            give_up(
                f"{path} belongs to another user. Run this command as that user, or remove "
                "the folders .venv and var (var holds the local data)."
            )


def check_port():
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        give_up(f"PORT is “{port}”; it must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            give_up(
                f"Port {port} is not free ({error.strerror}). Stop the program that uses it, or "
                f"choose another: make run PORT={int(port) + 1}"
            )


def works(python):
    try:
        code = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        return subprocess.call([str(python), "-c", code], stderr=subprocess.DEVNULL) == 0  # noqa: S603
    except OSError:
        return False


def make_venv():
    if works(PYTHON):
        return
    if importlib.util.find_spec("ensurepip") is None:
        install_venv_package()
    shutil.rmtree(str(VENV), ignore_errors=True)
    say(f"Making .venv with {sys.executable} …")
    code = subprocess.call([sys.executable, "-I", "-m", "venv", str(VENV)])  # noqa: S603
    if code or not works(PYTHON):
        shutil.rmtree(str(VENV), ignore_errors=True)
        give_up("The environment .venv could not be made; the lines above say why.")


def install_venv_package():
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        say(f"Installing {package} …")
        subprocess.call([apt, "update", "-qq"])  # noqa: S603
        if subprocess.call([apt, "install", "-y", "-qq", package]) == 0:  # noqa: S603
            return
    give_up(
        "This Python has no “ensurepip”, which makes environments. Install it (Debian, Ubuntu: "
        f"sudo apt install {package}) and try again."
    )


def install(kind):
    """Install the pinned requirements unless exactly these are installed already."""
    requirements = BASE_DIR / FILES[kind]
    stamp = VENV / f"installed-{kind}"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"Installing {requirements.name} …")
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    if subprocess.call([*command, "--require-hashes", "-r", str(requirements)]):  # noqa: S603
        give_up("Installing failed; the lines above say why. No network? Try again when there is.")
    stamp.write_text(wanted)


def main():
    check_version()
    kind, arguments = sys.argv[1], sys.argv[2:]
    check_folder()
    if "config.run" in arguments:
        check_port()
    with (BASE_DIR / "var" / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_venv()
        install(kind)
    os.chdir(str(BASE_DIR))
    os.execv(str(PYTHON), [str(PYTHON), *arguments])  # noqa: S606


main()
