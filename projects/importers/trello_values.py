"""Values of a Trello export, whatever type they turn out to have."""

import datetime as dt
import hashlib
import json
import math
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop

from core.files.issues import NOTE
from core.files.refusal import shorten

WRONG_TYPE = gettext_noop("The key holds %(kind)s instead of %(field)s and was left empty.")
WAS_CUT = gettext_noop("The text is longer than %(limit)s characters and was cut.")
DATE_BAD = gettext_noop("“%(found)s” is not a date and was left empty.")
TEXT, LIST, OBJECT = gettext_noop("a text"), gettext_noop("a list"), gettext_noop("an object")
KINDS = {
    "dict": OBJECT,
    "list": LIST,
    "str": TEXT,
    "int": gettext_noop("a number"),
    "float": gettext_noop("a number"),
    "bool": gettext_noop("true or false"),
}
EARLIEST, LATEST = 1990, 2200
BLANK = {None, ""}


class Values:
    """Reads keys of one export; what has the wrong type is noted with its path, never raised."""

    def __init__(self, log, zone):
        self.log, self.zone = log, zone

    def text(self, found, key, place, limit):
        value = found.get(key)
        if isinstance(value, str):
            value = clean_text(value)
            if len(value) > limit:
                self.log.add(
                    NOTE, WAS_CUT, place=f"{place}.{key}", value=shorten(value), limit=limit
                )
                value = value[: limit - 1] + "…"
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)[:limit]
        self._note_type(value, f"{place}.{key}", TEXT)
        return ""

    def rows(self, found, key, place):
        """The objects of a list; anything else in it is noted and left out."""
        value = found.get(key)
        if not isinstance(value, list):
            self._note_type(value, f"{place}.{key}" if place else key, LIST)
            return []
        rows = [row for row in value if isinstance(row, dict)]
        if len(rows) < len(value):
            odd = next(row for row in value if not isinstance(row, dict))
            self._note_type(odd if odd is not None else [], f"{place}.{key}[]".lstrip("."), OBJECT)
        return rows

    def ids(self, found, key):
        value = found.get(key)
        if not isinstance(value, list):
            return []
        return [one for one in map(as_id, value) if one]

    def object(self, found, key):
        value = found.get(key)
        return value if isinstance(value, dict) else {}

    def instant(self, found, key, place):
        """A point in time, or None; a date alone means its midnight in UTC."""
        value = found.get(key)
        if value in BLANK if isinstance(value, (str, type(None))) else False:
            return None
        at = parse_instant(value)
        if at is None:
            self.log.add(
                NOTE,
                DATE_BAD,
                place=f"{place}.{key}",
                value=shorten(value),
                found=shorten(value, 40),
            )
        return at

    def day(self, found, key, place):
        at = self.instant(found, key, place)
        return at.astimezone(self.zone).date() if at else None

    def _note_type(self, value, place, wanted):
        if value is None:
            return
        kind = KINDS.get(type(value).__name__, "JSON")
        self.log.add(NOTE, WRONG_TYPE, place=place, value=shorten(value), kind=kind, field=wanted)


def clean_text(value):
    """Without NUL and halves of surrogate pairs, which no database takes."""
    if value.isascii():
        return value.replace("\x00", "")
    return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def as_id(value):
    """An identifier as text; anything that cannot be one is empty."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    text = clean_text(str(value)).strip()
    if len(text) > 100:
        return "h" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return text


def own_id(found):
    """The object's id or, without one, a digest of its content: the same file, the same id."""
    named = as_id(found.get("id"))
    if named:
        return named
    content = json.dumps(found, sort_keys=True, default=str)
    return "h" + hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=16).hexdigest()


def created_at(identifier, now):
    """The first eight digits of an id are the second it was made in."""
    try:
        at = dt.datetime.fromtimestamp(int(identifier[:8], 16), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return now
    plausible = len(identifier) == 24 and at.year >= 2010 and at <= now
    return at if plausible else now


def parse_instant(value):
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if not EARLIEST <= at.year <= LATEST:
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def place_of(found, index):
    """A sortable place: numbers of any size, "top" and "bottom"; without one, as in the file."""
    value = found.get("pos")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        value = {"top": -math.inf, "bottom": math.inf}.get(value if isinstance(value, str) else "")
    if value is None or value != value:
        return (1, 0.0, index)
    try:
        return (0, float(value), index)
    except OverflowError:
        return (0, math.inf, index)


def in_order(rows):
    return [row for _, row in sorted(enumerate(rows), key=lambda pair: place_of(pair[1], pair[0]))]


def web_address(value, limit):
    """An http or https address as it stands, or nothing."""
    if not isinstance(value, str):
        return ""
    value = clean_text(value).strip()
    if not value or len(value) > limit or any(not s.isprintable() or s.isspace() for s in value):
        return ""
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return ""
    return value if parts.scheme in ("http", "https") and host else ""


def whole_number(value):
    """A size in bytes that a column can hold, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if math.isfinite(value) and 0 <= value < 2**63 else None
