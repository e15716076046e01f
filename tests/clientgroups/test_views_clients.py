import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import Client, Contact
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    GroupAccessFactory,
    LifecycleChangeFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


# List ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Larkfield", "云栖书店", "海港食品有限公司"]),
        ("?q=lark", ["Larkfield"]),
        ("?q=食品", ["海港食品有限公司"]),
        ("?q=书", ["云栖书店"]),
        ("?q=00417", ["Larkfield"]),
        ("?q=%25", []),
        ("?stage=loyal", ["云栖书店"]),
        ("?stage=nonsense", ["Larkfield", "云栖书店", "海港食品有限公司"]),
        ("?sort=-purchase_count", ["云栖书店", "Larkfield", "海港食品有限公司"]),
        ("?sort=-last_purchase_on", ["云栖书店", "Larkfield", "海港食品有限公司"]),
        ("?sort=last_purchase_on&page=7", ["Larkfield", "云栖书店", "海港食品有限公司"]),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_client_list_is_searched_filtered_and_sorted(client, sign_in, query, names, headers):
    user = sign_in("outsider")
    ClientFactory(
        owner=user,
        name="Larkfield",
        external_id="00417",
        purchase_count=2,
        last_purchase_on=dt.date(2026, 1, 1),
    )
    ClientFactory(
        owner=user,
        name="云栖书店",
        stage="loyal",
        purchase_count=9,
        last_purchase_on=dt.date(2026, 2, 1),
    )
    ClientFactory(owner=user, name="海港食品有限公司")
    ClientFactory(name="Somebody else's")

    response = client.get(url("client_list") + query, headers=headers)

    assert [row.name for row in response.context["page"]] == names
    assert ("<html" in text_of(response)) == (not headers)


def test_client_list_of_a_group(client, sign_in):
    member = MembershipFactory()
    ClientFactory(owner=sign_in("viewer", member.client_group))

    response = client.get(url("client_list") + f"?group={member.client_group_id}")

    assert [row.pk for row in response.context["page"]] == [member.client_id]


def test_client_list_keeps_filters_beside_the_stage(client, sign_in):
    sign_in("admin")

    page = text_of(client.get(url("client_list") + "?q=lark&page=3"))

    assert 'href="?q=lark&amp;stage=loyal"' in page


def test_client_list_says_how_a_stage_came_about(client, sign_in):
    user = sign_in("outsider")
    day = dt.date(1998, 6, 30)
    ClientFactory(owner=user, name=HOSTILE, stage_as_of=day, stage_follows_today=False)
    ClientFactory(owner=user, stage_fixed_until=dt.date(2027, 1, 1), stage_reason=HOSTILE)

    page = text_of(client.get(url("client_list")))

    assert "as of 30 Jun 1998" in page
    assert "by hand until 1 Jan 2027" in page
    assert HOSTILE not in page


def test_client_list_stops_counting_at_the_cap(client, sign_in, monkeypatch):
    monkeypatch.setattr("clientgroups.selectors.clients.MOST", 1)
    user = sign_in("outsider")
    ClientFactory(owner=user)
    ClientFactory(owner=user)

    assert "More than 10,000 clients" in text_of(client.get(url("client_list")))


def test_empty_client_list_says_what_it_is_for(client, sign_in):
    sign_in("manager")
    assert "No clients yet" in text_of(client.get(url("client_list")))
    assert "No client fits" in text_of(client.get(url("client_list") + "?q=x"))


# Page ---------------------------------------------------------------------------------------------


def test_client_page_shows_contacts_purchases_history_and_visible_groups(client, sign_in):
    member = MembershipFactory(client__name="Larkfield", client__stage="existing")
    who = member.client
    ContactFactory(client=who, name="Mia", email_consent=False)
    ContactFactory(client=who, name="Left", is_active=False, email="")
    PurchaseFactory(client=who, product=HOSTILE, amount=-12, currency="EUR")
    PurchaseFactory(client=who, amount=100)
    LifecycleChangeFactory(client=who, reason=HOSTILE, actor=who.owner)
    MembershipFactory(client=who, client_group__name="Secret")
    MembershipFactory(client=who, client_group=ClientGroupFactory(), valid_to=timezone.localdate())
    sign_in("viewer", member.client_group)

    page = text_of(client.get(url("client_detail", who.pk)))

    for words in ("Mia", "E-mail: no consent", "Refund of €12", "¥100", str(member.client_group)):
        assert words in page
    assert "Secret" not in page
    assert HOSTILE not in page
    assert url("client_edit", who.pk) not in page


