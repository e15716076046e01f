"""Single cells of an address file: which one counts, and what is made fit to be stored."""

from django.utils.translation import gettext_noop

from clientgroups.importers import contact_targets as to
from clientgroups.importers.checking import FIELD_CONTROL, FIELD_TOO_LONG, WAS_CUT, Lookup, Problem
from clientgroups.importers.contact_values import SEVERAL, split_tags
from clientgroups.importers.values import identifier, is_missing
from clientgroups.selectors.references import referred
from core.files.refusal import shorten

STRANGE_REFERENCE = gettext_noop(
    "“%(found)s” is no reference of this installation. Leave the column empty for new clients."
)
NOT_UNDERSTOOD = gettext_noop("“%(found)s” was not understood (%(field)s) and was left out.")
FURTHER_VALUE = gettext_noop(
    "There is room for one value only (%(field)s); the further one “%(found)s” was not imported."
)
WAS_CLEANED = gettext_noop("Control characters were removed from the %(field)s.")

LIMITS = {
    "client": 200,
    "client_number": 80,
    "client_link": 200,
    "website": 200,
    "industry": 120,
    "address": 300,
    "city": 120,
    "region": 120,
    "country": 120,
    "note": 4000,
    "contact": 120,
    "contact_number": 120,
    "job_title": 120,
}
TAG_LIMIT = 40
# Other programs put several of these into one cell.
SINGLE = frozenset({"website", "job_title", "industry"})
NUMBERS = ("client_number", "contact_number", "client_link")
# They hold emoji and some scripts together.
_JOINERS = "\u200d\u200c"
label_of = Lookup(to.target_label).__getitem__


class Cells:
    """Reads the cells of one line: `places` maps a target to its columns."""

    def __init__(self, places):
        self.places = places
        self.notes = []

    def _raws(self, row, target):
        for place in self.places.get(target, ()):
            text = row[place].strip()
            if text and not is_missing(text):
                yield text

    def _raw(self, row, target):
        return next(self._raws(row, target), "")

    def _text(self, row, target, names=False):
        """One line of text; in names only the sign of an empty database field is nothing."""
        for place in self.places.get(target, ()):
            text = row[place].strip()
            if not text or text == "NULL":
                continue
            if is_missing(text) and target not in ("client", "contact") and not names:
                continue
            return self._limited(self._one_line(self._single(text, target), target), target)
        return ""

    def _single(self, text, target):
        """The first of several values; a number as purchases write it, so that both meet."""
        if target == "client_number" and "client_ref" not in self.places:
            return identifier(text)
        if target not in SINGLE or SEVERAL not in text:
            return text
        first, *others = (part.strip() for part in text.split(SEVERAL))
        for other in dict.fromkeys(others):
            if other and other != first:
                found = shorten(other, 60)
                self._note(FURTHER_VALUE, target, other, found=found, field=label_of(target))
        return first

    def _one_line(self, text, target):
        if text.isprintable():
            return text
        if any(not s.isprintable() and not s.isspace() and s not in _JOINERS for s in text):
            if target in NUMBERS:
                raise Problem(FIELD_CONTROL, target, text, field=label_of(target))
            self._note(WAS_CLEANED, target, text, field=label_of(target))
        kept = (s if s.isprintable() or s in _JOINERS else " " for s in text)
        return " ".join("".join(kept).split())

    def _limited(self, text, target):
        limit = LIMITS.get(target, 4000)
        if len(text) <= limit:
            return text
        if target in NUMBERS:
            raise Problem(FIELD_TOO_LONG, target, text, field=label_of(target), limit=limit)
        self._note(WAS_CUT, target, text, field=label_of(target), limit=limit)
        return text[:limit].rstrip()

    def _joined(self, row, targets, sign, name):
        parts = [
            self._one_line(text.replace("\r", "").replace("\n", ", "), name)
            for target in targets
            for text in self._raws(row, target)
        ]
        return self._limited(sign.join(dict.fromkeys(parts)), name) if parts else ""

    def _note_text(self, row):
        texts = []
        for place in self.places.get("note", ()):
            text = row[place].replace("\r\n", "\n").replace("\r", "\n").strip()
            if text and text != "NULL":
                texts.append("".join(s for s in text if s in "\n\t" or s >= " " and s != "\x7f"))
        return self._limited("\n".join(dict.fromkeys(texts)), "note") if texts else ""

    def _tags(self, text):
        return [tag[:TAG_LIMIT].strip() for tag in split_tags(text) if tag.isprintable()]

    def _reference(self, row, target, kind):
        text = self._raw(row, target)
        if not text:
            return None
        pk = referred(kind, text)
        if pk is None:
            raise Problem(STRANGE_REFERENCE, target, text, found=shorten(text, 40))
        return pk

    def _misread(self, target, text):
        label = label_of(target)
        self._note(NOT_UNDERSTOOD, target, text, found=shorten(text, 40), field=label)

    def _note(self, message, target, value="", **params):
        self.notes.append(Problem(message, target, value, **params))
