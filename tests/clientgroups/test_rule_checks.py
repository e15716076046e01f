import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from clientgroups.selectors.rules import (
    check_rule,
    check_tree,
    groups_in,
    in_order,
    matching,
)
from clientgroups.selectors.rules.explain import describe, explain
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    GroupAccessFactory,
)
from tests.factories.rules import CustomFieldFactory

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
    (rule(leaf("name", "contains", "a\ud800")), "a sign that cannot be stored"),
    (rule(leaf("name", "contains", "a\x00b")), "a sign that cannot be stored"),
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
    (rule(leaf("city", "one_of", [])), "choose at least one value"),
    (rule(leaf("city", "one_of", "Lyon")), "choose at least one value"),
    (rule(leaf("city", "one_of", ["x"] * 101)), "more than 100 values"),
    (rule(leaf("stage", "one_of", ["loyal", "gone"])), "choose one of the values"),
    (rule(leaf("stage", "is", True)), "choose one of the values"),
    (rule(leaf("stage", "known")), "choose how to compare"),
    (rule(leaf("health", "between", "1")), "a lowest and a highest value"),
    (rule(leaf("health", "between", {"low": "1"})), "a lowest and a highest value"),
    (rule(leaf("health", "between", {"low": "2", "high": "1"})), "above the highest"),
    (rule(leaf("health", "between", {"low": "a", "high": "1"})), "write a number such as"),
    (rule(leaf("last_purchase", "within", {"period": "next_month"})), "choose a month"),
    (rule(leaf("last_purchase", "within", {"period": ["this_month"]})), "choose a month"),
    (rule(leaf("last_purchase", "within", {"from": "x", "to": "y"})), "write a date such as"),
    (
        rule(leaf("last_purchase", "within", {"from": "2026-02-01", "to": "2026-01-01"})),
        "first day lies behind",
    ),
    (rule(leaf("last_purchase", "older", {"period": "this_month"})), "a number of days, weeks"),
    (rule(leaf("last_purchase", "within", {"n": 3, "unit": []})), "choose days, weeks"),
    (rule(leaf("last_purchase", "anniversary", {"n": 13, "unit": "months"})), "from 1 to 12"),
    (rule(leaf("custom:budget", "gte", "1")), "custom field “budget” was archived or deleted"),
    (rule(leaf("group", "is", 10**9)), "deleted or put away"),
    (rule(leaf("group_ever", "one_of", [10**9])), "deleted or put away"),
    (rule(*[leaf("stage", "is", "loyal")] * 51), "more than 50"),
    (rule(*[rule(*[leaf("stage", "is", "loyal")] * 26)] * 2), "more than 50"),
]


@pytest.mark.parametrize(("node", "words"), BAD)
def test_bad_rule_is_refused_with_its_place(admin, node, words):
    with pytest.raises(ValidationError) as refused:
        check_rule(node, actor=admin)

    assert words in refused.value.messages[0]


def test_all_that_is_wrong_is_told_at_once(admin):
    node = rule(leaf("shoe"), rule(leaf("name", "is", ""), op="or"), leaf("stage", "is", "loyal"))

    with pytest.raises(ValidationError) as refused:
        check_rule(node, actor=admin)

    assert [problem.code for problem in refused.value.error_list] == ["1", "2.1"]


def test_archived_group_cannot_be_named_and_one_named_before_breaks_the_rule(admin):
    group = ClientGroupFactory()
    node = rule(leaf("group", "is", group.pk))
    assert check_tree(node, actor=admin, stored=True)
    group.archived_at = timezone.now()
    group.save()

    for stored in (True, False):
        with pytest.raises(ValidationError, match="deleted or put away"):
            check_tree(node, actor=admin, stored=stored)


def test_stored_rule_may_name_a_value_that_is_offered_no_longer(admin):
    field = CustomFieldFactory(kind="choice", choices=["S"])
    node = rule(leaf(f"custom:{field.key}", "is", "XL"))

    assert check_tree(node, actor=admin, stored=True) == node
    with pytest.raises(ValidationError, match="values on offer"):
        check_tree(node, actor=admin)


def test_owner_who_left_can_still_be_named(admin):
    owner = UserFactory(is_active=False)
    client = ClientFactory(owner=owner)

    assert found(rule(leaf("owner", "is", owner.pk)), admin) == {client}


def test_put_away_clients_are_in_no_rule(admin):
    ClientFactory(archived_at=timezone.now())
    client = ClientFactory()

    assert found(rule(leaf("name", "known")), admin) == {client}
    assert found(rule(leaf("name", "empty"), op="not"), admin) == {client}


def test_average_over_nothing_is_no_value_and_no_error(admin):
    ClientFactory()

    for op, expected in (("empty", 1), ("known", 0)):
        assert len(found(rule(leaf("purchase_average", op)), admin)) == expected
    for op in ("gte", "lte", "ne", "eq"):
        assert found(rule(leaf("purchase_average", op, "0")), admin) == set()


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


def test_circle_names_only_groups_that_the_reader_sees(admin):
    owner = UserFactory()
    first, third = (
        ClientGroupFactory(dynamic=True, name=name, owner=owner) for name in ("First", "Third")
    )
    GroupAccessFactory(client_group=third, user=owner, role="lead")
    second = ClientGroupFactory(dynamic=True, name="Second", owner=admin)
    second.rule = rule(leaf("group", "is", first.pk))
    third.rule = rule(leaf("group", "is", second.pk))
    second.save()
    third.save()
    asking = rule(leaf("group", "is", third.pk))

    with pytest.raises(ValidationError) as refused:
        check_rule(asking, actor=owner, group=first)
    assert "First → Third → a group that you do not see → First" in refused.value.messages[0]
    assert "Second" not in refused.value.messages[0]
    with pytest.raises(ValidationError, match="First → Third → Second → First"):
        check_rule(asking, actor=owner, group=first, reader=admin)


def test_groups_in_lists_what_a_rule_asks_for():
    node = rule(rule(leaf("group", "is", 3), op="not"), leaf("group", "is", 4))

    assert groups_in(node) == {3, 4}
    assert groups_in(None) == set()


def test_groups_come_behind_those_they_ask_for_even_in_a_circle():
    first, second, third = (ClientGroupFactory(dynamic=True) for _n in range(3))
    first.rule = rule(leaf("group", "is", second.pk), leaf("group_ever", "is", 10**9))
    second.rule = rule(leaf("group_ever", "one_of", [third.pk]))
    assert in_order([first, second, third]) == [third, second, first]

    third.rule = rule(leaf("group", "is", first.pk))
    assert set(in_order([first, second, third])) == {first, second, third}


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
