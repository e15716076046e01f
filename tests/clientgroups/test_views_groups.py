import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import ClientGroup
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    GroupAccessFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}
LOYAL = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


def row(number, **fields):
    return {f"row-{number}-{name}": value for name, value in fields.items()}


FILLED = {
    "name": "Loyal",
    "description": "They stay",
    "kind": "dynamic",
    "match": "and",
    **row(1, field="stage", op="is", value="loyal"),
}


# List and page ------------------------------------------------------------------------------------


def test_group_list_shows_only_groups_with_a_role(client, sign_in):
    shown = ClientGroupFactory(name="Harbour", description=HOSTILE)
    ClientGroupFactory(name="Secret")
    sign_in("viewer", shown)

    page = text_of(client.get(url("group_list")))

    assert "Harbour" in page
    assert "Secret" not in page
    assert HOSTILE not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Harbour", "海港食品"}),
        ("?q=harb", {"Harbour"}),
        ("?q=食品", {"海港食品"}),
        ("?q=%25", set()),
        ("?kind=dynamic", {"海港食品"}),
        ("?kind=static&sort=-name", {"Harbour"}),
        ("?kind=archived", {"Old"}),
        ("?page=99&sort=nonsense", {"Harbour", "海港食品"}),
    ],
)
def test_group_list_is_filtered_by_its_address(client, sign_in, query, names):
    sign_in("admin")
    ClientGroupFactory(name="Harbour")
    ClientGroupFactory(dynamic=True, name="海港食品", stale_at=timezone.now())
    ClientGroupFactory(name="Old", archived_at=timezone.now())

    page = text_of(client.get(url("group_list") + query))

    assert {name for name in ("Harbour", "海港食品", "Old") if f">{name}</a>" in page} == names


def test_empty_group_list_offers_the_first_step_to_managers_only(client, sign_in):
    sign_in("manager")
    assert url("group_create") in text_of(client.get(url("group_list")))

    sign_in("outsider")
    assert f'href="{url("group_create")}"' not in text_of(
        client.get(url("group_list"), headers=HTMX)
    )


def test_group_page_shows_figures_of_its_members(client, sign_in):
    group = ClientGroupFactory(dynamic=True, name=HOSTILE, description="**Bold** " + HOSTILE)
    member = ClientFactory(stage="loyal", stage_as_of=timezone.localdate(), name="Larkfield")
    MembershipFactory(client_group=group, client=member)
    MembershipFactory(client_group=group, valid_to=timezone.localdate())
    for amount, currency in ((100, "CNY"), (-40, "CNY"), (7, "EUR")):
        PurchaseFactory(client=member, amount=amount, currency=currency)
    ClientGroup.objects.update(member_count=1, refreshed_at=timezone.now())
    sign_in("viewer", group)

    page = text_of(client.get(url("group_detail", group.pk)))

    assert "¥60" in page
    assert "€7" in page
    assert "2 joined, 1 left" in page
    assert "<strong>Bold</strong>" in page
    assert HOSTILE not in page
    assert "Lifecycle stage is Loyal" in page
    assert url("client_why", member.pk, group.pk) in page
    assert url("group_edit", group.pk) not in page


def test_group_page_without_members_shows_no_zero_for_no_data(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)

    page = text_of(client.get(url("group_detail", group.pk)))

    assert "not worked out yet" in page
    assert "<b>–</b>" in page
    assert url("group_add_clients", group.pk) in page


