import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.forms.clients_filter import ClientFilterForm
from clientgroups.models import (
    Client,
    CustomField,
    HealthPolicy,
)
from clientgroups.services.tags import tags_named
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
HOSTILE = "<script>alert('x')</script>"


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


def fields_of_each_kind():
    kinds = {"note": "text", "size": "number", "until": "date", "vip": "yes_no", "class": "choice"}
    return [
        CustomField.objects.create(key=key, label=key, kind=kind, choices=["A", "B"])
        for key, kind in kinds.items()
    ]


# Pages --------------------------------------------------------------------------------------------


def form_data(form):
    data = {field.html_name: field.value() for field in form}
    return {name: value for name, value in data.items() if value not in (None, False)}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_client_form_edits_every_field(client, sign_in, headers):
    fields_of_each_kind()
    row = ClientFactory(owner=sign_in("outsider"), custom={"vip": True, "size": 3})
    row.tags.set(tags_named(["old"]))
    address = url("client_edit", row.pk)
    form = client.get(address, headers=headers).context["form"]
    data = form_data(form)
    assert (data["custom_vip"], data["tags"]) == ("true", ["old"])

    data |= {"tags": "vip， 新客户; old", "city": "Kiel", "note": HOSTILE, "country": "Germany"}
    data |= {
        "custom_vip": "false",
        "custom_size": "",
        "custom_class": "B",
        "custom_until": "2026-12-01",
    }
    response = client.post(address, data, headers=headers)

    assert response.status_code == 302
    row.refresh_from_db()
    assert sorted(row.tags.values_list("name", flat=True)) == ["old", "vip", "新客户"]
    assert row.custom == {"vip": False, "class": "B", "until": "2026-12-01"}
    page = text_of(client.get(row.get_absolute_url()))
    assert HOSTILE not in page
    for word in ("Kiel", "新客户", "1 Dec"):
        assert word in page


def test_wrong_custom_value_stands_beside_its_field_and_nothing_is_lost(client, sign_in):
    fields_of_each_kind()
    row = ClientFactory(owner=sign_in("outsider"), name="Lark")
    data = form_data(client.get(url("client_edit", row.pk)).context["form"])
    data |= {"custom_size": "many", "tags": "x" * 50, "city": "Kiel"}

    response = client.post(url("client_edit", row.pk), data)

    assert response.status_code == 422
    errors = response.context["form"].errors
    assert set(errors) == {"custom_size", "tags"}
    assert 'value="many"' in text_of(response)
    row.refresh_from_db()
    assert row.city == ""


def test_contact_form_keeps_consents_with_their_history(client, sign_in):
    row = ContactFactory(client__owner=sign_in("outsider"), name="Mia")
    address = url("contact_edit", row.client_id, row.pk)
    data = form_data(client.get(address).context["form"])
    data |= {"phone_consent": "on", "consent_source": HOSTILE, "time_zone": "Asia/Shanghai"}
    data |= {"job_title": "Owner", "preferred_channel": "phone"}

    assert client.post(address, data).status_code == 302
    page = text_of(client.get(url("contact_detail", row.client_id, row.pk)))

    assert HOSTILE not in page
    for word in ("agrees", "Owner", "Asia/Shanghai", "Phone"):
        assert word in page
    refused = client.post(address, data | {"time_zone": "Mars/North"})
    assert refused.status_code == 422
    assert "time_zone" in refused.context["form"].errors


def test_contact_page_without_history_says_so(client, sign_in):
    row = ContactFactory(client__owner=sign_in("outsider"), is_active=False, email_consent=False)
    page = text_of(client.get(url("contact_detail", row.client_id, row.pk)))
    for word in ("No change so far", "has left", "nothing"):
        assert word in page


def test_client_is_put_away_and_taken_back(client, sign_in):
    row = ClientFactory(owner=sign_in("outsider"))

    page = text_of(client.post(url("client_archive", row.pk), follow=True))
    assert url("client_restore", row.pk) in page
    assert "Put away on" in page
    assert client.post(url("client_archive", row.pk)).status_code == 302
    page = text_of(client.post(url("client_restore", row.pk), follow=True))
    assert "is back" in page
    Client.objects.filter(pk=row.pk).update(archived_at=timezone.now(), erased_at=timezone.now())
    page = text_of(client.post(url("client_restore", row.pk), follow=True))
    assert "was erased" in page


def test_client_page_shows_attention_first(client, sign_in):
    row = ClientFactory(owner=sign_in("outsider"), health=12, health_as_of=dt.date(2026, 1, 1))
    row.health_history.create(as_of=dt.date(2026, 1, 1), score=12, drivers=[])
    row.website = "x y"
    row.save()

    page = text_of(client.get(row.get_absolute_url()))

    assert "Health is poor: 12 of 100" in page
    assert "Nobody to write to" in page
    assert 'href="https://x y"' not in page


