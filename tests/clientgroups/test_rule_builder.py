"""The steps of the rule builder: what each button does to the tree, and where it leads."""

import json

import pytest
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import override

from clientgroups.forms.rule_steps import path_of
from clientgroups.forms.rules import RuleBuilder
from clientgroups.selectors.rules.presets import PRESETS, presets
from clientgroups.selectors.rules.tree import DEEPEST, check_rule
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.rules import CustomFieldFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return UserFactory(admin=True)


def leaf(name):
    return {"field": "name", "op": "is", "value": name}


def branch(*parts, op="and"):
    return {"op": op, "rules": [leaf(part) if isinstance(part, str) else part for part in parts]}


TREE = branch("a", branch("b", "c", op="or"), "d")


def sent(builder, step="", more=()):
    """What the form of a builder would send back."""
    data = QueryDict(mutable=True)

    def walk(part):
        if hasattr(part, "parts"):
            data[f"{part.prefix}-match"] = part.match
            for inner in part.parts:
                walk(inner)
            return
        for name, value in part.typed.items():
            data[f"{part.prefix}-{name}"] = value
        data[f"{part.prefix}-was"] = part.field
        data.setlist(f"{part.prefix}-value", part.values)

    walk(builder.root)
    data["step"], data["removed"] = step, builder.removed
    data.update(dict(more))
    return data


def of(rule, user):
    builder = RuleBuilder(user)
    builder.show(rule)
    return builder


def after(rule, user, *steps, more=()):
    builder = of(rule, user)
    for step in steps:
        builder = RuleBuilder.of_post(sent(builder, step, more), user)
    return builder


def shape(node):
    """a(bc)d: the names of the conditions, groups in brackets."""
    return "".join(
        f"({shape(part)})" if "rules" in part else part.get("value", "?") for part in node["rules"]
    )


MOVES = [
    ("up:c-1", "a(bc)d", "c-1-up"),
    ("down:c-1", "(abc)d", "c-1-1-down"),
    ("up:c-3", "a(bcd)", "c-2-3-up"),
    ("down:c-3", "a(bc)d", "c-3-down"),
    ("up:c-2-1", "ab(c)d", "c-2-up"),
    ("down:c-2-2", "a(b)cd", "c-3-down"),
    ("up:c-2-2", "a(cb)d", "c-2-1-up"),
    ("up:c-2", "(bc)ad", "c-1-up"),
    ("down:c-2", "ad(bc)", "c-3-down"),
    ("remove:c-2", "ad", "c-add"),
    ("remove:c-2-1", "a(c)d", "c-2-add"),
    ("copy:c-1", "aa(bc)d", "c-2-field"),
    ("copy:c-2", "a(bc)(bc)d", "c-3-match"),
    ("add:c", "a(bc)d", "c-4-field"),
    ("add:c-2", "a(bc)d", "c-2-3-field"),
    ("group:c-2", "a(bc())d", "c-2-3-match"),
]


@pytest.mark.parametrize(("step", "expected", "focus"), MOVES)
def test_button_changes_the_tree_and_leads_to_what_it_changed(admin, step, expected, focus):
    builder = after(TREE, admin, step)

    assert shape(builder.raw()).replace("?", "") == expected
    assert builder.focus == focus
    assert builder.said


NOTHING = ["", "up:c", "up:c-9", "up:x-1", "copy:c", "remove:c", "add:c-1", "group:c-1", "up:c-1-a"]


@pytest.mark.parametrize("step", [*NOTHING, "explode:c", "take:c", "restore:c", "preset:none"])
def test_step_that_makes_no_sense_changes_nothing(admin, step):
    assert after(TREE, admin, step).raw() == TREE


def test_path_of_reads_only_names_of_parts():
    assert path_of("c") == ()
    assert path_of("c-2-1") == (2, 1)
    assert path_of("c" + "-1" * (DEEPEST + 1)) is None
    assert path_of("d-1") is path_of("c-") is None


def test_removed_part_comes_back_where_it_stood(admin):
    assert after(TREE, admin, "remove:c-2", "restore:c").raw() == TREE
    assert after(TREE, admin, "remove:c-2-2", "restore:c").raw() == TREE
    only = branch("a")
    assert after(only, admin, "remove:c-1", "restore:c").raw() == only