def test_client_page_needs_as_many_queries_for_three_of_each_as_for_one(
    client, sign_in, count_queries
):
    who, user = ClientFactory(), UserFactory()

    def grow():
        group = ClientGroupFactory(dynamic=True)
        GroupAccessFactory(client_group=group, user=user, role="lead")
        MembershipFactory(client=who, client_group=group)
        ContactFactory(client=who)
        PurchaseFactory(client=who)
        LifecycleChangeFactory(client=who, actor=user)

    grow()
    client.force_login(user)
    address = url("client_detail", who.pk)
    client.get(address)

    one = count_queries(lambda: client.get(address))
    grow()
    grow()

    assert count_queries(lambda: client.get(address)) == one


def test_purchases_are_paged_with_and_without_htmx(client, sign_in):
    user = sign_in("outsider")
    who = ClientFactory(owner=user)
    for number in range(21):
        PurchaseFactory(client=who, product=f"Disc {number}")

    first = text_of(client.get(url("client_purchases", who.pk)))
    second = client.get(url("client_purchases", who.pk) + "?page=2")
    part = client.get(url("client_purchases", who.pk) + "?page=2", headers=HTMX)

    assert "1–20 of 21" in first
    assert "?page=2" in first
    assert "21–21 of 21" in text_of(second)
    assert "<html" not in text_of(part)
    assert 'id="purchase-list"' in text_of(part)


def test_client_of_others_is_not_found(client, sign_in):
    sign_in("manager")

    for name in ("client_detail", "client_edit", "client_stage", "client_purchases"):
        assert client.get(url(name, ClientFactory().pk)).status_code == 404


def test_why_page_shows_each_part_of_the_rule(client, sign_in):
    member = MembershipFactory(
        client_group=ClientGroupFactory(dynamic=True, name="Loyal ones"), client__name="Lark"
    )
    sign_in("viewer", member.client_group)

    page = text_of(client.get(url("client_why", member.client_id, member.client_group_id)))

    assert "Why Lark is in “Loyal ones”" in page
    assert "found: Potential" in page
    assert "does not hold" in page
    assert "the next time will change this" in page


def test_why_page_of_a_group_out_of_sight_is_not_found(client, sign_in):
    who = ClientFactory(owner=sign_in("outsider"))
    hidden, listed = ClientGroupFactory(dynamic=True), ClientGroupFactory()
    GroupAccessFactory(client_group=listed, user=who.owner)

    for group in (hidden, listed):
        assert client.get(url("client_why", who.pk, group.pk)).status_code == 404


# Writing ------------------------------------------------------------------------------------------


def test_manager_creates_a_client_in_a_listed_group(client, sign_in):
    user = sign_in("manager")
    led = GroupAccessFactory(user=user, role="lead").client_group
    seen = GroupAccessFactory(user=user, role="viewer").client_group
    form = client.get(url("client_create")).context["form"]
    assert list(form.fields["group"].queryset) == [led]
    data = {"name": "Larkfield", "kind": "organisation", "owner": user.pk, "group": led.pk}

    refused = client.post(url("client_create"), data | {"group": seen.pk})
    response = client.post(url("client_create"), data)

    made = Client.objects.get()
    assert refused.status_code == 422
    assert response["Location"] == made.get_absolute_url()
    assert led.memberships.get().client == made


def test_known_number_is_refused_beside_the_field_and_typing_stays(client, sign_in):
    user = sign_in("manager")
    ClientFactory(external_id="7")
    data = {"name": "Larkfield", "kind": "person", "external_id": "7", "owner": user.pk}

    response = client.post(url("client_create"), data)

    assert response.status_code == 422
    assert "already has this customer number" in text_of(response)
    assert 'value="Larkfield"' in text_of(response)


def test_what_the_service_refuses_stands_in_the_form(client, sign_in, monkeypatch):
    user = sign_in("manager")
    monkeypatch.setattr("django.forms.ModelForm.validate_unique", lambda form: None)
    ClientFactory(external_id="7")
    data = {"name": "Larkfield", "kind": "person", "external_id": "7", "owner": user.pk}

    response = client.post(url("client_create"), data)

    assert response.status_code == 422
    assert response.context["form"].errors["external_id"]


def test_owner_edits_and_gives_away_a_client(client, sign_in):
    user = sign_in("outsider")
    who, other = ClientFactory(owner=user), UserFactory()
    data = {"name": "Renamed", "kind": "person", "external_id": "", "owner": user.pk}

    assert client.get(url("client_edit", who.pk)).status_code == 200
    kept = client.post(url("client_edit", who.pk), data)
    bad = client.post(url("client_edit", who.pk), data | {"name": ""})
    given = client.post(url("client_edit", who.pk), data | {"owner": other.pk})

    assert kept["Location"] == who.get_absolute_url()
    assert bad.status_code == 422
    assert given["Location"] == url("client_list")
    who.refresh_from_db()
    assert (who.name, who.owner) == ("Renamed", other)


