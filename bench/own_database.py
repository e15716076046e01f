"""A migrated database of its own for one benchmark, dropped afterwards."""

import os
from contextlib import contextmanager

import django


@contextmanager
def own_database(name):
    """Set Django up and connect it to a new database bench_<name>."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    os.environ["TEST_DB"] = f"bench_{name}"
    django.setup()
    # Only now do settings and connections exist.
    from django.db import connection  # noqa: PLC0415

    before = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_{name}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield connection
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
