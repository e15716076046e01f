"""A database for the page measurements, served with production settings, dropped afterwards."""

import logging
import os
import secrets
from contextlib import contextmanager

import django
from django.core.management import call_command
from django.db import connection, connections

from config import embedded

NAME = "tandem_bench"


def prepare_environment():
    """Production settings on this machine: what is measured is what would be served."""
    embedded.use_unless_set(os.environ, "bench")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "0",
        "TRUSTED_PROXIES": "0",
    }


@contextmanager
def fresh():
    """The environment names an empty, migrated database until the block ends."""
    server = os.environ["DATABASE_URL"]
    base, _, query = server.partition("?")
    address = base.rpartition("/")[0] + f"/{NAME}"
    os.environ["DATABASE_URL"] = f"{address}?{query}" if query else address
    django.setup()
    logging.disable(logging.WARNING)  # here only; the server under load writes its log as always
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {NAME} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        yield
    finally:
        connections.close_all()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def analyse():
    """Statistics as autovacuum would have gathered them on a living installation."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
