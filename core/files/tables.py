"""Tables in text files: their shape from a sample, then their rows one by one."""

import csv
import re
from collections import Counter
from itertools import islice

from django.utils.translation import gettext_noop

from core.files import encodings, workbooks
from core.files.kinds import WORKBOOK, file_kind
from core.files.refusal import Refusal, shorten

DELIMITERS = {
    ",": gettext_noop("Comma"),
    ";": gettext_noop("Semicolon"),
    "\t": gettext_noop("Tab"),
    "|": gettext_noop("Vertical bar"),
    " ": gettext_noop("Blanks"),
}
SAMPLE_ROWS = 20_000
SAMPLE_CELLS = 400_000
SAMPLE_SIGNS = 8_000_000
HEADER_WITHIN = 20
MAX_COLUMNS = 500
MAX_FIELD = 1 << 20
MAX_LINES_PER_ROW = 2000
csv.field_size_limit(MAX_FIELD)

NUMBER = re.compile(r"[-+(]?\s*[¥￥$€£]?\s*[\d.,'\u00a0 ]*\d[\d.,'\u00a0 ]*\s*[¥￥$€£元%)-]?")
DATE = re.compile(r"\d{1,4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,4}.*|\d{8}")
NO_COLUMNS = gettext_noop(
    "Only one column was found. Choose the sign that separates the columns, or save the table as "
    "CSV with commas."
)
OPEN_QUOTE = gettext_noop(
    "Line %(line)s opens a quotation mark that is never closed. Close it or remove it, and upload "
    "the file again."
)


def read_shape(path, *, encoding="", delimiter="", header=None, sheet=""):
    """What the file is: encoding, delimiter, header row, columns and some rows of sample.

    Arguments are what the person chose; what is empty is found out.
    """
    if file_kind(path) == WORKBOOK:
        shape = {"format": WORKBOOK, **workbooks.choose_sheet(path, sheet)}
    else:
        shape = {"format": "text", "encoding": encoding or encodings.detect_encoding(path)}
        shape["lines"] = encodings.check_encoding(path, shape["encoding"])
        sample = _first_lines(path, shape["encoding"], 400)
        shape["delimiter"] = delimiter or _find_delimiter(sample)
    rows = list(_sampled(all_rows(path, shape)))
    filled = [row for _, row in rows if any(cell.strip() for cell in row)]
    if not filled:
        raise Refusal(
            gettext_noop("The file has no rows. Export it again and check that it has rows.")
        )
    shape["header"] = _header_row(rows) if header is None else header
    _describe(shape, rows)
    return shape


def _describe(shape, rows):
    data = [row for _, row in rows[shape["header"] :] if any(cell.strip() for cell in row)]
    names = _names(rows, shape["header"])
    while names and not names[-1].strip() and all(len(r) < len(names) or not r[-1] for r in data):
        names = names[:-1]
    widths = Counter(len(row) for row in data[:2000])
    width = len(names) or (widths.most_common(1)[0][0] if widths else 0)
    if width > MAX_COLUMNS:
        raise Refusal(
            gettext_noop(
                "The table has %(count)s columns, more than %(limit)s. Remove those not needed."
            ),
            count=width,
            limit=MAX_COLUMNS,
        )
    if not data:
        raise Refusal(
            gettext_noop(
                "The file has a header line but no rows. Export it again and check that it has "
                "rows, or say that it has no header line."
            )
        )
    shape["columns"] = column_names(names, width)
    shape["named"] = [bool(name.strip()) for name in names]
    shape["width"] = width
    shape["sample"] = [[shorten(cell, 60) for cell in row[:width]] for row in data[:5]]


def _names(rows, header):
    """The cells of the header; what is blank there may stand in a merged cell above."""
    if not header:
        return []
    names, above = rows[header - 1][1], rows[header - 2][1] if header > 1 else []
    if sum(bool(cell.strip()) for cell in above) < 2:
        return names
    width = max(len(names), len(above))
    names, above = names + [""] * (width - len(names)), above + [""] * (width - len(above))
    return [name if name.strip() else upper for name, upper in zip(names, above, strict=True)]


def column_names(names, width):
    """One name per column: the header's, made distinct, or empty for an unnamed column."""
    seen, found = Counter(), []
    for place in range(width):
        name = shorten(names[place], 80) if place < len(names) else ""
        seen[name] += 1
        found.append(f"{name} ({seen[name]})" if name and seen[name] > 1 else name)
    return found


def _sampled(rows):
    """The first rows, as many as fit into little memory however wide they are."""
    cells = signs = 0
    for line, row in islice(rows, SAMPLE_ROWS):
        yield line, row
        cells += len(row)
        signs += sum(map(len, row))
        if cells > SAMPLE_CELLS or signs > SAMPLE_SIGNS:
            return


