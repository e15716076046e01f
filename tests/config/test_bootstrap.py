import socket
import subprocess
import sys

import pytest

from tests.sources import BASE_DIR

SCRIPT = str(BASE_DIR / "config" / "bootstrap.py")
# Runs the script as if under another Python: the version it sees is the one given.
OLD = "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['bootstrap.py', 'run', '-V'];"
OLD += f"runpy.run_path({SCRIPT!r})"


def run(*arguments, **environment):
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | environment,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def test_old_python_is_told_what_to_install():
    result = run("-c", OLD)

    assert result.returncode == 1
    assert "Tandem needs Python 3.11 or newer" in result.stderr
    assert "make run PYTHON=" in result.stderr


def test_taken_port_is_named_with_a_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        result = run("-I", SCRIPT, "run", "-m", "config.run", PORT=str(port))

    assert result.returncode == 1
    assert f"Port {port} is not free" in result.stderr
    assert f"make run PORT={port + 1}" in result.stderr


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_port_that_is_no_port_is_refused(port):
    result = run("-I", SCRIPT, "run", "-m", "config.run", PORT=port)

    assert result.returncode == 1
    assert "must be a number from 1 to 65535" in result.stderr


def test_makefile_without_python_says_what_to_install():
    result = subprocess.run(
        ["/usr/bin/make", "run", "PYTHON="],  # noqa: S607
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert "Tandem needs Python 3.11 or newer" in result.stderr


def test_requirement_files_pin_the_same_versions():
    def pins(name):
        lines = (BASE_DIR / name).read_text().splitlines()
        return {line.split(" ")[0].lower() for line in lines if "==" in line and line[0] != " "}

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirement_files_name_no_place(name):
    text = (BASE_DIR / name).read_text()

    assert "index-url" not in text
    assert "file:" not in text
    assert text.splitlines()[1].strip() == "#    make lock"