@pytest.mark.parametrize(
    "kept",
    [
        "{",
        "[]",
        "7",
        json.dumps({"path": [1]}),
        json.dumps({"path": "x", "part": {}}),
        json.dumps({"path": [7, 7], "part": {"typed": {}, "values": []}}),
        json.dumps({"path": [1], "part": 7}),
        json.dumps({"path": [1], "part": {"typed": 1, "values": 2}}),
        "[" * 9000,
    ],
)
def test_forged_removed_part_is_ignored(admin, kept):
    builder = of(TREE, admin)
    builder.removed = kept

    assert RuleBuilder.of_post(sent(builder, "restore:c"), admin).raw() == TREE


def test_nothing_grows_beyond_fifty_conditions(admin):
    full = branch(*("a" for _n in range(49)), branch("b", "c"))
    full["rules"].pop(0)
    for step in ("add:c", "group:c", "copy:c-1", "copy:c-49", "add:c-49"):
        builder = after(full, admin, step)
        assert builder.full
        assert "at most 50" in builder.error
        assert builder.raw() == full


def test_groups_are_offered_down_to_the_tenth_level(admin):
    rule = branch("a")
    for _level in range(DEEPEST - 1):
        rule = branch(rule)
    path = "c" + "-1" * (DEEPEST - 1)
    builder = of(rule, admin)

    assert builder.root.depth() == DEEPEST
    assert not builder.root.at((1,) * (DEEPEST - 1)).may_nest
    assert after(rule, admin, f"group:{path}").raw() == rule
    assert check_rule(after(rule, admin, f"copy:{path}-1").raw(), actor=admin)


def test_empty_group_is_refused_beside_itself(admin):
    builder = after(TREE, admin, "remove:c-2-1", "remove:c-2-1")

    assert not builder.is_valid()
    assert "add at least one condition" in builder.root.at((2,)).error


def test_every_mistake_stands_beside_its_own_condition(admin):
    wrong = {"field": "purchase_count", "op": "gte", "value": "many"}
    builder = of(branch("a", branch(wrong, "b", op="not"), wrong), admin)

    assert not builder.is_valid()

    assert "write a number" in builder.root.at((2, 1)).error
    assert "write a number" in builder.root.at((3,)).error
    assert builder.root.at((1,)).error == builder.error == ""
    assert len(builder.errors) == 2


# What was typed stays -----------------------------------------------------------------------------


def test_value_typed_for_one_operator_comes_back_with_it(admin):
    money = {"field": "purchase_average", "op": "gte", "value": "12,5x", "currency": "eur"}
    unknown = after(branch(money), admin, "fields", more={"c-1-op": "empty"})
    assert ("value", "12,5x") in unknown.root.at((1,)).hidden

    between = RuleBuilder.of_post(
        sent(unknown, "fields", {"c-1-op": "between", "c-1-low": "1"}), admin
    )
    back = RuleBuilder.of_post(sent(between, "fields", {"c-1-op": "gte"}), admin)

    row = back.root.at((1,))
    assert (row.value, row.currency, ("low", "1") in row.hidden) == ("12,5x", "eur", True)


def test_another_field_keeps_a_value_of_the_same_kind_only(admin):
    count = branch({"field": "purchase_count", "op": "gte", "value": "7"})

    number = after(count, admin, "fields", more={"c-1-field": "health"}).root.at((1,))
    text = after(count, admin, "fields", more={"c-1-field": "city"}).root.at((1,))

    assert (number.value, number.op) == ("7", "gte")
    assert (text.value, text.op) == ("", "contains")


def test_span_changes_its_shape_and_keeps_its_number(admin):
    node = {
        "field": "purchase_count",
        "op": "gte",
        "value": "1",
        "within": {"n": 7, "unit": "weeks"},
    }
    named = after(branch(node), admin, "fields", more={"c-1-span_unit": "last_year"}).root.at((1,))

    assert named.leaf()["within"] == {"period": "last_year"}
    assert ("span", "7") in named.hidden
    between = after(
        branch(node),
        admin,
        "fields",
        more={
            "c-1-span_unit": "between",
            "c-1-span_from": "2026-01-01",
            "c-1-span_to": "2026-02-01",
        },
    )
    assert between.root.at((1,)).leaf()["within"] == {"from": "2026-01-01", "to": "2026-02-01"}
    always = after(branch(node), admin, "fields", more={"c-1-span_unit": "no-such"}).root.at((1,))
    assert "within" not in always.leaf()


