"""Files of other programs: real ones where they are at hand, and ones of the same kinds."""

import json

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from clientgroups.importers.columns import plain
from clientgroups.importers.contact_checking import ContactChecker
from clientgroups.importers.contacts import lines_of, losses, recognise
from clientgroups.models import Client, Contact, CustomField
from clientgroups.selectors.client_columns import COLUMNS
from core.files.issues import IssueLog
from core.files.refusal import Refusal
from tests.imports.samples import workbook, written

pytestmark = pytest.mark.django_db


def read(path, options=None, mapping=None, people=None, **chosen):
    """(clients and contacts as they would be staged, sentences, losses) of a file."""
    shape = recognise(path, **chosen)
    suggested = shape["suggested"]
    mapping = suggested["mapping"] if mapping is None else mapping
    checker = ContactChecker(
        shape,
        mapping,
        suggested["options"] | (options or {}),
        people=people or {},
        fields=list(CustomField.objects.all()),
    )
    log = IssueLog()
    rows = [data for _line, _link, data in checker.check(lines_of(path, shape), log)]
    return rows, [str(issue.message) for issue in log.drain()], losses(path, shape, mapping)


def targets(shape):
    found = shape["suggested"]["mapping"]
    return {shape["columns"][int(place)]: target for place, target in found.items()}


@pytest.fixture
def whole(client, upload, send_mapping, work_off):
    """Import a file with what the pages suggest."""

    def whole(content, name, **changes):
        _, run = upload(content, name, kind="contacts")
        work_off(run)
        assert send_mapping(run, **changes).status_code == 302
        run = work_off(run)
        assert run.state == "checked", run.problem
        client.post(reverse("imports:run_confirm", args=[run.pk]))
        run = work_off(run)
        assert run.state == "applied", run.problem
        return run

    return whole


@pytest.mark.parametrize(
    ("name", "clients", "contacts", "errors"),
    [
        ("crm/vcard/John_Doe_ANDROID.vcf", 6, 6, 0),
        ("crm/vcard/John_Doe_BLACK_BERRY.vcf", 1, 1, 0),
        ("crm/vcard/John_Doe_EVOLUTION.vcf", 1, 1, 0),
        ("crm/vcard/John_Doe_GMAIL.vcf", 1, 1, 0),
        ("crm/vcard/John_Doe_LOTUS_NOTES.vcf", 1, 1, 0),
        ("crm/vcard/John_Doe_MS_OUTLOOK.vcf", 1, 1, 0),
        ("crm/vcard/outlook-2003.vcf", 1, 1, 0),
        ("crm/vcard/rfc2426-example.vcf", 2, 2, 0),
        ("crm/vcard/rfc6350-example.vcf", 1, 1, 0),
        ("crm/contacts_csv/gmail.csv", 1, 1, 0),
        ("crm/contacts_csv/tb_plain.csv", 1, 1, 0),
        ("crm/contacts_csv/mautic_10contacts.csv", 7, 10, 0),
        ("crm/salesforce/Accounts.json", 12, 0, 0),
        ("crm/salesforce/Contacts.json", 12, 12, 0),
        ("crm/salesforce/Contact_Data.csv", 12, 12, 0),
        ("purchases/northwind/customers.csv", 67, 67, 24),
    ],
)
def test_real_file_is_imported_twice_alike(
    shared_data, sign_in, whole, name, clients, contacts, errors
):
    sign_in("manager")
    content = (shared_data / name).read_bytes()

    first = whole(content, name.split("/")[-1])
    second = whole(content, name.split("/")[-1])

    result = first.summary["result"]
    assert (result["new_clients"], result["new_contacts"]) == (clients, contacts)
    assert first.summary["errors"] == errors
    result = second.summary["result"]
    assert (result["same_clients"], result["same_contacts"]) == (clients, contacts)
    assert (Client.objects.count(), Contact.objects.count()) == (clients, contacts)


def test_outlook_card_keeps_what_matters(shared_data):
    rows, _notes, lost = read(shared_data / "crm/vcard/outlook-2003.vcf")

    (row,) = rows
    assert row["client"]["name"] == "Company, The"
    assert row["client"]["address"] == "TheOffice, 123 Main St, 12345"
    assert row["client"]["note"] == ("This is the note field!!\nSecond line\n\nThird line is empty")
    assert row["contact"]["name"] == "John Doe III"
    assert {"KEY", "BDAY", "ORG (unit)"} <= {name for name, _count, _why in lost}


