import datetime as dt
import threading

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEvent
from clientgroups.models import (
    Client,
    ClientMark,
    ConsentChange,
    CustomField,
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


def test_restore_leaves_the_days_away_without_the_client():
    with time_machine.travel("2026-03-01 12:00Z", tick=False):
        row = MembershipFactory(valid_from=dt.date(2026, 1, 1))
        archive_client(client=row.client, actor=row.client.owner)
    with time_machine.travel("2026-03-05 12:00Z", tick=False):
        assert restore_client(client=row.client, actor=row.client.owner)
        assert not restore_client(client=row.client, actor=row.client.owner)

    days = list(Membership.objects.order_by("valid_from").values_list("valid_from", "valid_to"))
    assert days == [
        (dt.date(2026, 1, 1), dt.date(2026, 3, 1)),
        (dt.date(2026, 3, 5), None),
    ]
    row.client_group.refresh_from_db()
    assert row.client_group.member_count == 1


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
