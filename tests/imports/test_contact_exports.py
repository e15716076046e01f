import io

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.models import AuditEvent
from clientgroups.models import Client, Contact, CustomField, Tag
from clientgroups.selectors.references import reference, referred
from core.files.streams import csv_stream, guarded, unguarded, xlsx_stream
from core.files.vcards import escaped, fields, plain_text, read_cards, structured, write_card
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
)

ENDINGS = {"csv": "csv", "xlsx": "xlsx", "vcard3": "vcf", "vcard4": "vcf"}
HOSTILE = [
    "=1+1",
    "+49",
    "-x",
    "@a",
    "'=1",
    "''",
    "|x",
    "a\tb",
    "\u200b=x",
    "＝1",
    "中文 😀 ,;\\n\\",
]


def body_of(response):
    return b"".join(response.streaming_content)


@pytest.fixture
def download(client):
    def download(kind="csv", rows="both", query=""):
        url = reverse("clientgroups:client_export") + query
        response = client.post(url, {"format": kind, "rows": rows})
        assert response.status_code == 200
        return body_of(response)

    return download


@pytest.fixture
def clients(db):
    """A client of every sort, with values that a spreadsheet would run."""

    def clients(owner):
        CustomField.objects.create(key="size", label="Size", kind="number")
        CustomField.objects.create(key="since", label="Since", kind="date")
        CustomField.objects.create(key="vip", label="VIP", kind="yes_no")
        CustomField.objects.create(key="motto", label="Motto", label_zh="口号", kind="text")
        tags = [Tag.objects.create(name=name) for name in ("Trade fair", "=danger", "贵宾")]
        company = ClientFactory(
            name="=cmd|' /C calc'!A0",
            owner=owner,
            external_id="00017",
            website="https://example.com/?a=b,c;d",
            industry="Bau; Holz, Stein",
            address="Straße 1, 2. Stock",
            city="北京",
            region="-",
            country="中国",
            note="Line one\n\n=line two; with, signs \\ 😀\n+3",
            custom={"size": 12.5, "since": "2020-02-29", "vip": True, "motto": "+always"},
        )
        company.tags.set(tags)
        ContactFactory(
            client=company,
            name="@Anne O'Neill",
            email="Anne+x@example.com",
            phone="138 0013 8000",
            job_title="=head",
            phone_consent=True,
            email_consent=False,
            preferred_channel="phone",
            time_zone="Asia/Shanghai",
            external_id="uid:1",
            chinese=True,
        )
        ContactFactory(client=company, name="No details", email="", is_active=False)
        ContactFactory(client=company, name="No details", email="", phone="")
        person = ClientFactory(name="张伟", kind="person", owner=owner, external_id=None)
        ContactFactory(client=person, name="张伟", email="", phone="+86 138 0013 8001")
        ContactFactory(client=person, name="His secretary", email="sec@example.com")
        ClientFactory(name="张伟", kind="person", owner=owner, external_id=None)
        ClientFactory(name="'quoted", owner=owner, external_id=None)
        twin = ClientFactory(name="'quoted", owner=owner, external_id=None, note="Twin")
        ContactFactory(client=twin, name="'=tricky", email="t@example.com")

    return clients


def state():
    """Everything that an import could change."""
    skipped = {"search", "name_key", "phone_key", "import_batch"}
    rows = [
        {f.name: f.value_from_object(row) for f in model._meta.concrete_fields}
        for model in (Client, Contact)
        for row in model.objects.order_by("pk")
    ]
    tags = list(Client.tags.through.objects.order_by("pk").values_list("client", "tag__name"))
    return [{k: v for k, v in row.items() if k not in skipped} for row in rows] + tags


