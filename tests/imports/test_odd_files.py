"""Files as other programs write them: several values, shared signs, merged and folded headings."""

import datetime as dt

import pytest
from django.urls import reverse

from clientgroups.importers.checking import PurchaseChecker
from clientgroups.importers.columns import plain
from clientgroups.importers.contact_checking import ContactChecker
from clientgroups.importers.contacts import lines_of, recognise
from clientgroups.importers.purchases import recognise as recognise_purchases
from clientgroups.importers.values import currency_beside, parse_date
from clientgroups.models import Client
from core.files.issues import IssueLog
from core.files.refusal import Refusal
from core.files.tables import data_rows, read_shape
from tests.imports.samples import workbook, written

pytestmark = pytest.mark.django_db
TODAY = dt.date(2024, 6, 1)


def bought(path, **options):
    """(purchases, sentences) of a file read as it suggests."""
    shape = recognise_purchases(path)
    suggested = shape["suggested"]
    checker = PurchaseChecker(shape, suggested["mapping"], suggested["options"] | options, TODAY)
    log = IssueLog()
    rows = checker.check(data_rows(path, shape), log)
    return rows, [issue.message % issue.params for issue in log.drain()]


def people(path, mapping=None):
    """(staged lines, sentences) of a file read as it suggests."""
    shape = recognise(path)
    suggested = shape["suggested"]
    checker = ContactChecker(
        shape, mapping or suggested["mapping"], suggested["options"], people={}, fields=[]
    )
    log = IssueLog()
    rows = [data for _line, _link, data in checker.check(lines_of(path, shape), log)]
    return rows, [issue.message % issue.params for issue in log.drain()]


def card(*lines):
    return "\r\n".join(["BEGIN:VCARD", "VERSION:4.0", *lines, "END:VCARD", ""])


# Purchases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("12.50", "CNY", None),
        ("1,234.50-", "CNY", None),
        ("€12", "CNY", "EUR"),
        ("EUR 12", "CNY", "EUR"),
        ("US$ 12", "CNY", "USD"),
        ("HK$12", "USD", "HKD"),
        ("$12", "CAD", "CAD"),
        ("$12", "EUR", "USD"),
        ("¥12", "JPY", "JPY"),
        ("￥12", "EUR", "CNY"),
        ("12 元", "TWD", "TWD"),
        ("12 kr", "DKK", None),
        ("1'234", "CHF", None),
    ],
)
def test_sign_beside_a_figure_names_its_currency(text, expected, found):
    assert currency_beside(text, expected) == found


def test_amounts_of_several_currencies_in_one_column_are_kept_apart(tmp_path):
    path = written(
        tmp_path, "customer,date,amount\nA,2024-01-01,€12.50\nB,2024-01-02,$3\nC,2024-01-03,7\n"
    )

    rows, said = bought(path, currency="EUR")

    assert [row[5] for row in rows] == ["EUR", "USD", "EUR"]
    assert said == []


def test_sign_that_contradicts_the_column_of_currencies_is_refused(tmp_path):
    path = written(
        tmp_path,
        "customer,date,amount,currency\n"
        "A,2024-01-01,€1,EUR\nB,2024-01-02,€3,USD\nC,2024-01-02,€4,\nD,2024-01-02,$5,CAD\n",
    )

    rows, said = bought(path, currency="CNY")

    assert [row[5] for row in rows] == ["EUR", "EUR", "CAD"]
    assert said == [
        "The amount is in EUR, but the column of currencies says USD. Correct one of them."
    ]


def test_signs_are_remembered_for_a_while_only(tmp_path, monkeypatch):
    monkeypatch.setattr("clientgroups.importers.checking.CACHE", 1)
    lines = "".join(f"A,2024-01-01,€{n}\n" for n in range(5))
    path = written(tmp_path, f"customer,date,amount\n{lines}")

    rows, _said = bought(path, currency="CNY")

    assert [row[5] for row in rows] == ["EUR"] * 5


@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_eight_figures_are_a_day_in_every_order(order):
    assert parse_date("20240229", order) == dt.date(2024, 2, 29)
    assert parse_date("20230229", order) is None


def test_header_of_two_rows_is_read_as_one(tmp_path):
    rows = [
        ["Customer ID", "Purchase", None],
        [None, "Date", "Amount"],
        ["A", dt.date(2024, 1, 1), 5],
        ["B", dt.date(2024, 1, 2), 7],
    ]
    path = workbook(tmp_path, rows)

    found, said = bought(path)

    assert read_shape(path)["columns"] == ["Customer ID", "Date", "Amount"]
    assert ([row[1] for row in found], said) == (["A", "B"], [])


@pytest.mark.parametrize(
    "text",
    [
        "Name,,City\nAnne,x,Köln\nBert,y,Bonn\n",
        "Name,,Amount\nAnne,x,5\nBert,y,6\n",
        "Name,,City\nAnne,Lee,Köln\n",
    ],
)
def test_unnamed_column_does_not_make_the_first_line_a_header(tmp_path, text):
    assert read_shape(written(tmp_path, text))["header"] == 1


