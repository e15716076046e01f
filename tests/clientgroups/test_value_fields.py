import datetime as dt

import pytest

from clientgroups.models import Client
from clientgroups.selectors.rules import FIELDS, Leaf, Situation, check_rule, matching
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, PurchaseFactory
from tests.factories.value import RfmScoreFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 6, 30)


@pytest.fixture
def owner():
    return UserFactory(admin=True)


@pytest.fixture
def buyer(owner):
    """Bought on three days, twenty and forty days apart, two lines on the first of them."""
    client = ClientFactory(owner=owner, last_purchase_on=dt.date(2026, 6, 20))
    RfmScoreFactory(client=client, r=5, f=2, m=3, segment="promising", monetary=300)
    for day in (dt.date(2026, 4, 21), dt.date(2026, 4, 21), dt.date(2026, 5, 11)):
        PurchaseFactory(client=client, bought_on=day)
    PurchaseFactory(client=client, bought_on=dt.date(2026, 6, 20))
    PurchaseFactory(client=client, bought_on=dt.date(2026, 6, 25), amount=-5)
    return client


@pytest.mark.parametrize(
    ("key", "found", "nothing"),
    [
        ("rfm_segment", "promising", None),
        ("rfm_r", 5, None),
        ("rfm_f", 2, None),
        ("rfm_m", 3, None),
        ("rfm_money", 300, None),
        ("recency_days", 10, None),
        ("purchase_days", 3, 0),
        ("purchase_gap", 30, None),
    ],
)
def test_field_has_the_figure_of_the_client(owner, buyer, key, found, nothing):
    empty = ClientFactory(owner=owner)
    figure = FIELDS[key].figure(Leaf(key, "gte", 1), Situation(owner, TODAY))

    figures = dict(Client.objects.annotate(x=figure).values_list("pk", "x"))

    assert figures == {buyer.pk: found, empty.pk: nothing}


def test_one_day_with_a_purchase_has_no_gap(owner):
    client = ClientFactory(owner=owner)
    for _ in range(2):
        PurchaseFactory(client=client, bought_on=TODAY)
    figure = FIELDS["purchase_gap"].figure(Leaf("purchase_gap", "gte", 1), Situation(owner, TODAY))

    assert Client.objects.annotate(x=figure).get().x is None


def leaf(key, op, value):
    return {"op": "and", "rules": [{"field": key, "op": op, "value": value}]}


@pytest.mark.parametrize(
    "rule",
    [
        leaf("rfm_segment", "is", "promising"),
        leaf("rfm_r", "gte", 5),
        leaf("recency_days", "lte", 10),
        leaf("purchase_gap", "gte", 30),
        leaf("rfm_money", "gte", 300),
    ],
)
def test_rule_finds_the_client_and_its_negation_all_others(owner, buyer, rule):
    other = ClientFactory(owner=owner)
    checked = check_rule(rule, actor=owner)
    negated = check_rule({"op": "not", "rules": [rule]}, actor=owner)

    assert list(matching(checked, owner=owner, today=TODAY)) == [buyer]
    assert list(matching(negated, owner=owner, today=TODAY)) == [other]
