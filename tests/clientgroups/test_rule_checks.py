import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from clientgroups.selectors.rules import (
    check_rule,
    groups_in,
    matching,
)
from clientgroups.selectors.rules.explain import describe, explain
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)


def leaf(field, op="is", value=None, **more):
    found = {"field": field, "op": op, **more}
    return found | ({} if value is None else {"value": value})


def rule(*rules, op="and"):
    return {"op": op, "rules": list(rules)}


def found(node, owner, today=TODAY):
    checked = check_rule(node, actor=owner)
    return set(matching(checked, owner=owner, today=today))


@pytest.fixture
def admin():
    return UserFactory(admin=True)


# What is refused ----------------------------------------------------------------------------------


BAD = [
    (None, "must be an object"),
    ([], "must be an object"),
    ({"field": "stage"}, "must be an object"),
    (rule(), "add at least one condition"),
    (rule(op="xor"), "“op” must be"),
    ({"op": "and", "rules": [], "more": 1}, "“op” must be"),
    ({"op": "and", "rules": {"a": 1}}, "add at least one condition"),
    (rule("stage"), "Condition 1: it must be an object"),
    (rule(leaf("stage", "is", "loyal"), leaf("shoe")), "Condition 2: choose a field"),
    (rule(leaf(7)), "Condition 1: choose a field"),
    (rule(leaf("stage", "like", "x")), "Condition 1: choose how to compare"),
    (rule(leaf("stage", ["is"], "x")), "choose how to compare"),
    (rule(leaf("stage", "is", "gone")), "Lifecycle stage: choose one of the values"),
    (rule(leaf("stage", "is", ["loyal"])), "choose one of the values"),
    (rule(leaf("stage", "is")), "choose one of the values"),
    (rule(leaf("stage", "is", "loyal", colour="red")), "colour is not known"),
    (rule(leaf("stage", "is", "loyal", within={"n": 1, "unit": "days"})), "takes no time span"),
    (rule(leaf("stage", "is", "loyal", currency="CNY")), "takes no currency"),
    (rule(leaf("name", "contains", "  ")), "write a text"),
    (rule(leaf("name", "contains", 7)), "write a text"),
    (rule(leaf("name", "contains", "x" * 201)), "at most 200"),
    (rule(leaf("name", "contains", "a\x00b")), "at most 200"),
    (rule(leaf("purchase_count", "gte", "many")), "write a number such as"),
    (rule(leaf("purchase_count", "gte", True)), "write a number."),
    (rule(leaf("purchase_count", "gte", "NaN")), "too large or too fine"),
    (rule(leaf("purchase_count", "gte", "1e15")), "too large or too fine"),
    (rule(leaf("purchase_sum", "gte", "1", currency=7)), "three letters"),
    (rule(leaf("purchase_sum", "gte", "1", currency="Euro")), "three letters"),
    (rule(leaf("last_purchase", "from", "31.3.2026")), "write a date such as"),
    (rule(leaf("last_purchase", "within", "3 months")), "a number of days, weeks"),
    (rule(leaf("last_purchase", "within", {"n": 3, "unit": "hours"})), "choose days, weeks"),
    (rule(leaf("last_purchase", "within", {"n": "a", "unit": "days"})), "from 1 to 36500"),
    (rule(leaf("last_purchase", "within", {"n": 0, "unit": "days"})), "from 1 to 36500"),
    (rule(leaf("last_purchase", "within", {"n": 1201, "unit": "months"})), "from 1 to 1200"),
    (rule(leaf("last_purchase", "within", {"n": True, "unit": "days"})), "from 1 to"),
    (rule(leaf("has_email", "is", "maybe")), "choose yes or no"),
    (rule(leaf("has_email", "is", 1)), "choose yes or no"),
    (rule(rule(rule(leaf("stage", "is", "gone"), op="or"))), "Condition 1.1.1: Lifecycle stage"),
    (rule(*[leaf("stage", "is", "loyal")] * 51), "more than 50"),
    (rule(*[rule(*[leaf("stage", "is", "loyal")] * 26)] * 2), "more than 50"),
]


@pytest.mark.parametrize(("node", "words"), BAD)
def test_bad_rule_is_refused_with_its_place(admin, node, words):
    with pytest.raises(ValidationError) as refused:
        check_rule(node, actor=admin)

    assert words in refused.value.messages[0]


