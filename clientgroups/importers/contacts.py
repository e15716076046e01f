"""The importer of clients and contacts: recognise a file, suggest a mapping, read its lines."""

from collections import Counter
from itertools import islice

from django.conf import settings
from django.utils.translation import gettext_noop

from clientgroups.importers import contact_cards as cards
from clientgroups.importers import contact_json as records
from clientgroups.importers.contact_losses import reason_for
from clientgroups.importers.contact_suggest import suggest_columns
from clientgroups.selectors.clients_custom import custom_fields
from core.files.encodings import SAMPLE, detect_encoding
from core.files.kinds import TEXT, file_kind
from core.files.refusal import Refusal, shorten
from core.files.streams import unguarded
from core.files.tables import MAX_COLUMNS, column_sample, data_rows, read_shape
from core.files.vcards import is_vcards, read_cards

VCARD, JSON = "vcard", "json"
SAMPLE_ROWS, SAMPLE_LINES = 5, 20_000
MARKUP = gettext_noop(
    "This is a web page or an XML file, not a list of clients. Save the table as CSV (UTF-8), as "
    "an Excel workbook (.xlsx) or the contacts as vCard."
)
NOTHING = gettext_noop(
    "The file holds no name, address or number of anybody. Export the contacts again."
)
TOO_MANY = gettext_noop(
    "The records have %(count)s different fields, more than %(limit)s. Export fewer fields."
)


def recognise(path, **chosen):
    """The shape of the file with suggestions; a Refusal when it holds no clients."""
    if file_kind(path) == TEXT:
        with open(path, "rb") as file:
            head = file.read(SAMPLE)
        if is_vcards(head):
            return _records_shape(path, VCARD, chosen.get("encoding"))
        if records.is_json(head):
            return _records_shape(path, JSON, chosen.get("encoding"))
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:5].lower()
        if start in (b"<!doc", b"<html", b"<?xml", b"<tabl"):
            raise Refusal(MARKUP)
    shape = read_shape(path, **chosen)
    return _with_suggestions(shape, column_sample(path, shape))


def _records_shape(path, kind, encoding):
    """Cards and records have no columns of their own: those that occur are counted."""
    encoding = encoding or detect_encoding(path)
    shape = {"format": kind, "encoding": encoding, "header": 0}
    filled, sample, lines = Counter(), {}, 0
    for _line, values in _values(path, shape):
        lines += 1
        for column, text in values.items():
            filled[column] += 1
            if filled[column] <= SAMPLE_LINES:
                sample.setdefault(column, []).append(text[:200])
    known = list(cards.SUGGESTED if kind == VCARD else records.SUGGESTED)
    order = {name: place for place, name in enumerate(known)}
    columns = sorted(filled, key=lambda name: order.get(name, len(order)))
    if not columns:
        raise Refusal(NOTHING)
    if len(columns) > MAX_COLUMNS:
        raise Refusal(TOO_MANY, count=len(columns), limit=MAX_COLUMNS)
    shape |= {
        "columns": columns,
        "named": [True] * len(columns),
        "width": len(columns),
        "lines": lines,
        "sample": [
            [shorten(values.get(column, ""), 60) for column in columns]
            for _line, values in islice(_values(path, shape), SAMPLE_ROWS)
        ],
    }
    return _with_suggestions(shape, [sample[column] for column in columns])


def _values(path, shape):
    if shape["format"] == JSON:
        return records.json_records(path, shape["encoding"])
    return ((card.line, cards.card_values(card)) for card in read_cards(path, shape["encoding"]))


def _with_suggestions(shape, columns):
    mapping = suggest_columns(shape, columns, list(custom_fields()))
    # One value of each column stands beside it on the mapping page.
    shape["examples"] = [shorten(cells[0], 60) if cells else "" for cells in columns]
    shape["suggested"] = {
        "mapping": {str(place): target for place, target in mapping.items()},
        "options": {
            "people": "company",
            "known": "update",
            "language": "name",
            "region": settings.PHONE_REGION,
            "link": "",
        },
    }
    return shape


def lines_of(path, shape):
    """(line, cells) of every record below the header, whatever the file is."""
    if shape["format"] in (VCARD, JSON):
        columns = shape["columns"]
        for line, values in _values(path, shape):
            yield line, [values.get(column, "") for column in columns]
    elif shape["format"] == "text":
        for line, row in data_rows(path, shape):
            if any(cell[:1] == "'" for cell in row):
                row = [unguarded(cell) for cell in row]
            yield line, row
    else:
        yield from data_rows(path, shape)


def count_filled(path, shape, places):
    """How many lines hold something in each of the columns."""
    filled = Counter()
    for _line, row in lines_of(path, shape):
        for place in places:
            if place < len(row) and (cell := row[place]) and not cell.isspace():
                filled[place] += 1
    return filled


def losses(path, shape, mapping):
    """[[column, count, why]] of everything that holds something and is not imported."""
    places = [place for place in range(shape["width"]) if str(place) not in mapping]
    filled = count_filled(path, shape, places)
    found = []
    for place in places:
        if filled[place]:
            name = shape["columns"][place] or f"#{place + 1}"
            found.append([name, filled[place], reason_for(name, shape)])
    return sorted(found, key=lambda row: -row[1])