def test_group_page_needs_as_many_queries_for_three_members_as_for_one(
    client, sign_in, count_queries
):
    group = ClientGroupFactory(dynamic=True)
    sign_in("lead", group)
    MembershipFactory(client_group=group)
    address = url("group_detail", group.pk)
    client.get(address)

    one = count_queries(lambda: client.get(address))
    for _ in range(2):
        MembershipFactory(client_group=group)
        GroupAccessFactory(client_group=group)

    assert count_queries(lambda: client.get(address)) == one


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Larkfield", "Plum"}),
        ("?q=lark", {"Larkfield"}),
        ("?q=%25", set()),
        ("?former=1", {"Gone"}),
        (f"?q={'x' * 300}", {"Larkfield", "Plum"}),
    ],
)
def test_members_are_searched_and_former_ones_shown(client, sign_in, query, names):
    group = ClientGroupFactory()
    for name in ("Larkfield", "Plum"):
        MembershipFactory(client_group=group, client__name=name)
    MembershipFactory(client_group=group, client__name="Gone", valid_to=timezone.localdate())
    sign_in("viewer", group)

    page = text_of(client.get(url("group_members", group.pk) + query))

    assert {name for name in ("Larkfield", "Plum", "Gone") if name in page} == names


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
    assert "row-1-field" not in text_of(page)
    assert 'value="Loyal"' in text_of(page)

    client.post(url("group_create"), {"name": "Harbour", "kind": "static"})

    assert ClientGroup.objects.get().kind == "static"


def test_refused_group_keeps_what_was_typed_and_says_why_beside_it(client, sign_in):
    sign_in("manager")
    ClientGroupFactory(name="Loyal")
    typed = FILLED | row(2, field="purchase_count", op="gte", value=HOSTILE, span="12")

    response = client.post(url("group_create"), typed)

    page = text_of(response)
    assert response.status_code == 422
    assert "exists already" in page
    assert "Condition 2: Number of purchases: write a number" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert 'id="row-2-span" name="row-2-span" value="12"' in page
    assert ClientGroup.objects.count() == 1


def test_group_that_the_service_refuses_is_shown_again(client, sign_in, monkeypatch):
    sign_in("manager")
    monkeypatch.setattr("django.forms.ModelForm.validate_unique", lambda form: None)
    ClientGroupFactory(name="Loyal")

    response = client.post(url("group_create"), FILLED)

    assert response.status_code == 422
    assert "exists already" in text_of(response)


STEPS = [
    ("add", {}, ["stage", "stage"]),
    ("remove-1", row(2, field="name", op="contains", value="a"), ["name"]),
    ("remove-1", {}, ["stage"]),
    ("remove-9", {}, ["stage"]),
    ("rows", row(1, field="last_purchase", op="is", value="loyal"), ["last_purchase"]),
    ("rows", row(1, field="no_such_field", op="is", value="loyal"), ["stage"]),
]


@pytest.mark.parametrize(("step", "changes", "fields"), STEPS)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_rows_of_a_rule_are_added_and_removed_by_button(
    client, sign_in, step, changes, fields, headers
):
    sign_in("manager")

    response = client.post(url("group_create"), FILLED | changes | {"step": step}, headers=headers)

    assert response.status_code == 200
    assert [row.field for row in response.context["builder"].rows] == fields
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


def test_every_field_can_be_drawn_and_read_back(client, sign_in):
    user = sign_in("manager")
    listed = ClientGroupFactory(owner=user)
    GroupAccessFactory(client_group=listed, user=user, role="lead")
    wanted = [
        {"field": "stage", "op": "is_not", "value": "lapsed"},
        {
            "field": "purchase_count",
            "op": "gte",
            "value": "4",
            "within": {"n": 12, "unit": "months"},
        },
        {"field": "purchase_sum", "op": "lte", "value": "99.5", "currency": "EUR"},
        {"field": "last_purchase", "op": "within", "value": {"n": 30, "unit": "days"}},
        {"field": "first_purchase", "op": "before", "value": "2024-01-01"},
        {"field": "product", "op": "contains", "value": "Disc"},
        {"field": "external_id", "op": "empty"},
        {"field": "has_email", "op": "is", "value": False},
        {"field": "group", "op": "is_not", "value": listed.pk},
    ]
    group = ClientGroupFactory(dynamic=True, owner=user, rule={"op": "not", "rules": wanted})
    GroupAccessFactory(client_group=group, user=user, role="lead")

    shown = client.get(url("group_edit", group.pk)).context["builder"]
    typed = {"name": group.name, "match": shown.match}
    for line in shown.rows:
        names = ("field", "op", "value", "n", "unit", "span", "span_unit", "currency")
        typed |= row(line.number, **{name: getattr(line, name) for name in names})
    response = client.post(url("group_edit", group.pk), typed)

    assert response.status_code == 302
    group.refresh_from_db()
    assert group.rule == {"op": "not", "rules": wanted}