def test_newest_card_is_read_with_its_addresses(shared_data):
    (row,), notes, _lost = read(shared_data / "crm/vcard/rfc6350-example.vcf")

    assert row["contact"]["phone"] == "+1 418-656-9254 ext. 102"
    assert row["client"]["city"] == "Quebec"
    assert row["contact"]["language"] == "en"


def test_accounts_and_contacts_of_two_files_find_each_other(shared_data, sign_in, whole):
    sign_in("manager")
    folder = shared_data / "crm" / "salesforce"
    whole((folder / "Accounts.json").read_bytes(), "Accounts.json")

    run = whole((folder / "Contacts.json").read_bytes(), "Contacts.json")

    assert run.summary["result"]["new_clients"] == 0
    assert run.summary["result"]["new_contacts"] == 12
    contact = Contact.objects.get(email="phaidra.rayer@sw-global.com")
    assert contact.client.name == "Thompson, Skidmore and Smith"


def test_accounts_and_contacts_of_one_file_find_each_other(sign_in, whole):
    sign_in("manager")
    account = {"attributes": {"type": "Account", "referenceId": "A1"}, "Name": "Ace, Inc."}
    contact = {
        "attributes": {"type": "Contact", "referenceId": "C1"},
        "LastName": "Kim",
        "AccountId": "@A1",
        "HasOptedOutOfEmail": True,
        "Account": {"Site": "x"},
    }

    whole(json.dumps([{"records": [contact]}, {"records": [account]}]), "all.json")

    found = Contact.objects.get()
    assert (found.name, found.client.name, found.email_consent) == ("Kim", "Ace, Inc.", False)


HEADINGS = {
    "outlook-en": (
        "First Name,Last Name,Company,Job Title,Business Street,Business City,Business State,"
        "Business Postal Code,Business Country/Region,Home City,Business Fax,Business Phone,"
        "Mobile Phone,E-mail Address,E-mail 2 Address,Notes,Categories,Web Page",
        "Home City,Business Fax",
    ),
    "outlook-de": (
        "Vorname,Nachname,Firma,Position,Straße geschäftlich,Ort geschäftlich,"
        "Region geschäftlich,Postleitzahl geschäftlich,Land/Region geschäftlich,"
        "Fax geschäftlich,Telefon geschäftlich,Mobiltelefon,E-Mail-Adresse,Notizen,Kategorien,"
        "Webseite",
        "Fax geschäftlich",
    ),
    "outlook-fr": (
        "Prénom,Nom,Société,Titre,Rue (bureau),Ville (bureau),Dép/Région (bureau),"
        "Code postal (bureau),Pays/Région (bureau),Télécopie (bureau),Téléphone (bureau),"
        "Tél. mobile,Adresse de messagerie,Notes,Catégories,Page Web",
        "Télécopie (bureau)",
    ),
    "outlook-es": (
        "Nombre,Apellidos,Empresa,Puesto,Calle del trabajo,Ciudad del trabajo,"
        "Código postal del trabajo,Teléfono del trabajo,Teléfono móvil,"
        "Dirección de correo electrónico,Notas,Categorías,Página web",
        "",
    ),
    "outlook-zh": (
        "名,姓,单位,职务,商务地址 街道,商务地址 市/县,商务地址 省/市/自治区,商务地址 邮政编码,"
        "商务地址 国家/地区,商务传真,商务电话,移动电话,电子邮件地址,附注,类别,网页",
        "商务传真",
    ),
    "crm-zh": (
        "客户名称,客户编号,联系人,手机号码,邮箱,所属行业,省份,城市,详细地址,负责人,备注",
        "",
    ),
    "hubspot": (
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lifecycle Stage,"
        "Company name,Job Title,Website URL,City,State/Region,Country/Region",
        "Lifecycle Stage",
    ),
    "salesforce": (
        "Account Name,Account ID,First Name,Last Name,Title,Mailing Street,Mailing City,"
        "Mailing State/Province,Mailing Zip/Postal Code,Mailing Country,Phone,Mobile,Fax,Email,"
        "Account Owner,Email Opt Out,Do Not Call",
        "Fax",
    ),
}


