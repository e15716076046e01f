import re

import pytest
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from clientgroups.selectors.rules import check_rule, sentence
from clientgroups.selectors.rules.card import in_both_languages, problems_of, rule_card
from clientgroups.selectors.rules.presets import PRESETS
from clientgroups.selectors.rules.preview import overlaps_of, preview_rule
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    MembershipFactory,
    PurchaseFactory,
)
from tests.factories.rules import CustomFieldFactory, TagFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
LOYAL = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


@pytest.fixture
def admin():
    return UserFactory(admin=True)


# Size and overlap ---------------------------------------------------------------------------------


def group_of(*clients, **fields):
    group = ClientGroupFactory(member_count=len(clients), **fields)
    for client in clients:
        MembershipFactory(client_group=group, client=client)
    return group


def test_overlap_counts_shared_clients_by_both_measures(admin):
    loyal = [ClientFactory(stage="loyal", name=f"L{n}") for n in range(4)]
    other = ClientFactory()
    half = group_of(loyal[0], loyal[1], other, name="Half")
    same = group_of(*loyal, name="Same")
    group_of(other, name="Apart")
    group_of(loyal[0], archived_at=timezone.now())
    left = group_of(name="Left")
    MembershipFactory(client_group=left, client=loyal[0], valid_to=timezone.localdate())

    preview = preview_rule(rule=LOYAL, actor=admin)

    assert (preview.count, preview.total, preview.share) == (4, 5, 0.8)
    assert preview.sample == loyal
    assert [
        (one.group, one.shared, one.size, one.share, one.jaccard) for one in preview.overlaps
    ] == [
        (same, 4, 4, 1.0, 1.0),
        (half, 2, 3, 0.5, 0.4),
    ]


def test_overlap_leaves_out_the_group_itself_and_those_nobody_may_see():
    loyal = ClientFactory(stage="loyal")
    group = group_of(loyal, owner=loyal.owner, kind="dynamic", rule=LOYAL)
    group_of(loyal)

    assert preview_rule(rule=LOYAL, actor=loyal.owner, group=group).overlaps == []


def test_preview_of_nothing_knows_no_shares(admin):
    preview = preview_rule(rule=LOYAL, actor=admin)

    assert (preview.count, preview.sample, preview.share, preview.overlaps) == (0, [], None, [])


def test_overlap_page_compares_todays_members(client, sign_in):
    one, two = ClientFactory(), ClientFactory()
    group = group_of(one, two, name="Mine")
    user = sign_in("viewer", group)
    other = group_of(one, name="Theirs")
    other.access.create(user=user, role="viewer")
    former = group_of(name="Former")
    MembershipFactory(client_group=former, client=one, valid_to=timezone.localdate())

    (found,) = overlaps_of(group, user)
    page = client.get(url("group_overlap", group.pk)).content.decode()

    assert (found.group, found.shared, found.share, found.jaccard) == (other, 1, 0.5, 0.5)
    assert "Theirs" in page
    assert "50%" in page
    alone = client.get(url("group_overlap", other.pk), headers=HTMX).content.decode()
    assert "Mine" in alone
    other.memberships.all().delete()
    assert "No overlap" in client.get(url("group_overlap", group.pk)).content.decode()


def test_preview_that_takes_too_long_still_says_the_rule(client, sign_in, monkeypatch):
    sign_in("manager")

    def slow(**fields):
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr("clientgroups.views.rules.preview_rule", slow)
    typed = {"name": "A", "c-match": "and", "step": "preview", "kind": "dynamic"}
    typed |= {"c-1-field": "stage", "c-1-op": "is", "c-1-value": "loyal"}

    page = client.post(url("group_create"), typed, headers=HTMX).content.decode()

    assert "the lifecycle stage is Loyal" in page
    assert "Counting takes too long" in page


def test_step_is_told_to_who_cannot_see_and_asks_for_a_new_preview(client, sign_in):
    sign_in("manager")
    typed = {"name": "A", "c-match": "and", "step": "add:c", "kind": "dynamic"}
    typed |= {"c-1-field": "stage", "c-1-op": "is", "c-1-value": "loyal"}

    response = client.post(url("group_create"), typed, headers=HTMX)

    page = response.content.decode()
    assert response["HX-Trigger"] == '{"ruleChanged": {}}'
    said = re.search(r'id="rule-said"[^>]*hx-swap-oob="innerHTML">([^<]*)<', page)
    assert said[1] == "Condition 2 was added."
    assert re.search(r'<select[^>]*id="c-2-field"[^>]* autofocus', page)
    whole = client.post(url("group_create"), typed).content.decode()
    assert 'role="status">Condition 2 was added.' in whole
    assert "hx-swap-oob" not in whole


# Sentences ----------------------------------------------------------------------------------------


def one(field, op, value=None, **more):
    leaf = {"field": field, "op": op} | ({} if value is None else {"value": value}) | more
    return {"op": "and", "rules": [leaf]}


