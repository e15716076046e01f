"""What a file is, judged by its first bytes and never by its name."""

import zipfile
from pathlib import Path

from django.utils.translation import gettext_noop

from core.files.refusal import Refusal

TEXT, WORKBOOK = "text", "workbook"
HEAD = 64 * 1024
MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 300
MAX_PARTS = 2000

# First bytes -> what to call the file in the sentence.
SIGNATURES = [
    (b"\x89PNG\r\n", gettext_noop("a PNG picture")),
    (b"\xff\xd8\xff", gettext_noop("a JPEG picture")),
    (b"GIF8", gettext_noop("a GIF picture")),
    (b"RIFF", gettext_noop("a media file")),
    (b"%PDF", gettext_noop("a PDF document")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", gettext_noop("an old Excel or Word file")),
    (b"\x1f\x8b", gettext_noop("a compressed file")),
    (b"BZh", gettext_noop("a compressed file")),
    (b"\xfd7zXZ", gettext_noop("a compressed file")),
    (b"7z\xbc\xaf\x27\x1c", gettext_noop("a compressed file")),
    (b"Rar!", gettext_noop("a compressed file")),
    (b"\x28\xb5\x2f\xfd", gettext_noop("a compressed file")),
    (b"{\\rtf", gettext_noop("an RTF document")),
    (b"SQLite format 3", gettext_noop("a database file")),
    (b"PAR1", gettext_noop("a Parquet file")),
    (b"\x7fELF", gettext_noop("a program")),
    (b"MZ", gettext_noop("a program")),
]
PACKED = [
    ("word/", gettext_noop("a Word document")),
    ("ppt/", gettext_noop("a PowerPoint presentation")),
    ("content.xml", gettext_noop("an OpenDocument file")),
    ("Index/", gettext_noop("an Apple iWork file")),
    ("xl/workbook.bin", gettext_noop("a binary Excel workbook")),
]
NOT_A_TABLE = gettext_noop(
    "This is %(kind)s, not a table. Save the table as CSV (UTF-8) or as an Excel workbook "
    "(.xlsx) and choose that file."
)


def file_kind(path):
    """TEXT or WORKBOOK; a Refusal that says what the file is and what to do otherwise."""
    size = Path(path).stat().st_size
    if not size:
        raise Refusal(gettext_noop("The file is empty. Export it again and check what it holds."))
    with open(path, "rb") as file:
        head = file.read(HEAD)
    if head[:4] == b"PK\x03\x04":
        return _packed_kind(path)
    if head[:4] == b"PK\x05\x06":
        raise Refusal(NOT_A_TABLE, kind=gettext_noop("an empty ZIP archive"))
    kind = _signature(head)
    if kind:
        raise Refusal(NOT_A_TABLE, kind=kind)
    if not head.strip(b" \t\r\n\xef\xbb\xbf\xfe\xff\x00") and size <= HEAD:
        raise Refusal(
            gettext_noop("The file holds only blanks. Export it again and check what it holds.")
        )
    if b"\x00" in head and not looks_like_utf16(head):
        at = head.index(b"\x00")
        raise Refusal(
            gettext_noop(
                "This is a binary file, not a table: line %(line)s holds a NUL byte. Save the "
                "table as CSV (UTF-8) or as an Excel workbook (.xlsx) and choose that file."
            ),
            line=head.count(b"\n", 0, at) + 1,
        )
    return TEXT


def _signature(head):
    for signature, kind in SIGNATURES:
        if head.startswith(signature) and not (signature == b"MZ" and b"\x00" not in head):
            return kind
    return None


def looks_like_utf16(head):
    """A byte-order mark, or NULs in nearly all even or all odd places (Chinese text has some)."""
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return True
    sample = head[: len(head) // 2 * 2][:4000]
    pairs = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    return pairs >= 2 and max(even, odd) > pairs * 0.25 and min(even, odd) <= pairs * 0.02


def _packed_kind(path):
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            broken = None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        parts, broken = [], problem
    if broken is not None:
        raise Refusal(
            gettext_noop(
                "The workbook is damaged or incomplete. Open it in Excel, save it again as .xlsx."
            )
        ) from broken
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        for start, kind in PACKED:
            if any(name.startswith(start) for name in names):
                raise Refusal(NOT_A_TABLE, kind=kind)
        raise Refusal(NOT_A_TABLE, kind=gettext_noop("a ZIP archive"))
    _refuse_bombs(parts)
    return WORKBOOK


def _refuse_bombs(parts):
    """Sizes are the archive's own claim; reading stops at them, so a lie cannot grow past it."""
    total = sum(part.file_size for part in parts)
    large = [part for part in parts if part.file_size > 1 << 20]
    ratio = max((part.file_size / max(part.compress_size, 1) for part in large), default=0)
    if len(parts) > MAX_PARTS or total > MAX_UNPACKED or ratio > MAX_RATIO:
        raise Refusal(
            gettext_noop(
                "The workbook unpacks to %(size)s MB, more than the %(limit)s MB that are read. "
                "Save the sheet as CSV (UTF-8), or split it into smaller files."
            ),
            size=total // (1 << 20),
            limit=MAX_UNPACKED // (1 << 20),
        )