def test_rule_may_be_ten_levels_deep_and_no_deeper(admin):
    node = rule(leaf("stage", "is", "loyal"))
    for _level in range(8):
        node = rule(node)
    ten = rule(node)

    assert check_rule(ten, actor=admin)
    with pytest.raises(ValidationError, match="ten levels"):
        check_rule(rule(ten), actor=admin)


def test_clean_rule_keeps_amounts_exact_and_windows_whole(admin):
    node = rule(
        leaf("purchase_sum", "gte", " 1000.50 ", currency="cny", within={"n": "3", "unit": "days"})
    )

    (checked,) = check_rule(node, actor=admin)["rules"]

    assert checked == {
        "field": "purchase_sum",
        "op": "gte",
        "value": "1000.5",
        "within": {"n": 3, "unit": "days"},
        "currency": "CNY",
    }


def test_other_group_must_be_visible_to_the_owner():
    owner, group = UserFactory(), ClientGroupFactory()

    with pytest.raises(ValidationError, match="deleted or put away"):
        check_rule(rule(leaf("group", "is", group.pk)), actor=owner)


def test_circle_is_refused_and_its_way_named(admin):
    first = ClientGroupFactory(dynamic=True, name="First")
    second = ClientGroupFactory(dynamic=True, name="Second")
    third = ClientGroupFactory(dynamic=True, name="Third")
    second.rule = rule(leaf("group", "is", third.pk))
    third.rule = rule(rule(leaf("group", "is", first.pk), op="not"))
    second.save()
    third.save()

    with pytest.raises(ValidationError, match="First → Second → Third → First"):
        check_rule(rule(leaf("group", "is", second.pk)), actor=admin, group=first)
    with pytest.raises(ValidationError, match="First → First"):
        check_rule(rule(leaf("group", "is", first.pk)), actor=admin, group=first)
    listed = ClientGroupFactory()
    assert check_rule(rule(leaf("group", "is", listed.pk)), actor=admin, group=first)


def test_groups_in_lists_what_a_rule_asks_for():
    node = rule(rule(leaf("group", "is", 3), op="not"), leaf("group", "is", 4))

    assert groups_in(node) == {3, 4}
    assert groups_in(None) == set()


# In words -----------------------------------------------------------------------------------------


def lines(line):
    return [line.text, *(lines(part) if part.lines else part.text for part in line.lines)]


def test_rule_is_described_in_words(admin):
    group = ClientGroupFactory(name="Harbour")
    node = rule(
        leaf("stage", "is", "loyal"),
        leaf("purchase_count", "gte", 4, within={"n": 1, "unit": "months"}),
        rule(
            leaf("purchase_sum", "lte", "12.50", currency="EUR"),
            leaf("last_purchase", "older", {"n": 30, "unit": "days"}),
            leaf("first_purchase", "from", "2024-03-01"),
            leaf("name", "contains", "Ltd"),
            leaf("external_id", "empty"),
            op="not",
        ),
        leaf("has_email", "is", "no"),
        leaf("group", "is", group.pk),
    )

    described = describe(check_rule(node, actor=admin), reader=admin)

    assert lines(described) == [
        "All of these hold",
        "The lifecycle stage is Loyal",
        "The number of purchases in the last 1 month is at least 4",
        [
            "None of these holds",
            "The sum of purchases is at most €12.50",
            "The last purchase lies more than 30 days back",
            "The first purchase is on or after 1 Mar 2024",
            "The name contains “Ltd”",
            "The customer number is empty",
        ],
        "No contact may be sent e-mail",
        "The client is in the group “Harbour”",
    ]
    assert lines(describe(check_rule(node, actor=admin), reader=UserFactory()))[-1] == (
        "The client is in the group (not visible to you)"
    )


def test_explanation_shows_what_was_found(admin):
    client = ClientFactory(stage="existing", last_purchase_on=None)
    node = rule(
        leaf("stage", "is", "loyal"),
        leaf("last_purchase", "empty"),
        leaf("has_email", "is", "yes"),
        leaf("purchase_sum", "lte", "5", currency="CNY"),
        leaf("product", "contains", "Disc"),
        op="or",
    )

    line = explain(
        check_rule(node, actor=admin), client=client, owner=admin, reader=admin, today=TODAY
    )

    assert line.holds
    assert [(part.holds, part.found) for part in line.lines] == [
        (False, "Existing"),
        (True, "–"),
        (False, "no"),
        (True, "¥0"),
        (False, "no"),
    ]