MONTHS = {"n": 3, "unit": "months"}
SENTENCES = [
    (one("stage", "one_of", ["loyal", "lapsed"]), "the lifecycle stage is one of Loyal or Lapsed"),
    (one("kind", "none_of", ["person"]), "the kind of client is none of Person"),
    (one("city", "ends", "ton"), "the city ends with “ton”"),
    (one("city", "known"), "the city is filled in"),
    (one("country", "one_of", ["A", "B", "C"]), "the country is one of “A”, “B” or “C”"),
    (one("health", "empty"), "the health of the client is unknown"),
    (one("health", "between", {"low": "1", "high": "1000.5"}), "is between 1 and 1,000.5"),
    (one("purchase_sum", "gt", "10"), "the sum of purchases is more than ¥10"),
    (one("purchase_sum", "lt", "10", currency="EUR"), "the sum of purchases is less than €10"),
    (
        one("purchase_count", "ne", "1", within={"period": "last_quarter"}),
        "the number of purchases in the last calendar quarter is not 1",
    ),
    (
        one("product", "not_contains", "Tea", within=MONTHS),
        "the client bought no product whose name contains “Tea” in the last 3 months",
    ),
    (
        one("last_purchase", "within", {"period": "this_month"}),
        "the last purchase falls this month",
    ),
    (
        one("last_purchase", "within", {"from": "2024-01-05", "to": "2024-02-29"}),
        "the last purchase falls between 5 Jan 2024 and 29 Feb 2024",
    ),
    (one("last_purchase", "older", {"n": 1, "unit": "years"}), "lies more than 1 year back"),
    (
        one("first_purchase", "anniversary", {"n": 2, "unit": "weeks"}),
        "the first purchase has its anniversary in the next 2 weeks",
    ),
    (one("has_email", "is", value=False), "no contact may be sent e-mail"),
    (one("answered", "is", value=True), "the client has answered a survey"),
    (one("language", "one_of", ["en", "zh-hans"]), "a contact speaks one of English or 简体中文"),
    (one("tags", "empty"), "the client has no tag"),
]


@pytest.mark.parametrize(("rule", "words"), SENTENCES)
def test_condition_is_said_as_people_say_it(admin, rule, words):
    assert words in sentence(check_rule(rule, actor=admin), admin)


def test_nested_rule_is_one_sentence(admin):
    tags = [TagFactory(name="Key").pk, TagFactory(name="重点").pk]
    leaf = one("name", "is", "A")["rules"][0]
    rule = {
        "op": "and",
        "rules": [
            leaf,
            {"op": "or", "rules": [leaf, {"op": "not", "rules": [leaf]}]},
            {"op": "and", "rules": [{"op": "or", "rules": [leaf]}]},
            {"op": "not", "rules": [one("tags", "all_of", tags)["rules"][0], leaf]},
        ],
    }

    said = sentence(check_rule(rule, actor=admin), admin)

    name = "the name is “A”"
    assert said == (
        f"Clients for whom the following is true: {name}, ({name}, or it is not true that {name}),"
        f" {name}, and it is not true that (the tags include all of “Key” and “重点”, or {name})."
    )


@pytest.mark.parametrize("inner", [{"op": "and", "rules": []}, {"op": "not", "rules": []}])
def test_stored_rule_without_conditions_breaks_no_page(client, sign_in, inner):
    user = sign_in("admin")
    for rule in (inner, {"op": "or", "rules": [LOYAL, inner]}):
        group = ClientGroupFactory(kind="dynamic", rule=rule, owner=user)
        row = MembershipFactory(client_group=group)
        pages = [url("group_detail", group.pk), url("group_edit", group.pk)]
        pages.append(url("client_why", row.client_id, group.pk))
        for page in pages:
            assert client.get(page).status_code == 200
        assert "no condition" in client.get(pages[0]).content.decode()


def test_custom_field_has_its_name_in_both_languages(admin):
    field = CustomFieldFactory(label="Budget", label_zh="预算", kind="choice", choices=["S", "M"])
    rule = check_rule(one(f"custom:{field.key}", "is", "S"), actor=admin)

    found = in_both_languages(rule, admin)
    with override("zh-hans"):
        turned = in_both_languages(rule, admin)

    assert "“Budget” is S" in found["sentence"]
    assert "“预算”" in found["other"]
    assert (turned["sentence"], turned["other"]) == (found["other"], found["sentence"])
    assert (found["other_language"], turned["other_language"]) == ("zh-hans", "en")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_sentence_is_whole_in_both_languages(admin, preset):
    for language in ("en", "zh-hans"):
        with override(language):
            said = sentence(preset.rule, admin)
        assert "%(" not in said
        assert said[-1] in ".。"


def test_card_of_a_listed_group_is_empty_and_of_a_mended_one_tells_no_problem(admin):
    assert rule_card(ClientGroupFactory(), admin) == {}
    mended = ClientGroupFactory(dynamic=True, problem="rule", owner=admin)
    assert problems_of(mended) == []
    assert problems_of(ClientGroupFactory(dynamic=True, problem="slow")) == []


def test_field_without_words_of_its_own_is_still_said(admin):
    PurchaseFactory()
    field = CustomFieldFactory(label="Size", kind="yes_no")
    rule = check_rule(one(f"custom:{field.key}", "is_not", "true"), actor=admin)

    assert "“Size” is not yes" in sentence(rule, admin)
