import datetime as dt
from decimal import Decimal

import pytest

from clientgroups.importers.checking import Lookup
from clientgroups.importers.columns import plain, suggest_columns
from clientgroups.importers.purchases import describe_mapping, recognise
from clientgroups.importers.values import (
    currency_sign,
    detect_date_order,
    detect_decimal,
    number_share,
    parse_currency,
    parse_date,
    parse_number,
)
from core.files.refusal import Refusal
from tests.imports.samples import written


@pytest.mark.parametrize(
    ("order", "text", "day"),
    [
        ("ymd", "19970101", "1997-01-01"),
        ("ymd", "2017/6/1", "2017-06-01"),
        ("ymd", "2017.6.1", "2017-06-01"),
        ("ymd", "2017年6月1日", "2017-06-01"),
        ("ymd", "2017年6月1日 14:30", "2017-06-01"),
        ("ymd", "1996-07-04 00:00:00.000", "1996-07-04"),
        ("ymd", "2020-06-12T08:13:13.360+0800", "2020-06-12"),
        ("ymd", "2020-06-12T08:13:13Z", "2020-06-12"),
        ("ymd", "20240101000000", "2024-01-01"),
        ("ymd", "20170101 1200", "2017-01-01"),
        ("ymd", "97-1-5", "1997-01-05"),
        ("ymd", "２０１７／６／１", "2017-06-01"),
        ("ymd", "2017-6-1 下午3:20", "2017-06-01"),
        ("ymd", "2024-Jan-05", "2024-01-05"),
        ("ymd", "2026-02-30", None),
        ("ymd", "12345678", None),
        ("ymd", "2024-01-01abc", None),
        ("ymd", "", None),
        ("dmy", "31.12.1997", "1997-12-31"),
        ("dmy", "31/12/97", "1997-12-31"),
        ("dmy", "1-2-24", "2024-02-01"),
        ("dmy", "2024-02-01", "2024-02-01"),
        ("dmy", "28/Jun/16 9:27 AM", "2016-06-28"),
        ("dmy", "23. November 2026", "2026-11-23"),
        ("dmy", "3 de marzo de 2024", "2024-03-03"),
        ("dmy", "1er février 2024", "2024-02-01"),
        ("dmy", "14 juillet 2024", "2024-07-14"),
        ("dmy", "2 juin 2024", "2024-06-02"),
        ("dmy", "Mon, 23 Nov 2026", "2026-11-23"),
        ("dmy", "04-JAN-99", "1999-01-04"),
        ("dmy", "1-6月-17", "2017-06-01"),
        ("dmy", "10/31/2011", None),
        ("dmy", "5 Foo 2024", None),
        ("mdy", "10/31/2011 10:42", "2011-10-31"),
        ("mdy", "Nov 23, 2026", "2026-11-23"),
        ("mdy", "Monday, January 5, 2024", "2024-01-05"),
        ("serial", "46349", "2026-11-23"),
        ("serial", "46349.5", "2026-11-23"),
        ("serial", "2024-01-02", "2024-01-02"),
    ],
)
def test_dates_are_read_in_the_chosen_order(order, text, day):
    found = parse_date(text, order)

    assert found == (dt.date.fromisoformat(day) if day else None)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["1997-01-01", "1997-05-05"], "ymd"),
        (["19970101"], "ymd"),
        (["1/2/2024", "13/4/2024"], "dmy"),
        (["1/2/2024", "4/13/2024"], "mdy"),
        (["1/2/2024", "3/4/2024"], ""),
        (["1.2.2024"], "dmy"),
        (["5 Jan 2024", "6 Feb 2024"], "dmy"),
        (["46349", "46350"], "serial"),
        ([], ""),
    ],
)
def test_order_of_dates_is_found_or_asked(values, order):
    assert detect_date_order(values)[0] == order


@pytest.mark.parametrize(
    ("mark", "text", "number"),
    [
        ("point", "1,234.56", "1234.56"),
        ("comma", "1.234,56", "1234.56"),
        ("comma", "1 234,56 €", "1234.56"),
        ("point", "1'234.5", "1234.5"),
        ("point", "1,23,456.00", "123456.00"),
        ("point", "1,2345", "12345"),
        ("point", "¥1,234", "1234"),
        ("point", "12元", "12"),
        ("point", "USD 12", "12"),
        ("point", "HK$ 5", "5"),
        ("point", "(12.50)", "-12.50"),
        ("point", "12.50-", "-12.50"),
        ("point", "- 5", "-5"),
        ("point", "−12", "-12"),
        ("point", "-$5.00", "-5.00"),
        ("point", "１２３．５", "123.5"),
        ("point", ".5", "0.5"),
        ("point", "5.", "5"),
        ("point", "1e3", "1000"),
        ("point", "12,34", None),
        ("point", "1.2.3", None),
        ("point", "12 %", None),
        ("point", "NaN", None),
        ("point", "Infinity", None),
        ("point", "0x12", None),
        ("point", "1_000", None),
        ("point", "ca. 5", None),
        ("point", "", None),
        ("comma", "12.5", None),
    ],
)
def test_numbers_are_read_with_the_chosen_sign(mark, text, number):
    assert parse_number(text, mark) == (Decimal(number) if number else None)


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (["11.77", "3"], "point"),
        (["12,5", "1.234,0"], "comma"),
        (["1,234"], ""),
        (["1,234", "5.50"], "point"),
        (["5", "6"], "point"),
        (["12,5", "12.5"], ""),
        ([], "point"),
    ],
)
def test_decimal_sign_is_found_or_asked(values, mark):
    assert detect_decimal(values) == mark