def test_dates_that_a_file_tells_count_before_remembered_ones(
    client, sign_in, upload, send_mapping, work_off
):
    sign_in("manager")
    head = "customer number,date,amount\n"
    _, run = upload(f"{head}A,25/02/2024,1\n")
    assert send_mapping(run).status_code == 302
    work_off(run)

    _, run = upload(f"{head}A,02/25/2024,1\nB,03/04/2024,1\n")
    page = client.get(reverse("imports:run_map", args=[run.pk]))
    _, unclear = upload(f"{head}B,03/04/2024,1\n")
    other = client.get(reverse("imports:run_map", args=[unclear.pk]))

    assert page.context["remembered"] is not None
    assert page.context["form"]["date_order"].value() == "mdy"
    assert other.context["form"]["date_order"].value() == "dmy"


# Clients and contacts ----------------------------------------------------------------------------


def test_one_of_several_values_is_kept_and_the_others_are_told(tmp_path):
    path = written(
        tmp_path,
        card(
            "FN:Jane",
            "ORG:ABC",
            "TITLE:Boss",
            "TITLE:Owner",
            "URL:https://a.example.com",
            "URL:https://b.example.com",
            "URL:https://a.example.com",
        ),
    )

    (row,), said = people(path)

    assert row["contact"]["job_title"] == "Boss"
    assert row["client"]["website"] == "https://a.example.com"
    assert said == [
        "There is room for one value only (Website); the further one “https://b.example.com” was "
        "not imported.",
        "There is room for one value only (Position); the further one “Owner” was not imported.",
    ]


@pytest.mark.parametrize(
    ("languages", "found"),
    [(["fr", "zh-Hans"], "zh-hans"), (["fr", "en"], "en"), (["zh", "en"], "zh-hans")],
)
def test_first_language_that_the_product_speaks_counts(tmp_path, languages, found):
    spoken = [f"LANG;PREF={place}:{code}" for place, code in enumerate(languages, 1)]

    (row,), said = people(written(tmp_path, card("FN:Jane", "ORG:ABC", *spoken)))

    assert (row["contact"]["language"], said) == (found, [])


def test_cards_without_anything_are_refused(tmp_path):
    with pytest.raises(Refusal, match="holds no name, address or number"):
        recognise(written(tmp_path, "BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n"))


def test_customer_numbers_are_written_as_purchases_write_them(tmp_path):
    path = written(tmp_path, "customer number,company\n12345.0,A\n１２,B\n007,C\n1.5,D\n")

    rows, _said = people(path)

    assert [row["client"]["number"] for row in rows] == ["12345", "12", "007", "1.5"]


def test_numbers_of_an_own_export_stay_as_they_are(tmp_path):
    path = written(tmp_path, "customer number,company,ref\n1.0,A,\n")

    (row,), _said = people(path, {"0": "client_number", "1": "client", "2": "client_ref"})

    assert row["client"]["number"] == "1.0"


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [("客戶名稱", "客户名称"), ("聯絡人", "联络人"), ("電子郵件", "电子邮件"), ("備註", "备注")],
)
def test_traditional_headings_are_known_by_their_simplified_ones(traditional, simplified):
    assert plain(traditional) == plain(simplified)


def test_table_with_traditional_headings_is_recognised(tmp_path):
    head = "客戶名稱,聯絡人,電話,電子郵件,職稱,備註,縣市"
    path = written(tmp_path, f"{head}\n台北公司,陳大文,02-27001234,c@example.tw,經理,x,臺北\n")

    found = recognise(path)["suggested"]["mapping"]

    assert list(found.values()) == [
        "client", "contact", "phone", "email", "job_title", "note", "city",
    ]  # fmt: skip


def test_files_with_references_are_offered_and_others_not(
    sign_in, client, upload, work_off, send_mapping
):
    sign_in("manager")
    tree = (
        '{"records": [{"attributes": {"type": "%s", "referenceId": "R%s"}, "%s": "Anne", '
        '"Email": "a@example.com"%s}]}'
    )
    accounts = tree % ("Account", "1", "Name", "")
    for content, name in ((accounts, "a.json"), ("company,city\nB,Bonn\n", "b.csv")):
        _, run = upload(content, name, kind="contacts")
        assert send_mapping(run).status_code == 302
        work_off(run)
        client.post(reverse("imports:run_confirm", args=[run.pk]))
        assert work_off(run).state == "applied"

    contacts = tree % ("Contact", "2", "LastName", ', "AccountId": "@R1"')
    _, run = upload(contacts, "c.json", kind="contacts")
    form = client.get(reverse("imports:run_map", args=[run.pk])).context["form"]

    assert [label.split(" ")[0] for _key, label in form.fields["link"].choices] == ["No", "a.json"]
    assert form["link"].value() == form.fields["link"].choices[1][0]


def test_signs_that_no_database_keeps_are_replaced_in_records(
    client, sign_in, upload, send_mapping, work_off
):
    sign_in("manager")
    head = '{"records": [{"attributes": {"type": "Account", "referenceId": "R1"}, '
    content = head + r'"Name": "Anne", "Description": "a\ud800b\u0000c", "Own\udfff": "x"}]}'

    _, run = upload(content, "a.json", kind="contacts")
    assert send_mapping(run).status_code == 302
    run = work_off(run)
    client.post(reverse("imports:run_confirm", args=[run.pk]))

    assert work_off(run).state == "applied"
    assert Client.objects.get().note == "a b c"
    assert [name for name, *_rest in run.summary["losses"]] == ["Own"]
