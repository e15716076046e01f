"""The purchase importer: recognise a table, suggest a mapping, check its rows."""

from collections import Counter

from django.utils.translation import gettext_noop

from clientgroups.importers.columns import (
    AMOUNT,
    CUSTOMER,
    DATE,
    NUMBER,
    QUANTITY,
    TARGETS,
    UNIT_PRICE,
    suggest_columns,
)
from clientgroups.importers.values import (
    DATE_ORDERS,
    DECIMALS,
    currency_sign,
    detect_date_order,
    detect_decimal,
    parse_number,
)
from core.files.refusal import Refusal
from core.files.tables import column_sample, read_shape

JSON_FILE = gettext_noop(
    "This is a JSON file, not a table. Choose “Trello board” for a board export, or save the "
    "purchases as CSV."
)
MARKUP_FILE = gettext_noop(
    "This is a web page or an XML file, not a table. Save the table as CSV (UTF-8) or as an Excel "
    "workbook (.xlsx) and choose that file."
)
# From this share of repeated numbers on, lines look like parts of orders.
ORDER_LINES, ENOUGH_ROWS = 0.05, 20


def recognise(path, **chosen):
    """The shape of the table with suggestions; a Refusal when it is none."""
    _refuse_other_texts(path)
    shape = read_shape(path, **chosen)
    columns = column_sample(path, shape)
    mapping = suggest_columns(shape, columns)
    shape["suggested"] = {"mapping": mapping, "options": _options(mapping, columns, shape)}
    return shape


def _refuse_other_texts(path):
    with open(path, "rb") as file:
        head = file.read(400).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"{", b"[") and b'"' in head:
        raise Refusal(JSON_FILE)
    if head[:1] == b"<" and head[:5].lower() in (b"<!doc", b"<html", b"<?xml", b"<tabl"):
        raise Refusal(MARKUP_FILE)


def _options(mapping, columns, shape):
    cells = {target: columns[place] for target, place in mapping.items()}
    order, _share = detect_date_order(cells.get(DATE, []))
    figures = cells.get(AMOUNT, []) or cells.get(UNIT_PRICE, [])
    decimal = detect_decimal(figures + cells.get(QUANTITY, [])[:200])
    signed = figures if AMOUNT in cells else figures + cells.get(QUANTITY, [])
    currency = currency_sign(figures) or _named_currency(mapping, shape)
    return {
        "date_order": order,
        "decimal": decimal,
        "currency": currency or "CNY",
        "refunds": False,
        "repeats": "add" if _order_lines(cells) else "refuse",
        "negatives": sum((parse_number(c, decimal or "point") or 0) < 0 for c in signed[:40_000]),
    }


def _named_currency(mapping, shape):
    place = mapping.get(AMOUNT)
    name = shape["columns"][place].casefold() if place is not None else ""
    words = {"dollar": "USD", "usd": "USD", "eur": "EUR", "gbp": "GBP", "rmb": "CNY", "元": "CNY"}
    return next((code for word, code in words.items() if word in name), None)


def _order_lines(cells):
    """Numbers that often repeat together with the customer's: lines of orders."""
    numbers = cells.get(NUMBER, [])
    if len(numbers) < ENOUGH_ROWS or len(numbers) != len(cells.get(CUSTOMER, [])):
        return False
    seen = Counter(zip(numbers, cells[CUSTOMER], strict=True))
    return sum(n - 1 for n in seen.values()) >= len(numbers) * ORDER_LINES


def describe_mapping(shape, mapping, options):
    """What was chosen, for the report page: [(target, column name)], options by name."""
    columns = [
        (TARGETS[target], shape["columns"][place] or f"#{place + 1}")
        for target, place in mapping.items()
        if target in TARGETS and place is not None
    ]
    return {
        "columns": columns,
        "date_order": DATE_ORDERS.get(options.get("date_order")),
        "decimal": DECIMALS.get(options.get("decimal")),
    }
