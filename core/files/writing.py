"""The one writer of tables that people open in a spreadsheet: no cell of ours ever runs."""

import csv
import unicodedata
from decimal import Decimal

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

BOM = "\ufeff"
RUNS = frozenset("=+-@|\t\r\n")
# Ignored by spreadsheets at the start of a cell, so they must not hide the sign behind them.
INVISIBLE = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp", "Mn", "Me"})


def safe_cell(value):
    """A value as a spreadsheet may show it: numbers stay numbers, text never starts a formula."""
    if value is None:
        return ""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return value
    text = str(value).replace("\x00", "")
    if text[:1] in RUNS or _first_visible(text) in RUNS:
        return f"'{text}"
    return text


def _first_visible(text):
    for sign in text:
        if unicodedata.category(sign) not in INVISIBLE or sign in "\t\r\n":
            return unicodedata.normalize("NFKC", sign)[:1]
    return ""


class _Echo:
    def write(self, value):
        return value


def csv_response(name, header, rows):
    """A CSV download with a byte-order mark, so that Excel shows Chinese; rows are streamed."""
    writer = csv.writer(_Echo())

    def lines():
        yield BOM + writer.writerow([safe_cell(cell) for cell in header])
        for row in rows:
            yield writer.writerow([safe_cell(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    return response