def test_client_page_stays_within_twenty_queries(client, count_queries):
    fields_of_each_kind()
    member = MembershipFactory(client__custom={"size": 3})
    row, user = member.client, UserFactory()
    GroupAccessFactory(client_group=member.client_group, user=user, role="lead")
    ContactFactory(client=row)
    PurchaseFactory(client=row)
    client.force_login(user)
    client.get(row.get_absolute_url())

    # Three more begin and end what the test runs in.
    assert count_queries(lambda: client.get(row.get_absolute_url())) <= 20 + 3


# List ---------------------------------------------------------------------------------------------


def listed(user, query):
    form = ClientFilterForm(
        query, user=user, custom=list(CustomField.objects.all()), policy=HealthPolicy()
    )
    return sorted(row.name for row in form.rows())


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["a", "b"]),
        ({"tag": "VIP"}, ["a"]),
        ({"tag": "vip, new"}, []),
        ({"kind": "person"}, ["b"]),
        ({"kind": "robot"}, ["a", "b"]),
        ({"health": "good"}, ["a"]),
        ({"health": "watch"}, []),
        ({"health": "poor"}, ["b"]),
        ({"health": "none"}, []),
        ({"country": "germany"}, ["a"]),
        ({"archived": "1"}, ["c"]),
        ({"custom_size": "3"}, ["a"]),
        ({"custom_size": "many"}, []),
        ({"custom_vip": "true"}, ["b"]),
        ({"q": "mia"}, ["b"]),
        ({"q": "%"}, []),
        ({"owner": "0", "group": "x"}, ["a", "b"]),
    ],
)
def test_client_list_filters(query, names):
    fields_of_each_kind()
    user = UserFactory()
    first = ClientFactory(owner=user, name="a", health=90, country="Germany", custom={"size": 3})
    first.tags.set(tags_named(["vip"]))
    second = ClientFactory(owner=user, name="b", kind="person", health=10, custom={"vip": True})
    ContactFactory(client=second, name="Mia Berg")
    ClientFactory(owner=user, name="c", archived_at=timezone.now())

    assert listed(user, query) == names


def test_client_list_filters_by_owner_and_health_in_between():
    owner, user = UserFactory(), UserFactory(admin=True)
    ClientFactory(owner=owner, name="a", health=50)
    ClientFactory(name="b")

    assert listed(user, {"owner": str(owner.pk)}) == ["a"]
    assert listed(user, {"health": "watch"}) == ["a"]
    assert listed(user, {"health": "none"}) == ["b"]


def test_client_list_with_every_filter_stays_within_twelve_queries(client, sign_in, count_queries):
    fields_of_each_kind()
    sign_in("admin")
    for number in range(3):
        row = ClientFactory(custom={"size": 3})
        row.tags.set(tags_named(["vip", f"t{number}", "a", "b"]))
    address = url("client_list") + "?tag=vip&custom_size=3&kind=organisation&sort=-health"
    client.get(address)

    response = client.get(address)

    assert len(response.context["page"].object_list) == 3
    assert "+1</span>" in text_of(response)
    # Three more begin and end what the test runs in.
    assert count_queries(lambda: client.get(address)) <= 12 + 3
    assert count_queries(lambda: client.get(url("client_list"))) <= 12


def test_bulk_by_form_goes_back_to_the_list_with_undo(client, sign_in):
    member = MembershipFactory()
    sign_in("lead", member.client_group)
    to = url("client_list") + "?stage=potential"
    data = {"action": "tag", "tag": "vip", "clients": [member.client_id, "x"], "next": to}

    response = client.post(url("client_bulk"), data, follow=True)

    assert response.redirect_chain == [(to, 302)]
    assert "1 client was changed" in text_of(response)
    undo = url("client_bulk_undo", AuditEvent.objects.latest("pk").pk)
    assert undo in text_of(response)
    assert "as before" in text_of(client.post(undo, follow=True))
    client.post(url("client_bulk"), data)
    assert "Nothing to change" in text_of(client.post(url("client_bulk"), data, follow=True))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"action": "fly"}, "fly is not one of"),
        ({"action": "archive"}, "at least one client"),
        ({"action": "tag", "tag": ""}, "at least one client"),
    ],
)
def test_bulk_by_form_says_what_is_wrong(client, sign_in, data, said):
    sign_in("outsider")
    assert said in text_of(client.post(url("client_bulk"), data, follow=True))


def test_bulk_into_a_group_needs_its_lead(client, sign_in):
    member = MembershipFactory()
    sign_in("lead", member.client_group)
    row = member.client
    person = member.client_group.access.get().user
    other = GroupAccessFactory(user=person, role="viewer").client_group
    data = {"action": "group", "group": other.pk, "clients": [row.pk]}

    assert "Only a lead" in text_of(client.post(url("client_bulk"), data, follow=True))
    other.access.update(role="lead")
    assert "1 client was changed" in text_of(client.post(url("client_bulk"), data, follow=True))
    client.post(url("client_bulk"), {"action": "archive", "clients": [row.pk]})
    row.refresh_from_db()
    assert row.archived_at
