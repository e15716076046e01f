"""Tables as downloads of any length: rows go out as they come, and memory stays small.

Text stays text: in CSV a quotation mark stands before whatever a spreadsheet would run (and
`unguarded` takes it away again), in a workbook every text is marked as one.
"""

import csv
import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from html import escape

from core.files.writing import BOM, safe_cell

ROWS_AT_ONCE = 500
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
VCARD_TYPE = "text/vcard; charset=utf-8"
MOST_ROWS = 1_048_575
_DAY_ZERO = dt.date(1899, 12, 30)
# XML 1.0 has no place for these.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_STYLES = {"text": 1, "quoted": 2, "date": 3, "head": 4}


# CSV ---------------------------------------------------------------------------------------------


def guarded(value):
    """A cell that no spreadsheet runs and that `unguarded` turns back into what it was."""
    if not isinstance(value, str):
        return safe_cell(value)
    text = safe_cell(value)
    return f"'{text}" if text == value and unguarded(text) != text else text


def unguarded(text):
    """A cell without the quotation mark that only kept it from being run."""
    rest = text.lstrip("'")
    return text[1:] if rest and rest != text and safe_cell(rest) != rest else text


class _Lines:
    def __init__(self):
        self.written = []

    def write(self, text):
        self.written.append(text)

    def drain(self):
        text, self.written = "".join(self.written), []
        return text.encode(errors="replace")


def csv_stream(header: list, rows: Iterable[list]) -> Iterator[bytes]:
    """A table with a byte-order mark, so that Excel shows Chinese."""
    lines = _Lines()
    writer = csv.writer(lines)
    lines.write(BOM)
    writer.writerow([guarded(str(name)) for name in header])
    for number, row in enumerate(rows, 1):
        writer.writerow([guarded(cell) for cell in row])
        if not number % ROWS_AT_ONCE:
            yield lines.drain()
    yield lines.drain()


# Workbooks ---------------------------------------------------------------------------------------

_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats'
        '-officedocument.spreadsheetml.worksheet+xml"/>'
        '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="{title}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/worksheet" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/styles" Target="styles.xml"/></Relationships>'
    ),
    # Text, text that would be run if somebody pressed Enter in it, a day, a heading.
    "xl/styles.xml": (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        '</cellStyleXfs><cellXfs count="5">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"'
        ' quotePrefix="1"/>'
        '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
        "</cellStyles>"
        "</styleSheet>"
    ),
}


class _Sink:
    """What the archive writes to: collects bytes until they are sent."""

    def __init__(self):
        self.parts, self.place = [], 0

    def write(self, data):
        self.parts.append(bytes(data))
        self.place += len(data)
        return len(data)

    def tell(self):
        return self.place

    def flush(self):
        return None

    def drain(self):
        data, self.parts = b"".join(self.parts), []
        return data


def xlsx_stream(
    header: list, rows: Iterable[list], *, title: str, widths: list[int]
) -> Iterator[bytes]:
    """A workbook of one sheet; int, float, Decimal and date cells are real ones."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, text in _PARTS.items():
            text = text.replace("{title}", escape(_sheet_title(title)))
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(_sheet_start(header, widths).encode())
            batch = []
            for number, row in enumerate(rows, 2):
                batch.append(f'<row r="{number}">{"".join(map(_cell, row))}</row>')
                if len(batch) == ROWS_AT_ONCE:
                    sheet.write("".join(batch).encode())
                    batch.clear()
                    yield sink.drain()
            sheet.write(("".join(batch) + "</sheetData></worksheet>").encode())
    yield sink.drain()


def _sheet_title(title):
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31]


def _sheet_start(header, widths):
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, width in enumerate(widths, 1)
    )
    names = "".join(_text_cell(str(name), _STYLES["head"]) for name in header)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
        ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols>{columns}</cols><sheetData><row r="1">{names}</row>'
    )


def _cell(value):
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return f"<c><v>{value}</v></c>"
    if isinstance(value, dt.date):
        return f'<c s="{_STYLES["date"]}"><v>{(value - _DAY_ZERO).days}</v></c>'
    text = str(value)
    return _text_cell(text, _STYLES["text" if safe_cell(text) == text else "quoted"])


def _text_cell(text, style):
    text = escape(_NO_XML.sub("", text), quote=False).replace("\r", "&#13;")
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{text}</t></is></c>'