def test_vanished_custom_field_stays_in_sight_and_is_refused(admin):
    field = CustomFieldFactory(archived_at=timezone.now())
    rule = branch({"field": f"custom:{field.key}", "op": "is", "value": "x"})
    group = ClientGroupFactory(dynamic=True, owner=admin, rule=rule)

    builder = RuleBuilder.of_rule(admin, group)

    row = builder.root.at((1,))
    assert "archived or deleted" in row.error
    assert row.sections[0][1][0][0] == f"custom:{field.key}"
    assert builder.raw()["rules"][0]["field"] == f"custom:{field.key}"


def test_value_that_is_offered_no_longer_stays_in_sight(admin):
    gone = ClientGroupFactory(archived_at=timezone.now())
    builder = of(branch({"field": "group", "op": "is", "value": gone.pk}), admin)

    row = builder.root.at((1,))

    assert row.options[0][0] == str(gone.pk)
    assert not builder.is_valid()
    assert "deleted or put away" in row.error


def test_lead_sees_no_names_of_groups_that_only_the_owner_sees(admin):
    hidden, lead = ClientGroupFactory(name="Secret"), UserFactory()
    rule = branch({"field": "group", "op": "is", "value": hidden.pk})
    group = ClientGroupFactory(dynamic=True, owner=admin, rule=rule)

    builder = RuleBuilder.of_rule(lead, group)

    assert builder.root.at((1,)).options == [(str(hidden.pk), "(not visible to you)")]
    assert builder.is_valid()
    forged = of(branch({"field": "has_email", "op": "is", "value": "maybe"}), admin)
    assert forged.root.at((1,)).options[0] == ("maybe", "(no longer on offer)")


# Ready rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_every_ready_rule_is_a_right_one(admin, preset):
    assert check_rule(preset.rule, actor=admin)
    assert preset in presets()


def test_ready_rule_replaces_an_untouched_one_and_joins_another(admin):
    new = after(None, admin, "preset:detractors")
    assert new.raw()["rules"][0]["field"] == "wave_nps"

    beside = after(branch("a"), admin, "preset:detractors")

    assert [part.get("field", "group") for part in beside.raw()["rules"]] == ["name", "group"]
    assert beside.is_valid()


def test_ready_rule_without_its_fields_is_not_offered(monkeypatch):
    monkeypatch.setattr("clientgroups.selectors.rules.presets.Fields", list)

    assert presets() == []


def test_text_takes_no_steps(admin):
    builder = after(TREE, admin, "text")
    data = QueryDict(mutable=True)
    data.update({"as_text": "yes", "rule_text": builder.text, "step": "preset:big"})

    assert RuleBuilder.of_post(data, admin).raw() == TREE
    with override("zh-hans"):
        assert RuleBuilder.of_post(data, admin).tree.lines


def test_focus_follows_what_takes_the_place_of_the_pressed_button(admin):
    assert after(TREE, admin, "text").focus == "rule-text"
    assert after(TREE, admin, "text", more=[("as_text", "yes")]).focus == "rule-text"
    written = [("as_text", "yes"), ("rule_text", json.dumps(TREE))]
    assert after(TREE, admin, "rows", more=written).focus == "c-text"
    wrong = [("as_text", "yes"), ("rule_text", "{")]
    assert after(TREE, admin, "rows", more=wrong).focus == "rule-text"
    assert after(TREE, admin, "fields").focus == ""


@pytest.mark.parametrize("key", [preset.key for preset in PRESETS])
def test_focus_goes_to_the_ready_rule_that_was_added(admin, key):
    builder = after(TREE, admin, f"preset:{key}")

    last = builder.root.parts[-1]
    assert builder.focus == f"{last.prefix}-{'match' if hasattr(last, 'parts') else 'field'}"
