import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from clientgroups.forms.typeahead import ClientChoiceField
from clientgroups.models import Client, ClientMerge, Contact, CustomField, NotDuplicate, Tag
from clientgroups.models.contact import check_time_zone
from clientgroups.selectors import typeahead
from clientgroups.selectors.typeahead import EDIT, find_clients, find_tags, said
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
HOSTILE = "<script>alert('x')</script>"


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


@pytest.fixture
def book():
    """Three clients with a contact each."""
    lark = ClientFactory(name="Larkfield Foods GmbH", external_id="N0007")
    ContactFactory(client=lark, name="Mia Berg", email="mia.berg@lark.example", phone="+49 30 123")
    books = ClientFactory(name="云栖书店", external_id="N0008")
    ContactFactory(client=books, name="王伟", email="w@books.example", phone="+86 138 0013 8000")
    old = ClientFactory(name="Larkfield Museum", external_id="N0009", archived_at=timezone.now())
    ContactFactory(client=old, name="Old Berg")
    return {"lark": lark, "books": books}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("lark", ["lark"]),
        ("larkfield foods", ["lark"]),
        ("LARKFIELD FOODS LTD", ["lark"]),
        ("N0007", ["lark"]),
        ("n000", ["lark", "books"]),
        ("mia", ["lark"]),
        ("mia berg", ["lark"]),
        ("mia.berg@la", ["lark"]),
        ("书店", ["books"]),
        ("云", ["books"]),
        ("王伟", ["books"]),
        ("13800138000", ["books"]),
        ("+86 138", ["books"]),
        ("0013 8000", ["books"]),
        ("l", []),
        ("", []),
        ("%", []),
        ("' OR 1=1 --", []),
        ("nobody", []),
        ("la\x00rk", ["lark"]),
    ],
)
def test_clients_are_found_by_name_number_and_contact(book, text, names):
    hits = find_clients(UserFactory(admin=True), text)
    assert [hit.pk for hit in hits] == [book[name].pk for name in names]


def test_the_best_hit_stands_first():
    user = UserFactory(admin=True)
    for name in ("North Lark", "Larkspur", "Lark", "Quail"):
        ClientFactory(name=name)
    ContactFactory(client__name="Zebra", name="Lark Smith")
    Client.objects.filter(name="Quail").update(external_id="lark")

    names = [hit.name for hit in find_clients(user, "lark")]

    assert names == ["Quail", "Lark", "Larkspur", "North Lark", "Zebra"]
    assert [hit.name for hit in find_clients(user, "lark", limit=2)] == ["Quail", "Lark"]
    lark = Client.objects.get(name="Lark").pk
    assert "Lark" not in [hit.name for hit in find_clients(user, "lark", without=lark)]


def test_a_hit_says_why_it_was_found(book):
    (hit,) = find_clients(UserFactory(admin=True), "mia")
    assert hit.small == "N0007 · Mia Berg · mia.berg@lark.example"
    assert hit.title == "Larkfield Foods GmbH (N0007)"
    assert hit.stage_label == "Potential"
    nameless = ClientFactory(name="Plain", external_id=None)
    assert find_clients(nameless.owner, "plain")[0].title == "Plain"


@pytest.mark.parametrize("few", [3000, 1])
def test_only_clients_in_scope_are_found(book, few, monkeypatch):
    monkeypatch.setattr(typeahead, "FEW", few)
    typeahead._few.cache_clear()
    user = UserFactory()
    for row in book.values():
        member = MembershipFactory(client=row)
        GroupAccessFactory(client_group=member.client_group, user=user, role="viewer")
    mine = ClientFactory(owner=user, name="Larkfield Mine")
    ClientFactory(name="Larkfield Others")

    assert {hit.name for hit in find_clients(user, "lark")} == {mine.name, book["lark"].name}
    assert [hit.pk for hit in find_clients(user, "lark", scope=EDIT)] == [mine.pk]
    assert [hit.pk for hit in find_clients(user, "王伟")] == [book["books"].pk]
    assert find_clients(UserFactory(), "lark") == []
    typeahead._few.cache_clear()


def test_tags_are_suggested_beginnings_first():
    for name in ("a vip", "VIP", "other"):
        Tag.objects.create(name=name)
    assert find_tags("vip") == ["VIP", "a vip"]
    assert len(find_tags("")) == 3


def test_what_a_screen_reader_hears(book):
    assert said([]) == "No client fits."
    assert (
        said(find_clients(UserFactory(admin=True), "lark")) == "1 suggestions; use the arrow keys."
    )


# Pages --------------------------------------------------------------------------------------------


def test_suggestions_are_lines_without_a_page_around_them(client, sign_in):
    ClientFactory(owner=sign_in("outsider"), name=f"Lark {HOSTILE}")

    response = client.get(url("client_find") + "?options=1&q=lark", headers=HTMX)
    page = response.content.decode()

    assert 'role="option"' in page
    assert "<html" not in page
    assert HOSTILE not in page
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_find_page_works_without_a_script(client, sign_in, headers):
    row = ClientFactory(owner=sign_in("outsider"), name="Lark")

    page = client.get(url("client_find") + "?q=lark", headers=headers).content.decode()
    empty = client.get(url("client_find") + "?q=zzz", headers=headers).content.decode()
    start = client.get(url("client_find"), headers=headers).content.decode()

    assert row.get_absolute_url() in page
    assert "No client fits" in empty
    assert "No client fits" not in start


