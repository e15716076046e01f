import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEvent
from clientgroups.forms.clients_filter import ClientFilterForm
from clientgroups.models import (
    Client,
    ClientMark,
    ConsentChange,
    CustomField,
    HealthPolicy,
    Membership,
    Tag,
)
from clientgroups.selectors.clients_custom import clean_custom, shown
from clientgroups.services import clients_bulk
from clientgroups.services.clients import (
    archive_client,
    change_consent,
    create_client,
    create_contact,
    restore_client,
    update_client,
    update_contact,
)
from clientgroups.services.tags import add_tag, clean_names, remove_tag, tags_named
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
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


# Tags ---------------------------------------------------------------------------------------------


def test_tags_are_tidied_and_made_once():
    Tag.objects.create(name="VIP")

    assert clean_names([" key  account ", "", "Key Account", "重点"]) == ["key account", "重点"]
    assert [tag.name for tag in tags_named(["vip", "new"])] == ["VIP", "new"]
    assert tags_named([]) == []
    assert Tag.objects.count() == 2


@pytest.mark.parametrize("names", [["x" * 41], [f"t{n}" for n in range(31)]])
def test_tags_too_long_or_too_many_are_refused(names):
    with pytest.raises(ValidationError, match="at most"):
        clean_names(names)


def test_tags_of_a_client_change_with_a_trail():
    client = create_client(actor=UserFactory(), name="Lark", tags=["a", "b"])

    for _again in range(2):
        update_client(client=client, actor=client.owner, tags=["B", "c"])

    assert sorted(client.tags.values_list("name", flat=True)) == ["b", "c"]
    (event,) = AuditEvent.objects.filter(verb="client.updated")
    assert event.changes == {"tags": [["a", "b"], ["b", "c"]]}
    assert ClientMark.objects.filter(client=client).exists()


def test_one_tag_is_put_on_and_taken_off_editable_clients_only():
    actor = UserFactory()
    mine, others = ClientFactory(owner=actor), ClientFactory()

    assert add_tag(actor=actor, clients=[mine.pk, others.pk], name="vip") == [mine.pk]
    assert add_tag(actor=actor, clients=[mine.pk], name="VIP") == []
    tag = Tag.objects.get()
    assert remove_tag(actor=actor, clients=[mine.pk, others.pk], tag=tag) == 1
    assert remove_tag(actor=actor, clients=[mine.pk], tag=tag) == 0
    with pytest.raises(ValidationError, match="name of a tag"):
        add_tag(actor=actor, clients=[mine.pk], name=" ")


@pytest.mark.django_db(transaction=True)
def test_the_same_new_tag_made_by_many_at_once_is_one_tag():
    actor, start = UserFactory(admin=True), threading.Barrier(4)
    clients = [ClientFactory() for _number in range(4)]

    def run(client):
        start.wait()
        try:
            update_client(client=client, actor=actor, tags=["new one"])
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert Tag.objects.get().clients.count() == 4


# Custom fields ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "typed", "stored"),
    [
        ("note", " x ", "x"),
        ("note", "", None),
        ("size", "12", 12),
        ("size", "3.5", 3.5),
        ("size", 7, 7),
        ("until", "2026-02-28", "2026-02-28"),
        ("until", dt.date(2028, 2, 29), "2028-02-29"),
        ("until", dt.datetime(2026, 1, 1, 5, tzinfo=dt.UTC), "2026-01-01"),
        ("vip", "yes", True),
        ("vip", "否", False),
        ("vip", True, True),
        ("class", "A", "A"),
    ],
)
def test_custom_value_is_stored_by_its_kind(key, typed, stored):
    fields_of_each_kind()
    assert clean_custom({key: typed}) == {key: stored}


@pytest.mark.parametrize(
    ("key", "typed", "said"),
    [
        ("note", "x" * 501, "at most 500"),
        ("size", "many", "Write a number"),
        ("size", "NaN", "Write a number"),
        ("size", "1e16", "Write a number"),
        ("size", True, "Write a number"),
        ("until", "2026-02-30", "year-month-day"),
        ("vip", "perhaps", "yes or no"),
        ("class", "C", "Choose one of: A, B"),
        ("nothing", "x", "no custom field"),
    ],
)
def test_custom_value_that_does_not_fit_is_named(key, typed, said):
    fields_of_each_kind()
    with pytest.raises(ValidationError, match=said) as refused:
        clean_custom({key: typed})
    assert set(refused.value.error_dict) == {"custom"}