def test_contact_is_added_changed_and_refused_twice(client, sign_in):
    who = ClientFactory(owner=sign_in("outsider"))
    data = {"name": "Mia", "email": "mia@x.example", "language": "zh-hans", "is_active": "on"}

    assert client.get(url("contact_create", who.pk)).status_code == 200
    client.post(url("contact_create", who.pk), data)
    twice = client.post(url("contact_create", who.pk), data)
    mia = Contact.objects.get()
    assert client.get(url("contact_edit", who.pk, mia.pk)).status_code == 200
    client.post(url("contact_edit", who.pk, mia.pk), data | {"name": "Mia Li"})
    bad = client.post(url("contact_edit", who.pk, mia.pk), data | {"email": "mia"})

    assert twice.status_code == bad.status_code == 422
    assert "already has a contact" in text_of(twice)
    mia.refresh_from_db()
    assert (mia.name, mia.email_consent) == ("Mia Li", False)


def test_contact_of_another_client_is_not_found(client, sign_in):
    who = ClientFactory(owner=sign_in("outsider"))

    assert client.get(url("contact_edit", who.pk, ContactFactory().pk)).status_code == 404


# Lifecycle ----------------------------------------------------------------------------------------


def test_stage_is_set_by_hand_and_taken_back(client, sign_in):
    who = ClientFactory(owner=sign_in("outsider"))
    data = {"stage": "loyal", "reason": "Signed", "until": "2100-01-01"}

    assert client.get(url("client_stage", who.pk)).status_code == 200
    done = text_of(client.post(url("client_stage", who.pk), data, follow=True))
    assert "Set by hand until 1 Jan 2100: Signed" in done
    same = client.post(url("client_stage", who.pk), data)
    undo = next(part for part in done.split('"') if "/stage/undo/" in part)
    client.post(undo)

    assert same["Location"] == who.get_absolute_url()
    who.refresh_from_db()
    assert (who.stage, who.stage_fixed_until) == ("potential", None)


def test_stage_in_the_past_or_without_reason_is_refused(client, sign_in):
    who = ClientFactory(owner=sign_in("outsider"))

    past = client.post(
        url("client_stage", who.pk), {"stage": "loyal", "reason": "x", "until": "2020-01-01"}
    )
    bare = client.post(url("client_stage", who.pk), {"stage": "loyal", "until": "2100-01-01"})

    assert past.status_code == bare.status_code == 422
    assert "has not passed" in text_of(past)
    who.refresh_from_db()
    assert who.stage == "potential"


def test_undo_of_a_stage_that_changed_since_is_refused(client, sign_in):
    who = ClientFactory(owner=sign_in("outsider"))
    data = {"stage": "loyal", "reason": "Signed", "until": "2100-01-01"}
    done = text_of(client.post(url("client_stage", who.pk), data, follow=True))
    undo = next(part for part in done.split('"') if "/stage/undo/" in part)
    client.post(url("client_stage", who.pk), data | {"stage": "lapsed"})

    assert "has changed since" in text_of(client.post(undo, follow=True))


def test_history_follows_the_calendar_when_asked(client, sign_in):
    day = dt.date(1998, 6, 30)
    who = ClientFactory(
        owner=sign_in("outsider"), stage="loyal", stage_as_of=day, stage_follows_today=False
    )
    page = text_of(client.get(url("client_detail", who.pk)))
    assert "imported as of 30 Jun 1998" in page

    client.post(url("client_follow", who.pk))

    who.refresh_from_db()
    assert (who.stage, who.stage_follows_today) == ("potential", True)


# Administration -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        ClientFactory,
        ContactFactory,
        ClientGroupFactory,
        GroupAccessFactory,
        MembershipFactory,
        PurchaseFactory,
        LifecycleChangeFactory,
    ],
)
def test_support_tool_lists_searches_and_only_shows(client, make):
    client.force_login(
        UserFactory(admin=True, is_superuser=True), backend="accounts.backends.RoleBackend"
    )
    row = make()
    base = f"admin:clientgroups_{row._meta.model_name}"

    assert client.get(reverse(f"{base}_changelist") + "?q=a").status_code == 200
    shown = client.get(reverse(f"{base}_change", args=[row.pk]))
    assert shown.status_code == 200
    assert 'name="_save"' not in text_of(shown)
    assert client.get(reverse(f"{base}_add")).status_code == 403
    assert client.get(reverse(f"{base}_delete", args=[row.pk])).status_code == 403
