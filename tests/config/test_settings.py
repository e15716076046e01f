import os
import re
import subprocess
import sys

import pytest

from tests.sources import BASE_DIR

VARIABLE = re.compile(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"")
GOOD = {
    "SECRET_KEY": "k" * 20 + "0123456789" * 4,
    "ALLOWED_HOSTS": "tandem.example.org",
    "DATABASE_URL": "postgres://tandem@127.0.0.1/tandem",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def load(code="import django; django.setup()", **environment):
    """Load the production settings in a process of their own."""
    given = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-c", code],
        cwd=BASE_DIR,
        env=given | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_with_all_variables():
    result = load(**GOOD)

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", GOOD)
def test_production_names_the_missing_variable(name):
    result = load(**{key: value for key, value in GOOD.items() if key != name})

    assert result.returncode == 1
    assert f"Set these environment variables: {name}" in result.stderr


def test_production_names_every_missing_variable():
    result = load()

    assert "SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL, REDIS_URL" in result.stderr


def test_production_refuses_the_sample_key():
    sample = dict(
        line.lstrip("# ").split("=", 1)
        for line in (BASE_DIR / ".env.example").read_text().splitlines()
        if line.lstrip("# ").startswith("SECRET_KEY=")
    )

    result = load(**GOOD | sample)

    assert "SECRET_KEY must be your own" in result.stderr


def test_production_refuses_a_short_key():
    assert "SECRET_KEY must be your own" in load(**GOOD | {"SECRET_KEY": "short"}).stderr


def test_production_refuses_any_host():
    assert "ALLOWED_HOSTS must name" in load(**GOOD | {"ALLOWED_HOSTS": "*"}).stderr


def test_production_trusts_the_proxy_header_only_when_told():
    code = "from django.conf import settings; print(settings.SECURE_PROXY_SSL_HEADER)"

    assert load(code, **GOOD).stdout == "None\n"
    assert "FORWARDED_PROTO" in load(code, **GOOD, TRUSTED_PROXIES="1").stdout


def test_production_logs_json_without_tokens():
    code = (
        "import django; django.setup(); import logging;"
        "logging.getLogger('t').warning('GET %s', '/s/abcDEF123/?x=1')"
    )

    result = load(code, **GOOD)

    assert result.stdout.startswith("{")
    assert '"level": "warning"' in result.stdout
    assert "abcDEF123" not in result.stdout


def test_every_variable_is_explained_in_the_sample():
    text = (BASE_DIR / ".env.example").read_text()
    read = set()
    only_for_tests = {"TEST_DATABASE"}
    for path in (BASE_DIR / "config").rglob("*.py"):
        read |= set(VARIABLE.findall(path.read_text()))

    assert sorted(name for name in read - only_for_tests if f"{name}=" not in text) == []
