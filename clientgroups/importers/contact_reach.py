"""The e-mail address and the phone number of a line: the best of several, and what is left."""

import re

from django.utils.translation import gettext_noop

from clientgroups.importers.columns import plain
from clientgroups.importers.contact_targets import LABEL
from clientgroups.importers.contact_values import SEVERAL, parse_email, split_emails
from clientgroups.importers.values import is_missing
from core.files.refusal import shorten
from core.phones import default_region, phone_key, read_phone, region_of

FURTHER_EMAIL = gettext_noop(
    "A contact has one e-mail address; the further one “%(found)s” was not imported."
)
FURTHER_PHONE = gettext_noop(
    "A contact has one phone number; the further one “%(found)s” was not imported."
)
NO_ADDRESS = gettext_noop("“%(found)s” is no e-mail address and was left out.")
PHONE_AS_TYPED = gettext_noop(
    "“%(found)s” is no phone number that is known in the country; it was kept as it was typed."
)
_RANKS = [
    (re.compile(r"fax|pager|传真"), None),
    (re.compile(r"mobil|cell|handy|portable|movil|celular|手机|移动"), 1),
    (re.compile(r"work|business|bureau|geschaftlich|trabajo|office|办公|商务"), 2),
    (re.compile(r"home|privat|domicile|particular|住宅|other|autre|otr"), 4),
]
MOST = 20


def rank_of(words):
    """How useful a number with such a label is; None for one that nobody answers."""
    key = plain(words)
    return next((rank for pattern, rank in _RANKS if pattern.search(key)), 3)


class Reach:
    """Reads the columns of addresses and numbers of one file."""

    def __init__(self, shape, places, options):
        names = shape["columns"]
        labels = set(places.get(LABEL, ()))
        self.emails = [(p, p - 1 if p - 1 in labels else None) for p in places.get("email", ())]
        self.phones = [
            (p, p - 1 if p - 1 in labels else None, rank_of(names[p]) or 5)
            for p in places.get("phone", ())
        ]
        self.countries = places.get("country", ())
        self.region = options.get("region") or default_region()
        self.cards = shape["format"] == "vcard"

    def fill(self, row, found, note):
        """Put the best address and number into `found`; `note` hears about the others."""
        if self.emails:
            self._email(row, found, note)
        if self.phones:
            self._phone(row, found, note)

    def _email(self, row, found, note):
        candidates = []
        for place, label in self.emails:
            text = row[place].strip()
            if text and not is_missing(text):
                # Google marks the main one by a star.
                rank = 0 if label is not None and row[label].startswith("*") else 1
                candidates += [(rank, part) for part in split_emails(text)[:MOST]]
        candidates.sort(key=lambda pair: pair[0])
        for _rank, text in candidates:
            address = parse_email(text)
            if address is None:
                note(NO_ADDRESS, "email", text, found=shorten(text, 60))
            elif "email" not in found:
                found["email"] = address
            elif address.casefold() != found["email"].casefold():
                note(FURTHER_EMAIL, "email", address, found=shorten(address, 60))

    def _phone(self, row, found, note):
        candidates = self._numbers(row, note)
        if not candidates:
            return
        region = self._region(row)
        for place, text in enumerate(candidates):
            phone = read_phone(text, region)
            if phone.known or not place:
                found["phone"], taken = phone.text, text
            if phone.known:
                break
        if not phone.known:
            note(PHONE_AS_TYPED, "phone", taken, found=shorten(taken, 40))
        key = phone_key(found["phone"]) or taken
        for text in candidates:
            if text != taken and (phone_key(text) or text) != key:
                note(FURTHER_PHONE, "phone", text, found=shorten(text, 40))

    def _numbers(self, row, note):
        """What stands in the columns of numbers, the most useful first; no fax and no pager."""
        candidates = []
        for place, label, rank in self.phones:
            text = row[place].strip()
            if not text or is_missing(text):
                continue
            rank = rank if label is None or not row[label] else rank_of(row[label])
            if rank is None:
                note(FURTHER_PHONE, "phone", text, found=shorten(text, 40))
            else:
                candidates += [(rank, part) for part in self._split(text)]
        candidates.sort(key=lambda pair: pair[0])
        return [text for _rank, text in candidates]

    def _split(self, text):
        if SEVERAL not in text and "\n" not in text:
            return [text]
        parts = re.split(r" ::: |[\r\n]+", text)
        return [part.strip() for part in parts if part.strip()][:MOST]

    def _region(self, row):
        for place in self.countries:
            if row[place]:
                return region_of(row[place][:80]) or self.region
        return self.region
