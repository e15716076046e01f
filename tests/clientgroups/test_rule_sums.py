"""Conditions on many rows of a client are worked out in one pass over those rows."""

import datetime as dt

import pytest
from django.db import connection

from clientgroups.models import Client
from clientgroups.selectors.among import Among, OneOf
from clientgroups.selectors.rules import check_rule, matching
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, PurchaseFactory
from tests.factories.requests import ServiceRequestFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)
YEAR = {"n": 12, "unit": "months"}


@pytest.fixture
def people():
    """Nobody who bought; one purchase of 10; purchases of 10 and 30, and 5 given back."""
    none, one, two = (ClientFactory(name=name) for name in ("none", "one", "two"))
    for client, amounts in ((one, [10]), (two, [10, 30, -5])):
        for number, amount in enumerate(amounts):
            day = TODAY - dt.timedelta(days=10 * number)
            PurchaseFactory(client=client, amount=amount, bought_on=day, product=f"P{number}")
    PurchaseFactory(client=none, amount=900, bought_on=TODAY - dt.timedelta(days=900))
    ServiceRequestFactory(client=two)
    return {"none", "one", "two"}


def found(admin, negated=False, **leaf):
    rule = {"op": "not" if negated else "and", "rules": [leaf]}
    rows = matching(check_rule(rule, actor=admin), owner=admin, today=TODAY)
    return set(rows.values_list("name", flat=True)), str(rows.query)


CASES = [
    ("purchase_count", "gte", "2", {"two"}),
    ("purchase_count", "lte", "1", {"none", "one"}),
    ("purchase_count", "eq", "0", {"none"}),
    ("purchase_count", "ne", "1", {"none", "two"}),
    ("purchase_count", "between", {"low": "0", "high": "1"}, {"none", "one"}),
    ("purchase_count", "between", {"low": "1", "high": "9"}, {"one", "two"}),
    ("purchase_sum", "gt", "10", {"two"}),
    ("purchase_sum", "lt", "35", {"none", "one"}),
    ("purchase_average", "gte", "20", {"two"}),
    ("purchase_average", "ne", "10", {"two"}),
    ("purchase_average", "empty", None, {"none"}),
    ("purchase_average", "known", None, {"one", "two"}),
    ("purchase_biggest", "lt", "11", {"one"}),
    ("purchase_products", "lte", "1", {"none", "one"}),
]


@pytest.mark.parametrize(("field", "op", "value", "names"), CASES)
def test_windowed_sums_choose_and_leave_the_right_clients(people, field, op, value, names):
    admin = UserFactory(admin=True)
    leaf = {"field": field, "op": op, "within": YEAR} | ({} if value is None else {"value": value})

    chosen, sql = found(admin, **leaf)

    assert chosen == names
    assert found(admin, negated=True, **leaf)[0] == people - names
    # No row of purchases is looked up for a client: they are grouped once.
    assert "GROUP BY" in sql
    assert '"client_id" = ("clientgroups_client"."id")' not in sql


@pytest.mark.parametrize(
    ("field", "op", "value", "names"),
    [
        ("purchase_days", "gte", "2", {"two"}),
        ("purchase_days", "lt", "2", {"none", "one"}),
        ("purchase_gap", "gte", "1", {"two"}),
        ("purchase_gap", "empty", None, {"none", "one"}),
        ("open_requests", "eq", "0", {"none", "one"}),
        ("open_requests", "gt", "0", {"two"}),
    ],
)
def test_other_sums_choose_and_leave_the_right_clients(people, field, op, value, names):
    admin = UserFactory(admin=True)
    leaf = {"field": field, "op": op} | ({} if value is None else {"value": value})

    assert found(admin, **leaf)[0] == names
    assert found(admin, negated=True, **leaf)[0] == people - names


def test_a_rule_about_some_clients_reads_their_rows_only(people, django_assert_num_queries):
    admin = UserFactory(admin=True)
    leaf = {"field": "purchase_count", "op": "lte", "value": "1", "within": YEAR}
    rule = check_rule({"op": "and", "rules": [leaf]}, actor=admin)
    two, one = Client.objects.get(name="two"), Client.objects.get(name="one")

    rows = matching(rule, owner=admin, today=TODAY, among=[two.pk, one.pk])

    assert list(rows) == [one]
    assert str(rows.query).count("ANY(") == 2
    assert list(matching(rule, owner=admin, today=TODAY, among=[])) == []


def test_keys_are_found_in_a_list_and_in_a_statement_that_is_cut(people):
    keys = list(Client.objects.order_by("name").values_list("pk", flat=True))
    first = Client.objects.order_by("name").values_list("pk", "name")[:2]
    rest = Client.objects.exclude(pk__in=keys[:1]).order_by().values_list("pk", "name")

    assert set(Client.objects.filter(OneOf("pk", keys[:1]))) == {Client.objects.get(name="none")}
    assert Client.objects.filter(Among(first)).count() == 2
    assert [row.name for row in Client.objects.filter(~Among(first))] == ["two"]
    together = rest.union(rest).order_by("name")[:1]
    assert [row.name for row in Client.objects.filter(Among(together))] == ["one"]
    with connection.cursor() as cursor:
        sql, params = Client.objects.filter(~Among(first)).query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", params)
        assert "Anti" in "\n".join(row[0] for row in cursor.fetchall())
