"""Excel workbooks, read row by row: values only, entities refused, rows and columns capped."""

import datetime as dt
import warnings
import zipfile
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from django.utils.translation import gettext_noop
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from core.files.refusal import Refusal

MAX_COLUMNS = 500
MAX_SHARED = 60 * 1024 * 1024
DAMAGED = gettext_noop(
    "The workbook is damaged or incomplete. Open it in Excel, save it again as .xlsx."
)
# What openpyxl raises on broken parts; it has no common base.
BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    ParseError,
    DefusedXmlException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    AssertionError,
)


@contextmanager
def _workbook(path):
    _refuse_large_texts(path)
    # By its content: openpyxl would judge a path by its ending, and stored files have none.
    with open(path, "rb") as file:
        try:
            with warnings.catch_warnings():
                # Styles or extensions that openpyxl does not know are of no interest here.
                warnings.simplefilter("ignore")
                yield load_workbook(file, read_only=True, data_only=True)
        except Refusal:
            raise
        except BROKEN as problem:
            raise Refusal(DAMAGED) from problem


def _refuse_large_texts(path):
    """openpyxl keeps all shared texts in memory, so their size is limited before it starts."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {part.filename: part.file_size for part in archive.infolist()}
    except BROKEN as problem:
        raise Refusal(DAMAGED) from problem
    if sizes.get("xl/sharedStrings.xml", 0) > MAX_SHARED:
        raise Refusal(
            gettext_noop(
                "The workbook holds too much text to be read. Save the sheet as CSV (UTF-8)."
            )
        )


def choose_sheet(path, wanted=""):
    """The sheet asked for, or the first visible one with rows; with the names of all."""
    with _workbook(path) as book:
        visible = [s for s in book.worksheets if getattr(s, "sheet_state", "visible") == "visible"]
        names = [sheet.title for sheet in visible]
        if not names:
            raise Refusal(
                gettext_noop("The workbook has no visible sheet. Save the table on a sheet.")
            )
        chosen = (
            wanted
            if wanted in names
            else next((s.title for s in visible if _has_rows(s)), names[0])
        )
        sheet = book[chosen]
        lines = sheet.max_row or 0
    return {"sheet": chosen, "sheets": names, "lines": min(lines, 1 << 20)}


def _has_rows(sheet):
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS)):
        if any(cell is not None for cell in row):
            return True
        if number > 100:
            break
    return False


def rows(path, sheet):
    """(line, cells) of one sheet, cells as text; a formula counts as its stored value."""
    with _workbook(path) as book:
        if sheet not in book.sheetnames:
            raise Refusal(gettext_noop("The sheet no longer exists. Upload the workbook again."))
        page = book[sheet]
        page.reset_dimensions()
        for line, row in enumerate(page.iter_rows(values_only=True, max_col=MAX_COLUMNS), 1):
            cells = [_text(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            yield line, cells


def _text(cell):
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return str(cell)