NESTED = {"op": "or", "rules": [LOYAL, {"field": "kind", "op": "is", "value": "person"}]}


def test_nested_rule_is_shown_as_tree_and_changed_as_text(client, sign_in):
    group = ClientGroupFactory(dynamic=True, rule=NESTED)
    sign_in("lead", group)
    page = client.get(url("group_edit", group.pk))
    assert "At least one of these holds" in text_of(page)
    assert page.context["builder"].as_text

    text = page.context["builder"].text.replace("loyal", "lapsed")
    typed = {"name": group.name, "as_text": "yes", "rule_text": text}
    back = client.post(url("group_edit", group.pk), typed | {"step": "rows"})
    assert "can only be changed as text" in text_of(back)
    client.post(url("group_edit", group.pk), typed)

    group.refresh_from_db()
    assert group.rule["rules"][0]["rules"][0]["value"] == "lapsed"


def test_rule_goes_from_rows_to_text_and_back(client, sign_in):
    sign_in("manager")
    as_text = client.post(url("group_create"), FILLED | {"step": "text"}).context["builder"]
    assert as_text.as_text

    typed = {"as_text": "yes", "rule_text": as_text.text, "step": "rows"}
    back = client.post(url("group_create"), typed).context["builder"]

    assert (back.as_text, back.rows[0].value) == (False, "loyal")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[" * 9000, "not JSON"),
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


def test_lead_edits_a_listed_group(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)
    assert "rule-builder" not in text_of(client.get(url("group_edit", group.pk)))

    client.post(url("group_edit", group.pk), {"name": "Renamed"})

    group.refresh_from_db()
    assert group.name == "Renamed"


def test_lead_refreshes_archives_and_restores(client, sign_in):
    group = ClientGroupFactory(dynamic=True)
    sign_in("lead", group)
    ClientFactory(owner=group.owner, stage="loyal")

    said = text_of(client.post(url("group_refresh", group.pk), follow=True))
    assert "The group has 1 client now." in said
    away = client.post(url("group_archive", group.pk), follow=True)
    assert url("group_restore", group.pk) in text_of(away)
    group.refresh_from_db()
    assert group.archived_at is not None
    assert "Archived" in text_of(client.get(url("group_detail", group.pk)))
    client.post(url("group_restore", group.pk))

    group.refresh_from_db()
    assert group.archived_at is None


# Members by hand ----------------------------------------------------------------------------------


def test_lead_finds_and_adds_clients(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    wanted = ClientFactory(owner=user, name="海港食品")
    ClientFactory(owner=user, name="Plum")
    address = url("group_add_clients", group.pk)

    page = text_of(client.get(address + "?q=海港"))
    assert "海港食品" in page
    assert "Plum" not in page
    response = client.post(address, {"clients": [wanted.pk], "because": "Signed"}, follow=True)

    assert "1 client was added." in text_of(response)
    assert group.memberships.get().began_because == "Signed"


def test_adding_nobody_says_so_and_finding_nobody_too(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    ClientFactory(owner=user)

    response = client.post(url("group_add_clients", group.pk), {})

    assert response.status_code == 422
    assert "Tick at least one client." in text_of(response)
    page = client.get(url("group_add_clients", group.pk) + "?q=zzz", headers=HTMX)
    assert "Nobody found" in text_of(page)


def test_clients_of_others_cannot_be_added(client, sign_in):
    group, foreign = ClientGroupFactory(), ClientFactory()
    sign_in("lead", group)

    response = client.post(url("group_add_clients", group.pk), {"clients": [foreign.pk]})

    assert response.status_code == 422
    assert not group.memberships.exists()


def test_more_clients_than_fit_are_announced(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    for _ in range(21):
        ClientFactory(owner=user)

    assert "More clients fit" in text_of(client.get(url("group_add_clients", group.pk)))


def test_rule_group_takes_no_clients_by_hand(client, sign_in):
    member = MembershipFactory(client_group=ClientGroupFactory(dynamic=True))
    group = member.client_group
    user = sign_in("lead", group)
    other = ClientFactory(owner=user)

    assert "Change the rule instead" in text_of(client.get(url("group_add_clients", group.pk)))
    added = client.post(url("group_add_clients", group.pk), {"clients": [other.pk]})
    removed = client.post(url("group_remove_client", group.pk, member.pk), follow=True)
    back = client.post(url("group_reopen", group.pk, member.pk), follow=True)

    assert added.status_code == 422
    assert "follow its rule" in text_of(removed)
    assert "follow its rule" in text_of(back)
    assert group.memberships.get().valid_to is None


def test_removed_member_comes_back_by_undo(client, sign_in):
    member = MembershipFactory()
    group = member.client_group
    sign_in("lead", group)

    gone = client.post(url("group_remove_client", group.pk, member.pk), follow=True)
    undo = url("group_reopen", group.pk, member.pk)
    assert undo in text_of(gone)
    again = client.post(url("group_remove_client", group.pk, member.pk))
    assert again.status_code == 302
    client.post(undo)

    assert group.memberships.get().valid_to is None


def test_member_of_another_group_is_not_found(client, sign_in):
    member, group = MembershipFactory(), ClientGroupFactory()
    sign_in("lead", group)

    assert client.post(url("group_remove_client", group.pk, member.pk)).status_code == 404


# Access -------------------------------------------------------------------------------------------


def test_lead_gives_changes_and_takes_a_role_with_undo(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)
    other = UserFactory(email="ana@example.org")
    address = url("group_access", group.pk)

    client.post(address, {"email": "ANA@example.org", "role": "viewer"})
    again = client.post(address, {"email": other.email, "role": "viewer"}, follow=True)
    assert "has that role already" in text_of(again)
    access = group.access.get(user=other)
    gone = client.post(url("group_access_revoke", group.pk, access.pk), follow=True)
    assert not group.access.filter(user=other).exists()
    undo = next(part for part in text_of(gone).split('"') if "/access/undo/" in part)
    client.post(undo)

    assert group.access.get(user=other).role == "viewer"


def test_unknown_person_and_last_lead_are_refused_in_the_form(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    address = url("group_access", group.pk)

    unknown = client.post(address, {"email": "no@example.org", "role": "viewer"})
    lower = client.post(address, {"email": user.email, "role": "viewer"})
    access = group.access.get()
    revoked = client.post(url("group_access_revoke", group.pk, access.pk), follow=True)

    assert unknown.status_code == lower.status_code == 422
    assert "Nobody signs in with this e-mail" in text_of(unknown)
    assert "needs a lead" in text_of(lower)
    assert "needs a lead" in text_of(revoked)
    assert access.role == group.access.get().role == "lead"


def test_lead_who_gives_up_the_role_leaves_the_page(client, sign_in):
    group = GroupAccessFactory(role="lead").client_group
    user = sign_in("lead", group)

    response = client.post(url("group_access", group.pk), {"email": user.email, "role": "viewer"})

    assert response["Location"] == url("group_list")


def test_undo_of_a_role_that_changed_since_is_refused(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)
    other = UserFactory()
    address = url("group_access", group.pk)
    first = client.post(address, {"email": other.email, "role": "viewer"}, follow=True)
    undo = next(part for part in text_of(first).split('"') if "/access/undo/" in part)
    client.post(address, {"email": other.email, "role": "member"})

    response = client.post(undo, follow=True)

    assert "has changed since" in text_of(response)
    assert group.access.get(user=other).role == "member"


def test_pages_are_chinese_for_whoever_reads_chinese(client, sign_in):
    group = ClientGroupFactory(dynamic=True)
    sign_in("lead", group, language="zh-hans")

    response = client.get(url("group_detail", group.pk))

    assert response.status_code == 200
    assert '<html lang="zh-hans"' in text_of(response)