@pytest.mark.parametrize("program", HEADINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_headings_of_programs_are_known(tmp_path, program, delimiter):
    names, unknown = (part.split(",") for part in HEADINGS[program])
    row = [f"v{number}" for number in range(len(names))]
    text = "\r\n".join(delimiter.join(line) for line in (names, row, row)) + "\r\n"

    shape = recognise(written(tmp_path, text))

    left = [name for name in names if name not in targets(shape)]
    assert left == [name for name in unknown if name]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_tables_in_any_encoding(tmp_path, encoding):
    line = "北京远山科技有限公司,王芳,13800138000,wf@example.cn\r\n"
    text = "公司名称,姓名,手机,邮箱\r\n" + line * 3

    rows, _notes, _lost = read(written(tmp_path, text, encoding=encoding))

    assert rows[0]["client"]["name"] == "北京远山科技有限公司"
    assert rows[0]["contact"]["name"] == "王芳"
    assert rows[0]["contact"]["language_guess"] == "zh-hans"


def test_workbook_with_numbers_as_phones(tmp_path):
    path = workbook(tmp_path, [["Company", "Contact", "Phone"], ["Ace", "Li", 13800138000]])

    rows, _notes, _lost = read(path)

    assert rows[0]["contact"]["phone"] == "+86 138 0013 8000"


CARD = (
    "BEGIN:VCARD\r\nVERSION:2.1\r\nN:{0};{1}\r\nORG:{2}\r\n"
    "TEL;WORK;VOICE:+81 3-1234-5678\r\nEND:VCARD\r\n"
)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("latin-1", ("Müller", "Jürgen", "Bäckerei Größe")),
        ("gb18030", ("张", "伟国", "上海远洋贸易有限公司客户服务部")),
        ("shift-jis", ("さくら", "はなこ", "かぶしきがいしゃとうきょうのデータ")),
        ("utf-16", ("张", "伟", "公司")),
        ("utf-8-sig", ("Ñandú", "É", "ß")),
    ],
)
def test_old_cards_in_any_encoding(tmp_path, encoding, words):
    path = written(tmp_path, CARD.format(*words) * 2, "a.vcf", encoding=encoding)

    rows, _notes, _lost = read(path)

    assert rows[0]["client"]["name"] == words[2]


def test_card_names_its_own_charset_and_is_folded(tmp_path):
    name = "张伟".encode("gb18030")
    data = b"".join(
        [
            b"BEGIN:vcard\nVERSION:2.1\nFN;CHARSET=GB18030;ENCODING=QUOTED-PRINTABLE:=",
            b"\n" + b"".join(b"=%02X" % byte for byte in name),
            b"\nTEL;CELL:138 0013 8000\nitem1.EMAIL;INTERNET:a@ex",
            b"\n ample.com\nPHOTO;ENCODING=BASE64;JPEG:\n  AAAA\n  BBBB\n\nAGENT:\n",
            b"BEGIN:VCARD\nFN:Inside\nEND:VCARD\nX-QQ:12345\nno property\nEND:VCARD\n",
        ]
    )

    (row,), _notes, lost = read(written(tmp_path, data, "a.vcf"))

    contact = row["contact"]
    assert (contact["name"], contact["email"]) == ("张伟", "a@example.com")
    assert contact["phone"] == "+86 138 0013 8000"
    assert {"PHOTO", "X-QQ"} <= {name for name, _count, _why in lost}


def test_kinds_of_cards(tmp_path):
    cards = (
        "BEGIN:VCARD\nVERSION:4.0\nKIND:org\nFN:Ace\nORG:Ace\nTEL;VALUE=uri:tel:+49-30-074321\n"
        "END:VCARD\nBEGIN:VCARD\nVERSION:4.0\nKIND:individual\nFN:Kim\nEND:VCARD\n"
        "BEGIN:VCARD\nVERSION:3.0\nFN:Broken\n"
    )

    rows, _notes, _lost = read(written(tmp_path, cards, "a.vcf"))

    kinds = [(row["client"]["name"], row["client"]["kind"]) for row in rows]
    assert kinds == [("Ace", "organisation"), ("Kim", "person"), ("Broken", "person")]
    assert rows[0]["contact"] == {
        "name": "Ace",
        "phone": "+49 30 074321",
        "language_guess": "en",
    }