@pytest.mark.parametrize("kind", ["csv", "xlsx", "vcard3", "vcard4"])
@pytest.mark.parametrize("rows", ["clients", "both", "contacts"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_export_comes_back_unchanged(
    client, sign_in, download, clients, upload, send_mapping, work_off, kind, rows, language
):
    user = sign_in("manager", language=language)
    clients(user)
    before = state()
    content = download(kind, rows)

    _, run = upload(content, f"clients.{ENDINGS[kind]}", kind="contacts")
    assert send_mapping(run).status_code == 302
    run = work_off(run)
    client.post(reverse("imports:run_confirm", args=[run.pk]))
    run = work_off(run)

    assert run.state == "applied", run.problem
    assert run.summary["errors"] == 0, list(run.issues.values("line", "message", "params"))
    changed = {k: v for k, v in run.summary["result"].items() if k[:3] in ("new", "cha")}
    assert set(changed.values()) == {0}
    assert state() == before


@pytest.mark.django_db
def test_csv_is_harmless_and_begins_with_a_mark(sign_in, download, clients):
    clients(sign_in("manager"))

    text = download("csv").decode()

    assert text.startswith("\ufeffTandem client,Customer number,Client,")
    assert "'=cmd|" in text
    assert ",=cmd" not in text


@pytest.mark.django_db
def test_workbook_has_real_numbers_and_dates(sign_in, download, clients):
    clients(sign_in("manager"))

    sheet = load_workbook(io.BytesIO(download("xlsx"))).active
    names = {cell.value: cell.column for cell in sheet[1]}
    row = next(r for r in sheet.iter_rows(min_row=2) if r[1].value == "00017")

    assert row[names["Size"] - 1].value == 12.5
    assert row[names["Since"] - 1].value.isoformat()[:10] == "2020-02-29"
    name = row[names["Client"] - 1]
    assert (name.value, name.data_type) == ("=cmd|' /C calc'!A0", "s")
    assert name.quotePrefix


@pytest.mark.django_db
def test_export_follows_the_filters_and_is_noted(client, sign_in, download):
    user = sign_in("manager")
    for name in ("Inside", "Outside"):
        ClientFactory(owner=user, name=name)
    ClientFactory(name="Of somebody else")

    text = download(query="?q=Inside").decode()

    assert "Inside" in text
    assert "Outside" not in text
    whole = download().decode()
    assert "Outside" in whole
    assert "Of somebody else" not in whole
    event = AuditEvent.objects.filter(verb="clients.exported").order_by("pk").first()
    assert event.changes["clients"] == [None, 1]
    assert event.changes["filters"] == [None, "q=Inside"]


@pytest.mark.django_db
def test_members_of_a_group_are_exported(client, sign_in, download):
    sign_in("admin")
    group = ClientGroupFactory()
    MembershipFactory(client=ClientFactory(name="Inside"), client_group=group)
    ClientFactory(name="Outside")

    text = download(query=f"?group={group.pk}").decode()
    page = client.get(reverse("clientgroups:client_export") + f"?group={group.pk}")

    assert "Inside" in text
    assert "Outside" not in text
    assert group.name in page.content.decode()


@pytest.mark.django_db
def test_unknown_format_is_refused(client, sign_in):
    sign_in("manager")

    response = client.post(reverse("clientgroups:client_export"), {"format": "doc"})

    assert response.status_code == 422
    template = reverse("clientgroups:client_template")
    assert client.get(template, {"format": "doc"}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_template_is_recognised_column_by_column(client, sign_in, upload, kind):
    sign_in("manager")
    url = reverse("clientgroups:client_template")
    content = body_of(client.get(url, {"format": kind}))
    if kind == "csv":
        content += ",".join(["x"] * content.count(b",")).encode() + b",x\r\n"
    else:
        book = load_workbook(io.BytesIO(content))
        book.active.append(["x"] * book.active.max_column)
        stream = io.BytesIO()
        book.save(stream)
        content = stream.getvalue()

    _, run = upload(content, f"t.{kind}", kind="contacts")

    assert len(run.shape["suggested"]["mapping"]) == run.shape["width"]


@pytest.mark.django_db
@pytest.mark.parametrize(("rows", "more"), [("clients", 0), ("both", 0)])
def test_export_asks_as_often_for_many(sign_in, download, count_queries, rows, more):
    user = sign_in("manager")
    ContactFactory(client__owner=user)
    few = count_queries(lambda: download(rows=rows))
    for _ in range(5):
        ContactFactory(client__owner=user)

    assert count_queries(lambda: download(rows=rows)) == few + more


def test_reference_is_only_ours(settings):
    ours = reference("C", 42)

    assert referred("C", f" {ours} ") == 42
    assert referred("P", ours) is None
    assert referred("C", ours.replace("42", "43")) is None
    settings.SECRET_KEY = settings.SECRET_KEY[::-1]
    assert referred("C", ours) is None


# Values ------------------------------------------------------------------------------------------

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
VALUES = TEXTS | st.sampled_from(HOSTILE)
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@QUIET
@given(VALUES)
def test_guarded_cells_come_back(text):
    text = text.replace("\x00", "")
    cell = guarded(text)

    assert unguarded(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "|"))


def kept(text):
    """What a vCard can hold of a text: one kind of line end, no other control characters."""
    gone = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0))} - set("\t\n\r")
    text = "".join(s for s in text if s not in gone)
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


@pytest.mark.parametrize("version", ["3.0", "4.0"])
@QUIET
@given(values=st.lists(VALUES, min_size=1, max_size=7))
def test_card_values_come_back(tmp_path_factory, version, values):
    path = tmp_path_factory.getbasetemp() / f"card-{version}.vcf"
    lines = [("FN", "X"), ("ADR", structured(*values)), *(("NOTE", escaped(v)) for v in values)]
    text = write_card(version, lines)
    path.write_bytes(text.encode())

    (card,) = read_cards(path, "utf-8-sig")

    found = {name: [p.value for p in card.properties if p.name == name] for name in ("ADR", "NOTE")}
    assert fields(found["ADR"][0]) == [kept(value) for value in values]
    assert [plain_text(value) for value in found["NOTE"]] == [kept(value) for value in values]
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


@QUIET
@given(values=st.lists(VALUES, min_size=1, max_size=5))
def test_workbook_cells_come_back(values):
    content = b"".join(xlsx_stream(["A"], [[v] for v in values], title="T", widths=[9]))

    sheet = load_workbook(io.BytesIO(content)).active

    shown = [row[0] or "" for row in sheet.iter_rows(min_row=2, values_only=True)]
    lost = [v for v in values if any(s < " " and s not in "\t\n\r" for s in v)]
    if not lost and not any("\ufffe" in v or "\uffff" in v for v in values):
        assert shown == values
    assert len(shown) == len(values)


def test_streams_hold_little_and_send_early():
    sent = xlsx_stream(["A"], ([n, "text"] for n in range(5000)), title="[a]/b", widths=[9])

    pieces = list(sent)

    assert len(pieces) > 5
    sheet = load_workbook(io.BytesIO(b"".join(pieces))).active
    assert (sheet.max_row, sheet.title) == (5001, " a  b")
    lines = list(csv_stream(["A"], ([n] for n in range(1200))))
    assert len(lines) == 3
