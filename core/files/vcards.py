"""vCards 2.1, 3.0 and 4.0, read property by property and written.

The library `vobject` knows the syntax, but its pattern for a whole line takes exponential time on
hostile parameters, it keeps soft line breaks, takes no notice of CHARSET= and loses bare types. So
lines are cut here in linear time, and only short lists of parameters are handed to it. It folds
lines by characters; octets count.
"""

import binascii
import re
from typing import NamedTuple

from django.utils.translation import gettext_noop
from vobject.base import backslashEscape, parseParams

from core.files.refusal import Refusal

CRLF = "\r\n"
MAX_HEAD = 1000
MAX_VALUE = 200_000
MAX_PROPERTIES = 2000
# Values that are data: only their presence matters here.
BINARY = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
NO_CARD = gettext_noop(
    "The file holds no vCard: no line says BEGIN:VCARD. Export the contacts again as vCard (.vcf)."
)
_ENCODINGS = frozenset({"QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"})
_MARK = re.compile(r"(?i)\s*(?:[\w-]{1,60}\.)?(BEGIN|END)\s*:\s*VCARD\s*$")
_HEAD = re.compile(r"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)?(?:;|$)", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Property(NamedTuple):
    """One property: `value` is decoded text, still escaped; `pref` is 1 for the best, 100 none."""

    name: str
    group: str
    types: frozenset
    pref: int
    params: dict
    value: str


class Card(NamedTuple):
    """One card with the line it begins on; `unread` are lines that are no property."""

    line: int
    version: str
    properties: list
    unread: list


def is_vcards(head):
    """Whether the first bytes of a file are those of vCards, in any encoding."""
    return b"BEGIN:VCARD" in head.replace(b"\x00", b"")[:4096].upper()


def read_cards(path, encoding):
    """Every card of the file, one at a time."""
    found = False
    for line, body in _bodies(_lines(path, encoding)):
        found = True
        yield _card(line, body, "utf-8" if encoding.startswith("utf-16") else encoding)
    if not found:
        raise Refusal(NO_CARD)


def _lines(path, encoding):
    """(number, text) of each line, one character per byte: a value knows its own encoding."""
    if encoding.startswith("utf-16"):
        with open(path, encoding=encoding) as file:
            for number, text in enumerate(file, 1):
                yield number, text.rstrip("\n").encode().decode("latin-1")
        return
    with open(path, encoding="latin-1") as file:
        for number, text in enumerate(file, 1):
            text = text.rstrip("\n")
            yield number, text.removeprefix("\xef\xbb\xbf") if number == 1 else text


def _bodies(lines):
    """(line, [lines]) of each card; one that is not closed ends where the next begins."""
    depth, start, body = 0, 0, []
    for number, text in lines:
        mark = _MARK.match(text) if len(text) < 120 else None
        if mark is None:
            if depth == 1 and len(body) < MAX_PROPERTIES * 50:
                body.append((number, text))
            continue
        if mark[1].upper() == "END":
            if depth == 1:
                yield start, body
                body = []
            depth = max(depth - 1, 0)
        elif depth == 1 and not _nested(body):
            yield start, body
            start, body = number, []
        else:
            depth += 1
            if depth == 1:
                start, body = number, []
    if body:
        yield start, body


def _nested(body):
    """A card inside a card stands below an AGENT."""
    return bool(body) and body[-1][1].upper().startswith("AGENT")


def _card(line, body, encoding):
    unread, properties, version = [], [], ""
    for number, head, value in _logical(body, unread):
        found = _property(head, value, encoding, version)
        if found is None:
            unread.append(number)
        elif found.name == "VERSION":
            version = found.value.strip()
        elif len(properties) < MAX_PROPERTIES:
            properties.append(found)
    return Card(line, version, properties, unread)


def _logical(body, unread):
    """(line, head, value) of each property: folded lines, soft breaks and loose data joined."""
    current = None
    for number, text in body:
        if current is not None and _continues(current, text):
            continue
        if not text.strip():
            if current is not None:
                current[4] = False
            continue
        head, colon, value = _cut(text)
        if not colon or not _HEAD.match(head):
            if current is not None and current[1].upper().startswith("NOTE"):
                current[2].append("\n" + text)
            else:
                unread.append(number)
            continue
        if current is not None:
            yield current[0], current[1], "".join(current[2])
        coding = head.upper()
        is_soft = "QUOTED-PRINTABLE" in coding
        is_data = bool(re.search(r"BASE64|;ENCODING=B\b", coding))
        current = [number, head, [], is_soft, is_data]
        _append(current, value)
    if current is not None:
        yield current[0], current[1], "".join(current[2])


def _continues(current, text):
    """Take a line as part of the property before it, when it is one."""
    _number, _head, parts, is_soft, is_data = current
    if is_soft and parts and parts[-1].endswith("="):
        parts[-1] = parts[-1][:-1]
        _append(current, text)
        return True
    if text[:1] in (" ", "\t"):
        _append(current, text[1:])
        return True
    return bool(is_data and text and ":" not in text)


def _append(current, text):
    # Pictures are not kept; a note may be long, but not without end.
    if not (current[4] and any(current[2])) and sum(map(len, current[2])) < MAX_VALUE:
        current[2].append(text)


def _cut(text):
    """Head, colon and value; a colon in quotation marks belongs to a parameter."""
    head, colon, value = text.partition(":")
    if '"' not in head:
        return head.strip(), colon, value
    quoted = False
    for place, sign in enumerate(text[:MAX_HEAD]):
        if sign == '"':
            quoted = not quoted
        elif sign == ":" and not quoted:
            return text[:place].strip(), ":", text[place + 1 :]
    return head.strip(), colon, value


def _property(head, value, encoding, version):
    if len(head) > MAX_HEAD:
        return None
    name, _semicolon, rest = head.partition(";")
    group, _dot, name = name.rpartition(".")
    params = _params(rest)
    types = frozenset(
        word.strip().lower() for words in params.get("TYPE", ()) for word in words.split(",")
    )
    name = name.replace("_", "-").upper()
    if name in BINARY:
        text = "…" if value.strip() else ""
    else:
        text = _decoded(value, params, encoding)
        if version.startswith("2") or "QUOTED-PRINTABLE" in params.get("ENCODING", ()):
            # There, a backslash and an n are just that, and line breaks are real.
            text = re.sub(r"\\(?=[nN])", r"\\\\", text)
    return Property(name, group, types - {"pref"}, _pref(params, types), params, text)


def _params(text):
    """{NAME: [values]}; a value without a name is a type, or an encoding as in vCard 2.1."""
    found = {}
    for name, *values in parseParams(f";{text}") if text else ():
        name = name.upper()
        if not values:
            if name in _ENCODINGS:
                found.setdefault("ENCODING", []).append(name)
            else:
                found.setdefault("TYPE", []).append(name)
        elif name == "ENCODING":
            found.setdefault(name, []).extend(value.upper() for value in values)
        else:
            found.setdefault(name, []).extend(values)
    return found


def _pref(params, types):
    told = (params.get("PREF") or [""])[0]
    if told.isdigit():
        return min(max(int(told), 1), 100)
    return 1 if "pref" in types else 100


def _decoded(value, params, encoding):
    data = value.encode("latin-1")
    if "QUOTED-PRINTABLE" in params.get("ENCODING", ()):
        data = binascii.a2b_qp(data)
    elif data.isascii():
        return value
    named = (params.get("CHARSET") or [encoding])[0]
    for charset in (named, encoding, "utf-8"):
        try:
            return data.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", errors="replace")


def plain_text(value):
    """A text value without its escapes."""
    if "\\" in value:
        value = _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()


def fields(value, separator=";"):
    """The parts of a structured value, each without its escapes."""
    if "\\" not in value:
        return [plain_text(part) for part in value.split(separator)]
    parts, start, place = [], 0, 0
    while place < len(value):
        if value[place] == "\\":
            place += 1
        elif value[place] == separator:
            parts.append(value[start:place])
            start = place + 1
        place += 1
    return [plain_text(part) for part in (*parts, value[start:])]


# Writing -----------------------------------------------------------------------------------------


def escaped(text):
    """A value as vCards 3.0 and 4.0 write it, on one line and without control characters."""
    return backslashEscape(_CONTROL.sub("", str(text)))


def structured(*parts):
    """Parts of a name or an address."""
    return ";".join(escaped(part) for part in parts)


def write_card(version, lines):
    """A card as text: lines are (head, value) with the value written already."""
    body = (folded(f"{head}:{value}") for head, value in lines)
    return "".join(["BEGIN:VCARD\r\n", f"VERSION:{version}\r\n", *body, "END:VCARD\r\n"])


def folded(line):
    """A line of at most 75 octets and its continuations; no character is cut."""
    data = line.encode()
    if len(data) <= 75:
        return line + CRLF
    pieces, limit = [], 75
    while len(data) > limit:
        cut = limit
        while data[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(data[:cut])
        data, limit = data[cut:], 74
    pieces.append(data)
    return b"\r\n ".join(pieces).decode() + CRLF