def test_hostile_head_of_a_card_takes_no_time(tmp_path):
    heads = ["TEL" + ';a="b"' * 3000, "X" * 5000 + ":1", "TEL;" + "a=b," * 100 + ":1", '"' * 900]
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:A\n" + "\n".join(heads) + "\nEND:VCARD\n"

    rows, _notes, _lost = read(written(tmp_path, card, "a.vcf"))

    assert rows[0]["client"]["name"] == "A"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"records": [', "The JSON breaks off in line 1"),
        (b'{"name": "x"}', "The JSON holds no list of records"),
        (b'[1, "2"]', "The JSON holds no list of records"),
        (b"[" * 100_000 + b'"', "The JSON"),
        (b"<html><body>x</body></html>", "This is a web page or an XML file"),
        (b"\x89PNG\r\n\x1a\n\0\0", "This is a PNG picture"),
        (b"BEGIN:VCARDS\nFN:x\n", "The file holds no vCard"),
    ],
)
def test_file_without_clients_is_refused(tmp_path, content, sentence):
    with pytest.raises(Refusal) as caught:
        read(written(tmp_path, content))

    assert sentence in str(caught.value)


def test_too_many_fields_and_too_large_records_are_refused(tmp_path, monkeypatch):
    wide = [{f"f{n}": "x" for n in range(600)}]
    with pytest.raises(Refusal, match="600 different fields"):
        read(written(tmp_path, json.dumps(wide), "a.json"))

    monkeypatch.setattr("clientgroups.importers.contact_json.LARGEST", 100)
    with pytest.raises(Refusal, match="larger than"):
        read(written(tmp_path, json.dumps(wide), "b.json"))


def test_work_address_is_taken_before_a_home(shared_data):
    (row,), _notes, _lost = read(shared_data / "crm/contacts_csv/gmail.csv")

    assert (row["client"]["name"], row["client"]["city"]) == ("company", "work_city")
    assert row["contact"]["email"] == "home@aaa.pl"
    assert row["contact"]["phone"] == "mobile"
    assert row["client"]["tags"] == ["Test"]


def test_own_headings_differ_in_every_language():
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            labels = [plain(str(column.label)) for column in COLUMNS]
            assert sorted(set(labels)) == sorted(labels), code


def test_table_without_headings_tells_itself_by_content(tmp_path):
    text = "Anne Bernard,anne@example.com,030 1234567\nTom Baker,tom@example.com,030 7654321\n"

    rows, _notes, _lost = read(written(tmp_path, text), header=0)

    assert [row["contact"]["email"] for row in rows] == ["anne@example.com", "tom@example.com"]
    assert rows[0]["contact"]["phone"].endswith("1234567")
    assert rows[1]["client"]["name"] == "Tom Baker"


def test_control_characters_are_taken_out_or_refused(tmp_path):
    text = "Customer No,Company,City\nK\x01,Ace,Oslo\nK2,A\x02ce,Os\tlo\n"

    rows, notes, _lost = read(written(tmp_path, text))

    (row,) = rows
    assert (row["client"]["name"], row["client"]["city"]) == ("A ce", "Os lo")
    assert any("holds a control character" in note for note in notes)
    assert any("Control characters were removed" in note for note in notes)


def test_records_with_numbers_of_their_own_keep_them(tmp_path):
    records = [
        {"attributes": {"type": "Account"}, "Id": "001A", "Name": "Ace", "Tags": ["a", 2, {}]},
        {
            "attributes": {"type": "Contact"},
            "Id": "003B",
            "AccountId": "001A",
            "Account": {"Name": "Ace", "Deep": {"a": {"b": {"c": "lost"}}}},
            "LastName": "Kim\ud800",
            "DoNotCall": True,
            "Fax": None,
        },
    ]

    rows, _notes, lost = read(written(tmp_path, json.dumps(records), "a.json"))

    company, person = rows
    assert (company["client"]["number"], company["client"]["name"]) == ("001A", "Ace")
    assert company["client"]["tags"] == ["a", "2"]
    assert (person["client"]["number"], person["contact"]["number"]) == ("001A", "003B")
    assert person["contact"]["name"] == "Kim"
    assert person["contact"]["phone_consent"] is False
    assert lost == []