def test_custom_values_are_shown_in_the_language_of_the_reader():
    note, size, until, vip, kind = fields_of_each_kind()
    kind.label_zh = "等级"

    assert [shown(size, 1200), shown(size, 3.5)] == ["1,200", "3.50"]
    assert shown(until, "2026-03-01") == "1 Mar"
    assert shown(until, "soon") == "soon"
    assert [shown(vip, True), shown(vip, False), shown(vip, None)] == ["Yes", "No", "–"]
    assert shown(note, "x") == "x"
    assert kind.title == "class"
    with translation.override("zh-hans"):
        assert kind.title == "等级"


def test_custom_values_change_one_by_one_and_those_put_away_stay():
    fields_of_each_kind()
    client = create_client(actor=UserFactory(), name="Lark", custom={"size": "5", "vip": "yes"})
    CustomField.objects.filter(key="vip").update(archived_at=timezone.now())

    for _again in range(2):
        update_client(client=client, actor=client.owner, custom={"size": "", "note": "x"})

    client.refresh_from_db()
    assert client.custom == {"vip": True, "note": "x"}
    (event,) = AuditEvent.objects.filter(verb="client.updated")
    assert event.changes == {"custom:size": [5, None], "custom:note": [None, "x"]}


# Clients and contacts -----------------------------------------------------------------------------


def test_create_client_keeps_every_field():
    fields = {"website": " lark.example ", "industry": "Food", "city": "Kiel", "note": "a\x00b"}
    client = create_client(actor=UserFactory(), name="Lark", **fields)
    assert (client.website, client.industry, client.note) == ("lark.example", "Food", "ab")


@pytest.mark.parametrize("call", [create_client, update_client])
def test_unknown_fields_are_a_mistake_of_ours(call):
    client = ClientFactory()
    given = {"name": "x"} if call is create_client else {"client": client}
    with pytest.raises(TypeError, match="shoe"):
        call(actor=client.owner, shoe=1, **given)


@pytest.mark.parametrize("site", ["javascript://x", "ftp://x.example"])
def test_website_of_another_kind_is_refused(site):
    with pytest.raises(ValidationError, match="http"):
        create_client(actor=UserFactory(), name="Lark", website=site)


def test_consents_are_kept_with_their_source_and_only_when_they_change():
    client = ClientFactory()
    contact = create_contact(
        client=client, actor=client.owner, name="Mia", phone_consent=True, consent_source=" fair "
    )
    for _again in range(2):
        update_contact(
            contact=contact,
            actor=client.owner,
            email_consent=False,
            job_title="Owner",
            consent_source="letter",
        )

    rows = ConsentChange.objects.order_by("pk").values_list("channel", "granted", "source")
    assert sorted(rows[:2]) == [("email", True, "fair"), ("phone", True, "fair")]
    assert list(rows[2:]) == [("email", False, "letter")]


def test_a_contact_speaks_for_themselves_once():
    contact = ContactFactory()

    assert change_consent(contact=contact, channel="email", granted=False, source="link")
    assert not change_consent(contact=contact, channel="email", granted=False, source="link")

    contact.refresh_from_db()
    assert not contact.email_consent
    change = ConsentChange.objects.get()
    assert (change.actor, change.source) == (None, "link")
    with pytest.raises(ValueError, match="fax"):
        change_consent(contact=contact, channel="fax", granted=True, source="")


# Put away -----------------------------------------------------------------------------------------


def test_archive_ends_listed_memberships_and_restore_brings_them_back():
    client = ClientFactory()
    listed = MembershipFactory(client=client, valid_from=dt.date(2026, 1, 1))
    by_rule = MembershipFactory(client=client, client_group=ClientGroupFactory(dynamic=True))
    put_away = MembershipFactory(client=client)
    group = listed.client_group

    assert archive_client(client=client, actor=client.owner)
    assert archive_client(client=client, actor=client.owner) is None
    listed.refresh_from_db()
    assert (listed.valid_to, listed.ended_because) == (timezone.localdate(), "archived")
    by_rule.refresh_from_db()
    assert by_rule.valid_to is None
    group.refresh_from_db()
    assert group.member_count == 0

    put_away.client_group.archived_at = timezone.now()
    put_away.client_group.save()
    assert restore_client(client=client, actor=client.owner)
    assert not restore_client(client=client, actor=client.owner)
    listed.refresh_from_db()
    put_away.refresh_from_db()
    group.refresh_from_db()
    assert (listed.valid_to, listed.ended_because, group.member_count) == (None, "", 1)
    assert put_away.valid_to is not None