def column_sample(path, shape):
    """Columns of the first rows, blanks left out: what guesses are made from."""
    columns = [[] for _ in range(shape["width"])]
    for _, row in _sampled(data_rows(path, shape)):
        for place, cell in enumerate(row[: shape["width"]]):
            if cell and (text := cell.strip()):
                columns[place].append(text)
    return columns


def data_rows(path, shape):
    """(line, cells) of every row below the header."""
    return islice(all_rows(path, shape), shape["header"], None)


def all_rows(path, shape):
    """(line, cells) of every record, with the number of the line it begins on."""
    if shape["format"] == WORKBOOK:
        return workbooks.rows(path, shape["sheet"])
    if shape["delimiter"] == " ":
        return _blank_separated(path, shape["encoding"])
    return _separated(path, shape["encoding"], shape["delimiter"])


def _open(path, encoding):
    return open(path, encoding=encoding, newline="")


def _blank_separated(path, encoding):
    with _open(path, encoding) as file:
        for line, text in enumerate(file, 1):
            yield line, text.split()


def _separated(path, encoding, delimiter):
    """Rows by the csv module; a line `sep=;` that Excel writes first is no row."""
    with _open(path, encoding) as file:
        reader = csv.reader(file, delimiter=delimiter)
        line = 1
        while True:
            try:
                row = next(reader, None)
            except csv.Error:
                raise Refusal(OPEN_QUOTE, line=line) from None
            if row is None:
                return
            if reader.line_num - line > MAX_LINES_PER_ROW:
                raise Refusal(OPEN_QUOTE, line=line)
            if not (line == 1 and re.fullmatch(r"sep=.?", delimiter.join(row), re.IGNORECASE)):
                yield line, row if row != ["\x1a"] else []
            line = reader.line_num + 1


def _first_lines(path, encoding, count):
    with _open(path, encoding) as file:
        return [line.rstrip("\r\n") for line in islice(file, count)]


def _find_delimiter(lines):
    """The sign that cuts most lines into the same number of fields, more than one."""
    lines = [line for line in lines if line.strip()]
    told = re.fullmatch(r"sep=([,;|\t])", lines[0], re.IGNORECASE) if lines else None
    if told:
        return told[1]
    best, score = ",", 0.0
    for delimiter in (",", ";", "\t", "|"):
        try:
            widths = Counter(len(r) for r in csv.reader(lines, delimiter=delimiter) if r)
        except csv.Error:
            continue
        width, count = widths.most_common(1)[0]
        share = count / sum(widths.values())
        value = share * (1 + min(width, 40) / 40) if width > 1 else 0.0
        if value > score:
            best, score = delimiter, value
    if score < 0.9 and lines:
        width, count = Counter(len(line.split()) for line in lines).most_common(1)[0]
        if width > 1 and count / len(lines) > max(0.9, score):
            return " "
    return best


def _header_row(rows):
    """Number of the record that names the columns; 0 when the first row is data already."""
    widths = Counter(sum(map(bool, row)) for _, row in rows[:2000] if any(row))
    width = max(w for w, n in widths.items() if n >= max(widths.values()) * 0.5)
    for number, (_, row) in enumerate(rows[:HEADER_WITHIN], 1):
        cells = [cell.strip() for cell in row]
        filled = [cell for cell in cells if cell]
        if len(filled) < max(width * 0.6, 1) or (width > 1 and len(filled) < 2):
            continue
        figures = sum(bool(NUMBER.fullmatch(c) or DATE.fullmatch(c)) for c in filled)
        if figures == 0 and _unlike(row, rows[number : number + 200]):
            return number + _second_header(cells, rows[number : number + 200])
        return 0
    return 0


def _second_header(names, below):
    """1 where the next row names what a merged header leaves blank, else 0."""
    row = [cell.strip() for cell in below[0][1]] if len(below) > 1 else []
    filled = [cell for cell in row if cell]
    gaps = sum(bool(cell) and not (names[p : p + 1] or [""])[0] for p, cell in enumerate(row))
    figures = sum(bool(NUMBER.fullmatch(c) or DATE.fullmatch(c)) for c in filled)
    if len(filled) < 2 or not gaps or figures:
        return 0
    return int(_above_figures(row, [row for _, row in below[1:]]))


def _above_figures(names, below):
    """Whether figures stand below one of the words."""
    for place, name in enumerate(names):
        cells = [row[place].strip() for row in below if place < len(row) and row[place].strip()]
        figures = sum(bool(NUMBER.fullmatch(c) or DATE.fullmatch(c)) for c in cells)
        if cells and figures > len(cells) * 0.6 and name.strip():
            return True
    return False


def _unlike(names, rows):
    """A header differs from what stands below: figures where it has words, or no repetition."""
    below = [row for _, row in rows if any(cell.strip() for cell in row)]
    if not below:
        return True
    if _above_figures(names, below):
        return True
    return len(set(names)) == len(names) and not any(
        name.strip() and name == row[place]
        for row in below
        for place, name in enumerate(names[: len(row)])
    )