def test_share_of_numbers_of_nothing_is_none():
    assert number_share([]) == 0.0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("cny", "CNY"),
        ("￥", "CNY"),
        ("人民币", "CNY"),
        ("US$", "USD"),
        ("€", "EUR"),
        ("pounds", None),
    ],
)
def test_currencies_by_code_sign_and_name(text, code):
    assert parse_currency(text) == code


def test_currency_sign_stands_in_the_amounts():
    assert currency_sign(["5", "€ 7"]) == "EUR"
    assert currency_sign(["5"]) is None


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (
            "Kundennr.;Kunde;Bestelldatum;Umsatz (EUR);Menge;Artikel;Beleg-Nr.",
            {
                "customer": "Kundennr.",
                "name": "Kunde",
                "date": "Bestelldatum",
                "amount": "Umsatz (EUR)",
                "quantity": "Menge",
                "product": "Artikel",
                "number": "Beleg-Nr.",
            },
        ),
        (
            "N° client;Nom du client;Date d'achat;Montant TTC;Quantité;Produit;N° facture",
            {
                "customer": "N° client",
                "name": "Nom du client",
                "date": "Date d'achat",
                "amount": "Montant TTC",
                "quantity": "Quantité",
                "product": "Produit",
                "number": "N° facture",
            },
        ),
        (
            "客户编号;客户名称;订单日期;销售额;数量;产品名称;币种",
            {
                "customer": "客户编号",
                "name": "客户名称",
                "date": "订单日期",
                "amount": "销售额",
                "quantity": "数量",
                "product": "产品名称",
                "currency": "币种",
            },
        ),
        (
            "会员编号;消费时间;消费金额(元)",
            {"customer": "会员编号", "date": "消费时间", "amount": "消费金额(元)"},
        ),
        ("Cliente;Fecha;Importe", {"customer": "Cliente", "date": "Fecha", "amount": "Importe"}),
        (
            "Código cliente;Fecha de compra;Precio unitario;Cantidad",
            {
                "customer": "Código cliente",
                "date": "Fecha de compra",
                "unit_price": "Precio unitario",
                "quantity": "Cantidad",
            },
        ),
        (
            "user_id;timestamp;price",
            {"customer": "user_id", "date": "timestamp", "amount": "price"},
        ),
        (
            "name;date;total",
            {"customer": "name", "name": "name", "date": "date", "amount": "total"},
        ),
        ("colour;shape", {}),
    ],
)
def test_columns_are_known_by_name(header, found):
    columns = header.split(";")

    suggested = suggest_columns({"columns": columns}, [[] for _ in columns])

    assert {target: columns[place] for target, place in suggested.items()} == found


def test_columns_without_names_are_known_by_content():
    columns = [["00004", "00021"], ["19970101", "19970102"], ["2", "3"], ["29.33", "5.00"]]

    suggested = suggest_columns({"columns": ["", "", "", ""]}, columns)

    assert suggested == {"customer": 0, "date": 1, "quantity": 2, "amount": 3}


def test_content_overrules_a_misleading_name():
    columns = [["1", "2"], ["red", "blue"], ["many", "few"]]

    suggested = suggest_columns({"columns": ["Customer", "Date", "Amount"]}, columns)

    assert suggested == {"customer": 0}


def test_whole_amounts_and_currency_without_names():
    columns = [["7", "8"], ["2024-01-01", "2024-01-02"], ["5", "6"], ["CNY", "EUR"]]

    suggested = suggest_columns({"columns": [""] * 4}, columns)

    assert suggested == {"customer": 0, "date": 1, "amount": 2, "currency": 3}


def test_names_compare_without_accents_and_signs():
    assert plain("Date d'Achat_(TTC) ß") == "datedachatttcss"


def test_lines_of_orders_are_suggested_to_be_added_up(tmp_path):
    lines = "".join(f"{n // 3},2024-01-0{1 + n % 5},5.50,A{n // 3}\n" for n in range(60))
    shape = recognise(written(tmp_path, "Customer,Date,Amount,Order number\n" + lines))

    assert shape["suggested"]["options"]["repeats"] == "add"


def test_description_of_a_mapping_names_columns():
    shape = {"columns": ["Kunde", ""]}

    told = describe_mapping(shape, {"customer": 0, "date": 1}, {"date_order": "ymd"})

    assert told["columns"] == [("Customer number", "Kunde"), ("Date", "#2")]


def test_json_of_another_kind_is_no_table(tmp_path):
    with pytest.raises(Refusal, match="JSON file"):
        recognise(written(tmp_path, '[{"a": 1}]'))


def test_cache_starts_anew_before_it_grows(monkeypatch):
    monkeypatch.setattr("clientgroups.importers.checking.CACHE", 2)
    lookup = Lookup(str.upper)

    found = [lookup[text] for text in "abcd"]

    assert found == list("ABCD")
    assert len(lookup) == 1
