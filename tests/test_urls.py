"""Who gets which answer from which page; see tests/url_table.py for how to add a row."""

from collections import Counter

import pytest
from django.db import transaction
from django.urls import reverse

from tests.conftest import ROLES
from tests.url_table import LOGIN, names, rows

# Asked for in a test of its own, because its answer depends on the moment.
ELSEWHERE = {"readyz": "tests/test_health.py: 200 or 503 by what is up"}
FINE = {"get": {200}, "post": {200, 204, 302, 303, 400, 409, 422}}
TABLE = rows()


def test_every_url_has_a_row():
    listed = {row.name for row in TABLE} | set(ELSEWHERE)

    assert sorted(set(names()) - listed) == []


def test_every_row_has_a_url():
    listed = {row.name for row in TABLE} | set(ELSEWHERE)

    assert sorted(listed - set(names())) == []


def test_no_row_stands_twice():
    keys = Counter((row.name, row.query, row.note) for row in TABLE)

    assert [key for key, times in keys.items() if times > 1] == []


def answer(response, method):
    """What a person was told: "ok", "login", or the status itself."""
    to_login = response.get("Location", "").startswith(reverse("account_login"))
    if to_login:
        return LOGIN
    return "ok" if response.status_code in FINE[method] else response.status_code


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.name}{row.query}{row.note}")
def test_url_answers_every_role(client, sign_in, row):
    obj = row.make() if row.make else None
    method = "get" if row.post is None else "post"
    answers = {}

    for role in ROLES:
        # One row serves all roles; what one of them changed is taken back before the next.
        with transaction.atomic():
            client.cookies.clear()
            sign_in(role, obj)
            response = getattr(client, method)(row.address(obj), row.data(obj))
            answers[role] = answer(response, method)
            transaction.set_rollback(True)

    assert answers == {role: row.status[role] for role in ROLES}


@pytest.mark.parametrize("row", [row for row in TABLE if row.grow], ids=lambda row: row.name)
def test_list_needs_as_many_queries_for_three_rows_as_for_one(client, sign_in, count_queries, row):
    obj = row.make() if row.make else None
    sign_in("admin")
    address = row.address(obj)
    grow = (lambda: row.grow(obj)) if obj is not None else row.grow
    grow()
    client.get(address)  # content types and the like, remembered by the process

    with_one = count_queries(lambda: client.get(address))
    grow()
    grow()
    with_three = count_queries(lambda: client.get(address))

    assert with_three == with_one