def test_restore_leaves_a_group_alone_that_took_the_client_in_again():
    row = MembershipFactory(valid_from=dt.date(2026, 1, 1))
    archive_client(client=row.client, actor=row.client.owner)
    MembershipFactory(client=row.client, client_group=row.client_group)

    restore_client(client=row.client, actor=row.client.owner)

    assert Membership.objects.current().get().pk != row.pk


def test_merged_clients_take_no_changes():
    kept, gone = ClientFactory(), ClientFactory()
    Client.objects.filter(pk=gone.pk).update(merged_into=kept, archived_at=timezone.now())
    for change in (
        lambda: update_client(client=gone, actor=gone.owner, city="x"),
        lambda: restore_client(client=gone, actor=gone.owner),
        lambda: create_contact(client=gone, actor=gone.owner, name="x"),
    ):
        with pytest.raises(ValidationError, match="merged into another"):
            change()


# Many at once -------------------------------------------------------------------------------------


@pytest.fixture
def lead():
    """A lead of a listed group with two members, and the keys of those."""
    access = GroupAccessFactory(role="lead")
    rows = [MembershipFactory(client_group=access.client_group) for _number in range(2)]
    access.user.keys = [row.client_id for row in rows]
    return access.user


def test_bulk_tag_is_undone_for_those_that_got_it(lead):
    first, second = lead.keys
    add_tag(actor=lead, clients=[first], name="vip")

    event = clients_bulk.tag_clients(actor=lead, clients=lead.keys, name="VIP")

    assert event.changes["clients"] == [None, [second]]
    assert clients_bulk.tag_clients(actor=lead, clients=lead.keys, name="vip") is None
    assert clients_bulk.undo_bulk(actor=lead, event=event) == 1
    assert clients_bulk.undo_bulk(actor=lead, event=event) == 0
    assert Tag.objects.get().clients.get().pk == first


def test_bulk_group_is_undone(lead):
    group = GroupAccessFactory(user=lead, role="lead").client_group
    MembershipFactory(client_group=group, client_id=lead.keys[0])

    event = clients_bulk.group_clients(actor=lead, clients=lead.keys, group=group)

    assert event.changes["clients"] == [None, [lead.keys[1]]]
    assert clients_bulk.undo_bulk(actor=lead, event=event) == 1
    group.refresh_from_db()
    assert group.member_count == group.memberships.count() == 1


def test_bulk_archive_is_undone():
    actor = UserFactory()
    keys = [ClientFactory(owner=actor).pk for _number in range(2)]

    event = clients_bulk.archive_clients(actor=actor, clients=keys)
    assert not Client.objects.active().exists()

    assert clients_bulk.undo_bulk(actor=actor, event=event) == 2
    assert Client.objects.active().count() == 2


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda who: clients_bulk.tag_clients(actor=who, clients=[], name="x"), "at least one"),
        (lambda who: clients_bulk.tag_clients(actor=who, clients=range(501), name="x"), "at most"),
        (lambda who: clients_bulk.tag_clients(actor=who, clients=[0], name="x"), "no longer there"),
        (lambda who: clients_bulk.tag_clients(actor=who, clients=who.keys, name=""), "name of a"),
        (
            lambda who: clients_bulk.group_clients(actor=who, clients=who.keys, group=None),
            "Choose a client group",
        ),
    ],
)
def test_bulk_refuses_in_a_sentence(lead, call, said):
    with pytest.raises(ValidationError, match=said):
        call(lead)


def test_bulk_with_one_client_of_others_changes_nothing_and_names_it(lead):
    viewed = MembershipFactory(client__name="Theirs")
    GroupAccessFactory(client_group=viewed.client_group, user=lead, role="viewer")

    with pytest.raises(ValidationError, match="Theirs"):
        clients_bulk.tag_clients(actor=lead, clients=[*lead.keys, viewed.client_id], name="x")

    assert not Tag.objects.filter(clients__isnull=False).exists()


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
