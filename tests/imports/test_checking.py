import datetime as dt
from decimal import Decimal

import pytest

from clientgroups.importers.checking import PurchaseChecker
from core.files.issues import IssueLog

SHAPE = {"format": "text", "columns": ["No", "Date", "Amount", "", "Name"], "width": 5}
MAPPING = {"customer": 0, "date": 1, "amount": 2, "product": 3, "name": 4}
OPTIONS = {"date_order": "ymd", "decimal": "point", "currency": "CNY"}
TODAY = dt.date(2024, 6, 1)


def check(*rows, shape=SHAPE, mapping=MAPPING, **options):
    log = IssueLog()
    checker = PurchaseChecker(shape, mapping, OPTIONS | options, TODAY)
    good = checker.check([(number, list(row)) for number, row in enumerate(rows, 2)], log)
    return good, log, checker


def sentences(log):
    return [issue.message % issue.params for issue in log.drain()]


def test_good_row_becomes_a_purchase():
    (row,), log, _ = check(("00007", "2024-01-02", "5.5", "Tea", "Lin"))

    assert row[:8] == (
        2, "00007", "Lin", dt.date(2024, 1, 2), Decimal("5.50"), "CNY", None, "Tea",
    )  # fmt: skip
    assert row[8].startswith("~")
    assert log.counts == {}


@pytest.mark.parametrize(
    ("written", "stored"),
    [("12345.0", "12345"), ("00042", "00042"), ("１２", "12"), ("1.5", "1.5"), ("v1.0", "v1.0")],
)
def test_customer_numbers_stay_as_written(written, stored):
    (row,), _, _ = check((written, "2024-01-02", "5", "", ""))

    assert row[1] == stored


def test_equal_content_has_the_equal_number():
    rows, _, _ = check(
        ("7", "2024-01-02", "5", "Tea", ""),
        ("7.0", "2024/1/2", "5.00", "Other", ""),
        ("7", "2024-01-03", "5", "Tea", ""),
    )

    assert rows[0][8] == rows[1][8] != rows[2][8]


def test_every_problem_of_a_row_is_named():
    _, log, _ = check(("", "x", "y", "", ""))

    assert len(sentences(log)) == log.errors == 3


def test_blank_rows_are_counted_and_not_named():
    good, log, checker = check((), ("", "", "", "", ""), (" ",), ("", "", "", "", "", ""))

    assert (good, log.errors, checker.blank) == ([], 0, 4)


def test_blank_cells_beyond_the_header_do_no_harm():
    good, log, _ = check(("7", "2024-01-02", "5", "", "", "", " "))

    assert (len(good), log.errors) == (1, 0)


def test_short_rows_of_workbooks_are_filled_up():
    good, _, _ = check(("7", "2024-01-02", "5"), shape=SHAPE | {"format": "workbook"})

    assert len(good) == 1


def test_long_names_are_cut_and_noted():
    (row,), log, _ = check(("7", "2024-01-02", "5", "x" * 300, ""))

    assert len(row[7]) == 200
    assert sentences(log) == ["The Product is longer than 200 characters and was cut."]


def test_control_characters_leave_names_with_a_note():
    (row,), log, _ = check(("7", "2024-01-02", "5", "a\x07b", "two\nlines"))

    assert (row[2], row[7]) == ("two lines", "a b")
    assert sentences(log) == ["Control characters were removed from the Product."]


def test_rounding_is_noted_unless_it_is_noise():
    rows, log, _ = check(
        ("7", "2024-01-02", "5.678", "", ""), ("8", "2024-01-02", "2368.7999999999997", "", "")
    )

    assert [row[4] for row in rows] == [Decimal("5.68"), Decimal("2368.80")]
    assert sentences(log) == ["5.678 has more than two decimals and was rounded."]


def test_amount_of_quantity_and_unit_price():
    mapping = {"customer": 0, "date": 1, "quantity": 2, "unit_price": 3}
    rows, log, _ = check(
        ("7", "2024-01-02", "3", "1.25", ""),
        ("7", "2024-01-02", "", "1.25", ""),
        ("7", "2024-01-02", "-3", "1.25", ""),
        ("7", "2024-01-02", "3", "x", ""),
        ("7", "2024-01-02", "999999999", "99999999999", ""),
        mapping=mapping,
    )

    assert [(row[4], row[6]) for row in rows] == [(Decimal("3.75"), Decimal("3.000"))]
    told = sentences(log)
    assert told[0].startswith("The Quantity is missing.")
    assert told[1].startswith("The amount -3.75 is negative.")
    assert "“x” is not a number (Unit price)" in told[2]
    assert "is too large (Amount)" in told[3]


def test_currency_of_the_line_or_the_default():
    rows, log, _ = check(
        ("7", "2024-01-02", "5", "eur", ""),
        ("7", "2024-01-02", "5", "", ""),
        ("7", "2024-01-02", "5", "??", ""),
        mapping={"customer": 0, "date": 1, "amount": 2, "currency": 3},
        currency="USD",
    )

    assert [row[5] for row in rows] == ["EUR", "USD"]
    assert sentences(log) == ["“??” is not a currency. Use a three-letter code such as CNY or EUR."]


def test_own_numbers_are_kept_and_blank_ones_made():
    rows, log, _ = check(
        ("7", "2024-01-02", "5", "A1", ""),
        ("7", "2024-01-02", "5", "", ""),
        ("7", "2024-01-02", "5", "x" * 130, ""),
        mapping={"customer": 0, "date": 1, "amount": 2, "number": 3},
    )

    assert rows[0][8] == "A1"
    assert rows[1][8].startswith("~")
    assert "longer than 120 characters" in sentences(log)[0]


def test_nothing_is_minus_nothing():
    (row,), _, _ = check(("7", "2024-01-02", "-0.00", "", ""))

    assert str(row[4]) == "0.00"


def test_place_of_a_column_without_a_name_is_its_number():
    _, log, _ = check(
        ("7", "2024-01-02", "5", "x" * 90, ""), mapping={"customer": 3, "date": 1, "amount": 2}
    )

    assert log.drain()[0].place == "#4"


def test_notes_stay_bounded(monkeypatch):
    monkeypatch.setattr("clientgroups.importers.checking.CACHE", 1)
    rows = [("7", "2024-01-02", f"5.{n}78", "", "") for n in range(5)]

    _, log, checker = check(*rows)

    assert len(log.drain()) == 5
    assert len(checker.altered) <= 2
