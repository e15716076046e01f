import pytest
from django.urls import reverse

from clientgroups.models import ClientGroup
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    GroupAccessFactory,
)
from tests.factories.rules import CustomFieldFactory, TagFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}
LOYAL = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


def row(number, **fields):
    return {f"c-{number}-{name}": value for name, value in fields.items()}


FILLED = {
    "name": "Loyal",
    "description": "They stay",
    "kind": "dynamic",
    "c-match": "and",
    **row(1, field="stage", op="is", value="loyal"),
}


# Writing a group ----------------------------------------------------------------------------------


def test_manager_creates_a_group_from_a_rule_without_javascript(client, sign_in):
    user = sign_in("manager")
    ClientFactory(owner=user, stage="loyal")
    assert client.get(url("group_create")).status_code == 200

    response = client.post(url("group_create"), FILLED | {"step": "save"}, follow=True)

    group = ClientGroup.objects.get()
    assert (group.rule, group.member_count, group.owner) == (LOYAL, 1, user)
    assert response.redirect_chain == [(group.get_absolute_url(), 302)]
    assert "The group was created." in text_of(response)


def test_manager_creates_a_listed_group(client, sign_in):
    sign_in("manager")
    page = client.post(url("group_create"), FILLED | {"step": "kind-static"})
    assert page.status_code == 200
    assert "c-1-field" not in text_of(page)
    assert 'value="Loyal"' in text_of(page)

    client.post(url("group_create"), {"name": "Harbour", "kind": "static"})

    assert ClientGroup.objects.get().kind == "static"


def test_refused_group_keeps_what_was_typed_and_says_why_beside_it(client, sign_in):
    sign_in("manager")
    ClientGroupFactory(name="Loyal")
    typed = FILLED | row(
        2, field="purchase_count", op="gte", value=HOSTILE, span="12", span_unit="months"
    )

    response = client.post(url("group_create"), typed)

    page = text_of(response)
    assert response.status_code == 422
    assert "exists already" in page
    assert "Condition 2: Number of purchases: write a number" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert 'id="c-2-span" name="c-2-span" value="12"' in page
    assert ClientGroup.objects.count() == 1


def test_group_that_the_service_refuses_is_shown_again(client, sign_in, monkeypatch):
    sign_in("manager")
    monkeypatch.setattr("django.forms.ModelForm.validate_unique", lambda form: None)
    ClientGroupFactory(name="Loyal")

    response = client.post(url("group_create"), FILLED)

    assert response.status_code == 422
    assert "exists already" in text_of(response)


STEPS = [
    ("add:c", {}, ["stage", "stage"]),
    ("remove:c-1", row(2, field="name", op="contains", value="a"), ["name"]),
    ("remove:c-1", {}, ["stage"]),
    ("remove:c-9", {}, ["stage"]),
    ("fields", row(1, field="last_purchase", op="is", value="loyal"), ["last_purchase"]),
    ("fields", row(1, field="no_such_field", op="is", value="loyal"), ["stage"]),
]


@pytest.mark.parametrize(("step", "changes", "fields"), STEPS)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_rows_of_a_rule_are_added_and_removed_by_button(
    client, sign_in, step, changes, fields, headers
):
    sign_in("manager")

    response = client.post(url("group_create"), FILLED | changes | {"step": step}, headers=headers)

    assert response.status_code == 200
    assert [row.field for row in response.context["builder"].root.parts] == fields
    assert ("<html" in text_of(response)) == (not headers)
    assert 'id="rule-builder"' in text_of(response)
    assert not ClientGroup.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_preview_shows_size_and_first_clients(client, sign_in, headers):
    user = sign_in("manager")
    ClientFactory(owner=user, stage="loyal", name=HOSTILE)

    response = client.post(url("group_create"), FILLED | {"step": "preview"}, headers=headers)

    page = text_of(response)
    assert response.status_code == 200
    assert "<b>1</b> of 1 client" in page
    assert HOSTILE not in page
    assert not ClientGroup.objects.exists()


def test_preview_of_a_bad_rule_says_why(client, sign_in):
    sign_in("manager")
    typed = FILLED | row(1, field="purchase_count", op="gte", value="many")

    page = text_of(client.post(url("group_create"), typed | {"step": "preview"}, headers=HTMX))

    assert "write a number such as" in page


def form_of(builder):
    """What a browser would send for the fields that are drawn."""
    typed = {}

    def walk(part):
        if hasattr(part, "parts"):
            typed[f"{part.prefix}-match"] = part.match
            for inner in part.parts:
                walk(inner)
            return
        typed[f"{part.prefix}-value"] = part.values
        for name in (*part.typed, "lines", "unit", "span_unit"):
            typed[f"{part.prefix}-{name}"] = getattr(part, name)

    walk(builder.root)
    return typed


DRAWN = [
    {"field": "stage", "op": "one_of", "value": ["lapsed", "loyal"]},
    {
        "field": "purchase_count",
        "op": "gte",
        "value": "4",
        "within": {"n": 12, "unit": "months"},
    },
    {"field": "purchase_sum", "op": "lte", "value": "99.5", "currency": "EUR"},
    {
        "field": "purchase_average",
        "op": "between",
        "value": {"low": "1", "high": "2.5"},
        "within": {"period": "last_quarter"},
    },
    {
        "field": "product",
        "op": "not_contains",
        "value": "Disc",
        "within": {"from": "2026-01-01", "to": "2026-02-28"},
    },
    {"field": "last_purchase", "op": "within", "value": {"n": 30, "unit": "days"}},
    {"field": "last_purchase", "op": "within", "value": {"period": "this_year"}},
    {
        "op": "or",
        "rules": [
            {"field": "first_purchase", "op": "before", "value": "2024-01-01"},
            {
                "field": "first_purchase",
                "op": "within",
                "value": {"from": "2026-01-01", "to": "2026-02-28"},
            },
            {
                "field": "first_purchase",
                "op": "anniversary",
                "value": {"n": 2, "unit": "weeks"},
            },
            {
                "op": "not",
                "rules": [{"field": "city", "op": "one_of", "value": ["Lyon", "南京"]}],
            },
        ],
    },
    {"field": "external_id", "op": "empty"},
    {"field": "has_email", "op": "is", "value": False},
]


