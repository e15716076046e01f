"""Random rules over random clients: SQL and a slow Python reference choose the same ones."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clientgroups.models import Channel, Client, RfmScore
from clientgroups.selectors.rules import Fields, check_rule, matching
from clientgroups.selectors.rules.explain import explain
from clientgroups.selectors.rules.kinds import MANY, NEXT, NOTHING, PERIOD, RANGE, WINDOW
from tests.clientgroups.rule_people import WORDS, World
from tests.clientgroups.rule_reference import DAY, TODAY, holds
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
QUIET = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

texts = st.sampled_from(["har", "HARBOUR", "a", "%", "_", "\\", "'", "港食", "Ü", *WORDS[1:]])
numbers = st.sampled_from(["-10", "0", "0.5", "1", "2", "3", "12.5", "20", "40", "93.75", "400"])
days = st.integers(-40, 900).map(lambda n: (TODAY - n * DAY).isoformat())
units = st.sampled_from(["days", "weeks", "months", "years"])
windows = st.builds(lambda n, unit: {"n": n, "unit": unit}, st.integers(1, 30), units)
nexts = st.builds(lambda n, unit: {"n": n, "unit": unit}, st.just(1), units) | st.builds(
    lambda n: {"n": n, "unit": "days"}, st.integers(1, 366)
)
named = st.sampled_from(["this", "last"]).flatmap(
    lambda which: st.sampled_from(["month", "quarter", "year"]).map(lambda u: f"{which}_{u}")
)
periods = st.one_of(
    windows,
    named.map(lambda name: {"period": name}),
    st.lists(days, min_size=2, max_size=2)
    .map(sorted)
    .map(lambda two: dict(zip(("from", "to"), two, strict=True))),
)
ranges = st.lists(numbers, min_size=2, max_size=2).map(
    lambda two: dict(zip(("low", "high"), sorted(two, key=float), strict=True))
)


@st.composite
def leaves(draw, fields, offered):
    entry = draw(st.sampled_from(fields))
    op = draw(st.sampled_from(list(entry.operators)))
    takes = entry.operators[op].takes
    if entry.key in offered:
        one = st.sampled_from(offered[entry.key])
    else:
        one = {"number": numbers, "date": days, "yes_no": st.booleans()}.get(entry.kind, texts)
    node = {"field": entry.key, "op": op}
    stretch = {WINDOW: windows, PERIOD: periods, NEXT: nexts, RANGE: ranges}.get(takes)
    if takes == MANY:
        node["value"] = draw(st.lists(one, min_size=1, max_size=3))
    elif takes != NOTHING:
        node["value"] = draw(stretch if stretch is not None else one)
    if entry.windowed and draw(st.booleans()):
        node["within"] = draw(periods)
    if entry.currency and draw(st.booleans()):
        node["currency"] = draw(st.sampled_from(["CNY", "EUR", "JPY"]))
    return node


def trees(fields, offered):
    ops = st.sampled_from(["and", "or", "not"])

    def branch(inner, most=3):
        lists = st.lists(inner, min_size=1, max_size=most)
        return st.builds(lambda op, rules: {"op": op, "rules": rules}, ops, lists)

    one = leaves(fields, offered)
    return branch(st.recursive(one, branch, max_leaves=8))


def offered_by(world):
    groups = [group.pk for group in world.groups]
    return {
        "kind": Client.Kind.values,
        "stage": Client.Stage.values,
        "owner": [owner.pk for owner in world.owners],
        "tags": [tag.pk for tag in world.tags],
        "group": groups,
        "group_ever": groups,
        "language": ["en", "zh-hans"],
        "consent": Channel.values,
        "custom:newsletter": ["true", "false"],
        "custom:size": ["S", "M"],
        "rfm_segment": RfmScore.Segment.values,
    }


def deep(node):
    return 1 + max((deep(part) for part in node["rules"]), default=0) if "rules" in node else 0


@pytest.fixture(params=[1, 2, 3])
def world(request):
    return World(request.param)


def kinds_of(fields):
    return {entry.key: entry.kind for entry in fields}


def outside(node):
    return {"op": "not", "rules": [node]}


def test_any_rule_gives_the_same_clients_in_sql_and_in_python(world):
    admin = UserFactory(admin=True)
    fields = list(Fields())
    kinds, offered = kinds_of(fields), offered_by(world)
    everyone = {client.pk for client, _facts in world.people}

    @QUIET
    @given(node=trees(fields, offered))
    def compare(node):
        if deep(node) > 9:
            return
        checked = check_rule(node, actor=admin)
        inside = set(matching(checked, owner=admin, today=TODAY).values_list("pk", flat=True))

        assert inside == {
            client.pk for client, facts in world.people if holds(facts, checked, kinds)
        }
        rest = matching(outside(checked), owner=admin, today=TODAY).values_list("pk", flat=True)
        assert set(rest) == everyone - inside
        some = sorted(everyone)[::3]
        asked = matching(checked, owner=admin, today=TODAY, among=some)
        assert set(asked.values_list("pk", flat=True)) == inside.intersection(some)

    compare()


def test_every_operator_of_every_field_agrees_with_the_reference(world):
    admin = UserFactory(admin=True)
    fields = list(Fields())
    kinds, offered = kinds_of(fields), offered_by(world)
    client, facts = world.people[0]
    seen = set()

    @settings(QUIET, max_examples=300)
    @given(node=leaves(fields, offered))
    def compare(node):
        checked = check_rule({"op": "and", "rules": [node]}, actor=admin)
        seen.add(node["field"])
        found = matching(checked, owner=admin, today=TODAY)
        expected = {each.pk for each, known in world.people if holds(known, checked, kinds)}
        assert set(found.values_list("pk", flat=True)) == expected
        line = explain(checked, client=client, owner=admin, reader=admin, today=TODAY)
        assert line.holds == holds(facts, checked, kinds)

    compare()
    assert len(seen) > len(fields) / 2