def test_tag_suggestions_answer_everybody_signed_in(client, sign_in):
    Tag.objects.create(name="<b>vip</b>")
    sign_in("outsider")
    page = client.get(url("tag_find") + "?q=vip").content.decode()
    assert "&lt;b&gt;vip" in page


def test_type_ahead_sends_few_statements(client, sign_in, count_queries, book):
    sign_in("outsider")
    address = url("client_find") + "?options=1&q=lark"
    client.get(address)
    assert count_queries(lambda: client.get(address)) <= 12


# The field ----------------------------------------------------------------------------------------


def cleaned(field, key="", text=""):
    return field.clean((key, text))


def test_field_takes_a_key_or_what_was_typed(book):
    field = ClientChoiceField(user=UserFactory(admin=True))
    lark = book["lark"]

    for key, text in ((str(lark.pk), "x"), ("", "N0007"), ("", "lark"), ("", lark.name)):
        assert cleaned(field, key, text) == lark
    assert ClientChoiceField(user=lark.owner, required=False).clean(("", "")) is None
    assert field.has_changed(None, None)


@pytest.mark.parametrize(
    ("key", "text", "code"),
    [
        ("", " ", "required"),
        ("", "nobody", "nobody"),
        ("", "n000", "several"),
        ("0", "x", "gone"),
        ("x", "x", "gone"),
    ],
)
def test_field_says_what_is_wrong(book, key, text, code):
    field = ClientChoiceField(user=UserFactory(admin=True))
    with pytest.raises(ValidationError) as refused:
        cleaned(field, key, text)
    assert refused.value.code == code


def test_field_offers_the_matches_when_there_are_several(book):
    field = ClientChoiceField(user=UserFactory(admin=True))
    with pytest.raises(ValidationError):
        cleaned(field, "", "n000")

    html = field.widget.render("client", ("", "n000"), {"id": "id_client"})

    assert html.count('type="radio"') == 2
    assert 'type="hidden"' not in html
    assert 'value="n000"' in html


def test_field_shows_a_client_that_was_chosen_before(book):
    field = ClientChoiceField(user=UserFactory(admin=True))
    html = field.widget.render("client", book["lark"], {"id": "id_client", "required": True})
    assert f'value="{book["lark"].pk}"' in html
    assert "Larkfield Foods GmbH" in html
    assert field.prepare_value("x") == "x"
    assert field.widget.value_omitted_from_data({}, {}, "client")
    assert 'value="typed"' in field.widget.render("client", "typed")
    with pytest.raises(ValidationError):
        ClientChoiceField(user=field.user).clean("nobody")


def test_field_refuses_clients_out_of_scope(book):
    field = ClientChoiceField(user=UserFactory(), scope=EDIT)
    with pytest.raises(ValidationError):
        cleaned(field, str(book["lark"].pk))


# Constraints --------------------------------------------------------------------------------------


def refuses(make, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make()


def test_the_database_refuses_what_must_not_be():
    one, other, user = ClientFactory(), ClientFactory(), UserFactory()
    Tag.objects.create(name="vip")
    CustomField.objects.create(key="a", label="A")
    low, high = sorted([one, other], key=lambda row: row.pk)

    refuses(lambda: Tag.objects.create(name="VIP"), "tag_name_once")
    refuses(lambda: CustomField.objects.create(key="a", label="B"), "key")
    refuses(
        lambda: Client.objects.filter(pk=one.pk).update(merged_into=other),
        "client_merged_is_archived",
    )
    refuses(lambda: Client.objects.filter(pk=one.pk).update(health=101), "client_health_0_to_100")
    refuses(
        lambda: ClientMerge.objects.create(kept=one, gone=one, actor=user),
        "clientmerge_two_clients",
    )
    ClientMerge.objects.create(kept=one, gone=other, actor=user)
    refuses(
        lambda: ClientMerge.objects.create(kept=one, gone=other, actor=user), "clientmerge_once"
    )
    refuses(
        lambda: NotDuplicate.objects.create(first=high, second=low, actor=user),
        "notduplicate_in_order",
    )
    NotDuplicate.objects.create(first=low, second=high, actor=user)
    refuses(
        lambda: NotDuplicate.objects.create(first=low, second=high, actor=user),
        "notduplicate_once",
    )
    Contact.objects.create(client=one, name="A", external_id="1")
    refuses(
        lambda: Contact.objects.create(client=one, name="B", external_id="1"),
        "contact_external_id_once_per_client",
    )


def test_rows_name_themselves():
    one, other = ClientFactory(name="One"), ClientFactory(name="Other")
    merge = ClientMerge(kept=one, gone=other)
    pair = NotDuplicate(first=one, second=other)
    assert str(merge) == "Other → One"
    assert str(pair) == f"{one.pk} ≠ {other.pk}"
    assert str(Tag(name="vip")) == "vip"
    assert str(CustomField(label="Size")) == "Size"
    contact = ContactFactory(client=one, name="Mia")
    assert str(contact.consent_changes.create(channel="email", granted=True)) == "Mia · E-mail"


def test_unknown_time_zone_is_refused():
    check_time_zone("Asia/Shanghai")
    with pytest.raises(ValidationError, match="no time zone"):
        check_time_zone("Mars/North")