def test_every_field_can_be_drawn_and_read_back(client, sign_in):
    user = sign_in("manager")
    listed = ClientGroupFactory(owner=user)
    GroupAccessFactory(client_group=listed, user=user, role="lead")
    tag, field = TagFactory(), CustomFieldFactory(kind="number")
    wanted = [
        *DRAWN,
        {"field": "group", "op": "is_not", "value": listed.pk},
        {"field": "tags", "op": "all_of", "value": [tag.pk]},
        {"field": f"custom:{field.key}", "op": "ne", "value": "7"},
    ]
    group = ClientGroupFactory(dynamic=True, owner=user, rule={"op": "not", "rules": wanted})
    GroupAccessFactory(client_group=group, user=user, role="lead")

    shown = client.get(url("group_edit", group.pk)).context["builder"]
    assert (shown.error, shown.errors) == ("", [])
    response = client.post(url("group_edit", group.pk), {"name": group.name} | form_of(shown))

    assert response.status_code == 302
    group.refresh_from_db()
    assert group.rule == {"op": "not", "rules": wanted}


NESTED = {"op": "or", "rules": [LOYAL, {"field": "kind", "op": "is", "value": "person"}]}


def test_nested_rule_is_changed_as_text_by_experts(client, sign_in):
    user = sign_in("manager")
    group = ClientGroupFactory(dynamic=True, rule=NESTED, owner=user)
    GroupAccessFactory(client_group=group, user=user, role="lead")
    fields = client.get(url("group_edit", group.pk)).context["builder"]
    typed = {"name": group.name} | form_of(fields)
    page = client.post(url("group_edit", group.pk), typed | {"step": "text"})
    assert "At least one of these holds" in text_of(page)
    assert page.context["builder"].as_text

    text = page.context["builder"].text.replace("loyal", "lapsed")
    typed = {"name": group.name, "as_text": "yes", "rule_text": text}
    back = client.post(url("group_edit", group.pk), typed | {"step": "rows"})
    assert not back.context["builder"].as_text
    client.post(url("group_edit", group.pk), typed)

    group.refresh_from_db()
    assert group.rule["rules"][0]["rules"][0]["value"] == "lapsed"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        pytest.param("[" * 9000, "not JSON", id="deep"),
        ("{}", "must be an object with"),
        ("7", "object"),
    ],
)
@pytest.mark.parametrize("step", ["save", "rows"])
def test_text_that_is_no_rule_stays_and_says_why(client, sign_in, text, words, step):
    sign_in("manager")
    typed = {"name": "A", "as_text": "yes", "rule_text": text, "step": step}

    response = client.post(url("group_create"), typed)

    assert response.status_code == (422 if step == "save" else 200)
    assert words in text_of(response)
    assert response.context["builder"].text == text


def test_other_lead_reads_the_rule_and_changes_name_and_description(client, sign_in):
    secret = ClientFactory(name="Secret", stage="loyal")
    group = ClientGroupFactory(dynamic=True, owner=UserFactory(admin=True, name="Lin"))
    user = sign_in("lead", group)
    seen = ClientFactory(owner=user, name="Seen", stage="loyal")
    why = "Only the owner of this group, Lin, changes its rule"

    page = client.get(url("group_edit", group.pk))
    part = client.post(url("group_edit", group.pk), {"step": "add:c"}, headers=HTMX)
    tried = FILLED | row(1, field="name", op="not_contains", value="§")
    preview = client.post(url("group_edit", group.pk), tried | {"step": "preview"}, headers=HTMX)
    refused = client.post(url("group_edit", group.pk), tried)
    texted = {"name": "Text", "as_text": "yes", "rule_text": "{}"}
    assert client.post(url("group_edit", group.pk), texted).status_code == 422
    saved = client.post(url("group_edit", group.pk), {"name": "Ours", "description": "New"})

    for shown in (page, part, refused):
        assert why in text_of(shown)
        assert "The lifecycle stage is Loyal" in text_of(shown)
        assert "c-1-field" not in text_of(shown)
    assert secret.name not in text_of(preview)
    assert preview.context["preview"].sample == [seen]
    assert (refused.status_code, saved.status_code) == (422, 302)
    assert 'value="Loyal"' in text_of(refused)
    group.refresh_from_db()
    assert (group.name, group.description, group.rule) == ("Ours", "New", LOYAL)
    assert not user.has_perm("clientgroups.view", secret)


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_owner_and_administrator_change_the_rule(client, sign_in, who):
    user = sign_in("manager" if who == "owner" else "admin")
    group = ClientGroupFactory(dynamic=True, **({"owner": user} if who == "owner" else {}))
    GroupAccessFactory(client_group=group, user=user, role="lead")

    client.post(
        url("group_edit", group.pk), FILLED | row(1, field="stage", op="is", value="lapsed")
    )

    group.refresh_from_db()
    assert group.rule["rules"][0]["value"] == "lapsed"


def test_lead_edits_a_listed_group(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)
    assert "rule-builder" not in text_of(client.get(url("group_edit", group.pk)))

    client.post(url("group_edit", group.pk), {"name": "Renamed"})

    group.refresh_from_db()
    assert group.name == "Renamed"
