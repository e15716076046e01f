"""Lines of an address file to clients and contacts ready to be stored, or sentences."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_noop

from clientgroups.importers import contact_targets as to
from clientgroups.importers.checking import (
    FIELDS_FEW,
    FIELDS_MANY,
    Lookup,
    Problem,
)
from clientgroups.importers.contact_cells import LIMITS, Cells, label_of
from clientgroups.importers.contact_reach import Reach
from clientgroups.importers.contact_values import (
    joined_name,
    language_of_name,
    parse_channel,
    parse_kind,
    parse_language,
    parse_yes_no,
)
from clientgroups.importers.values import parse_date, parse_number
from clientgroups.models import Client, CustomField
from clientgroups.selectors.client_columns import CONSENTS, CUSTOM
from clientgroups.selectors.clients_custom import clean_value
from clientgroups.selectors.references import CLIENT, CONTACT, referred
from core.files.issues import ERROR, NOTE
from core.files.refusal import shorten

AT_COMPANY, PERSONS, ONLY_COMPANY = "company", "person", "skip"
PERSON, ORGANISATION = Client.Kind.PERSON.value, Client.Kind.ORGANISATION.value
NAMELESS = gettext_noop(
    "The line names neither a client nor a contact. Fill in a name, or leave the line out."
)
NO_COMPANY = gettext_noop(
    "The contact has no organisation. Fill it in, or choose in the mapping that such contacts "
    "become clients themselves."
)
NAMED_BY_ADDRESS = gettext_noop(
    "The contact has no name; the e-mail address or the number stands for it."
)
COMPANY_LOST = gettext_noop(
    "The organisation “%(found)s” was not kept, because every contact becomes a client."
)
NO_CONSENT = gettext_noop(
    "“%(found)s” says neither yes nor no (%(field)s). It counts as not granted."
)
OTHER_LANGUAGE = gettext_noop(
    "“%(found)s” is no language of Tandem. The contact gets the one chosen for unknown languages."
)
NOBODY = gettext_noop("Nobody here is called “%(found)s”. You become the owner.")
NO_PLACE_FOR_VALUE = gettext_noop("“%(found)s” does not fit the field “%(name)s”: %(reason)s")

MOST_TAGS = 50
PLAIN = ("website", "industry", "city", "region", "country")


class ContactChecker(Cells):
    """Checks lines of one file under one mapping; `options` are those of the mapping screen."""

    def __init__(self, shape, mapping, options, *, people, fields):
        self.columns, self.width = shape["columns"], shape["width"]
        self.pads = shape["format"] == "workbook"
        self.options = options
        places = {}
        for place, target in sorted((int(p), t) for p, t in mapping.items()):
            places.setdefault(target, []).append(place)
        super().__init__(places)
        self.has_contact = bool(
            {"contact", to.GIVEN, to.FAMILY, "email", "phone"} & set(self.places)
        )
        # {lower-case e-mail or name: key}; a name that two people share stands for nobody.
        self.people = people
        self.fields = {f"{CUSTOM}{field.key}": field for field in fields}
        self.fields = {key: own for key, own in self.fields.items() if key in self.places}
        self.reach = Reach(shape, self.places, options)
        self.good = self.blank = 0
        self.languages, self.kinds = Lookup(parse_language), Lookup(parse_kind)
        self.answers, self.channels = Lookup(parse_yes_no), Lookup(parse_channel)
        self.tags = Lookup(self._tags)

    def check(self, lines, log):
        """(line, client link, data) of the lines that are right; the log hears about the others."""
        good = []
        for line, row in lines:
            if len(row) != self.width:
                row = self._fitted(line, row, log)
                if row is None:
                    continue
            if not any(row) or not any(cell.strip() for cell in row):
                self.blank += 1
                continue
            self.notes.clear()
            try:
                good.append(self._entry(line, row))
            except Problem as problem:
                self._tell(ERROR, line, problem, log)
                continue
            for note in self.notes:
                self._tell(NOTE, line, note, log)
        self.good += len(good)
        return good

    def _tell(self, severity, line, problem, log):
        place = self.places.get(problem.target)
        name = self.columns[place[0]] or f"#{place[0] + 1}" if place else ""
        value = shorten(problem.value)
        log.add(severity, problem.message, line=line, place=name, value=value, **problem.params)

    def _fitted(self, line, row, log):
        if not any(cell.strip() for cell in row):
            self.blank += 1
            return None
        if len(row) > self.width and not any(cell.strip() for cell in row[self.width :]):
            return row[: self.width]
        if len(row) < self.width and self.pads:
            return row + [""] * (self.width - len(row))
        message = FIELDS_MANY if len(row) > self.width else FIELDS_FEW
        value = shorten(" | ".join(row[: self.width + 3]), 200)
        log.add(ERROR, message, line=line, value=value, found=len(row), wanted=self.width)
        return None

    # One line -----------------------------------------------------------------------------------

    def _entry(self, line, row):
        client, contact = self._client(row), self._contact(row)
        link = self._text(row, "client_link")
        self._settle(row, client, contact, link)
        if self.has_contact and not self._stands(client, contact):
            contact = {}
        if contact and "language" not in contact:
            language = self._default_language(contact.get("name", ""))
            # Only for new contacts: what is known of others is not changed by a guess.
            contact["language_guess"] = language
        data = {"client": client}
        if contact:
            data["contact"] = contact
        return line, link.removeprefix("@"), data

    def _settle(self, row, client, contact, link):
        """Decide who is the client and who the contact, as the person chose."""
        people = self.options.get("people", AT_COMPANY)
        name, person = client.get("name", ""), contact.get("name", "")
        kind = client.get("kind")
        if not (name or person or link):
            person = contact.get("email") or contact.get("phone", "")
            if person and not (client.keys() & {"ref", "number"}):
                self._note(NAMED_BY_ADDRESS, "contact", person)
                contact["name"] = person
        if people == PERSONS and person and kind != PERSON and (name or link):
            self._note(COMPANY_LOST, "client", name, found=shorten(name or link, 60))
            name, kind = "", None
            for key in ("name", "number", "ref"):
                client.pop(key, None)
        if not name and person and not link and not client.keys() & {"ref", "number"}:
            if people == ONLY_COMPANY:
                raise Problem(NO_COMPANY, "client", person)
            kind, name = PERSON, person
            client["alone"] = True
        if not (name or link or "ref" in client):
            if "number" not in client or not person:
                raise Problem(NAMELESS, "client")
            # A client may be known by its number; a new one is called as its contact.
            name, kind, client["nameless"] = person, kind or PERSON, True
        if name:
            client["name"] = name
        client["kind"] = kind or ORGANISATION

    def _stands(self, client, contact):
        """Give a contact without a name that of its client; False where there is nobody to add."""
        if contact.get("name"):
            return True
        if contact.keys() & {"ref"}:
            return True
        if not contact.keys() & {"email", "phone", "number"}:
            return False
        contact["name"] = client.get("name", "")[: LIMITS["contact"]]
        return bool(contact["name"])

    def _client(self, row):
        found = {}
        for target, key in (("client", "name"), ("client_number", "number")):
            text = self._text(row, target)
            if text:
                found[key] = text
        ref = self._reference(row, "client_ref", CLIENT)
        if ref:
            found["ref"] = ref
        for target in PLAIN:
            text = self._text(row, target)
            if text:
                found[target] = text
        address = self._joined(row, ("address", to.POSTAL), ", ", "address")
        if address:
            found["address"] = address
        note = self._note_text(row)
        if note:
            found["note"] = note
        self._kind_owner_tags(row, found)
        custom = self._custom(row)
        if custom:
            found["custom"] = custom
        return found

    def _kind_owner_tags(self, row, found):
        text = self._raw(row, "kind")
        if text:
            found["kind"] = self.kinds[text]
            found["told_kind"] = True
            if found["kind"] is None:
                self._misread("kind", text)
                del found["kind"], found["told_kind"]
        text = self._raw(row, "owner")
        if text:
            owner = self.people.get(text.casefold())
            if owner is None:
                self._note(NOBODY, "owner", text, found=shorten(text, 60))
            else:
                found["owner"] = owner
        tags = [tag for text in self._raws(row, "tags") for tag in self.tags[text]]
        if tags:
            found["tags"] = list(dict.fromkeys(tags))[:MOST_TAGS]

    def _contact(self, row):
        found = {}
        name = self._text(row, "contact") or self._parts(row)
        if name:
            found["name"] = self._limited(name, "contact")
        ref = self._reference(row, "contact_ref", CONTACT)
        if ref:
            found["ref"] = ref
        for target, key in (("contact_number", "number"), ("job_title", "job_title")):
            text = self._text(row, target)
            if text and referred(CONTACT, text) is None:
                found[key] = text
        self.reach.fill(row, found, self._note)
        self._ways(row, found)
        self._consents(row, found)
        return found

    def _parts(self, row):
        given, middle, family = (
            self._text(row, t, names=True) for t in (to.GIVEN, to.MIDDLE, to.FAMILY)
        )
        return joined_name(given, middle, family)

    def _ways(self, row, found):
        text = self._raw(row, "language")
        if text:
            language = self.languages[text]
            if language:
                found["language"] = language
            else:
                self._note(OTHER_LANGUAGE, "language", text, found=shorten(text, 40))
        text = self._raw(row, "time_zone")
        if text:
            if text in _zones():
                found["time_zone"] = text
            else:
                self._misread("time_zone", text)
        text = self._raw(row, "preferred_channel")
        if text:
            channel = self.channels[text]
            if channel:
                found["preferred_channel"] = channel
            else:
                self._misread("preferred_channel", text)
        text = self._raw(row, "is_active")
        if text:
            answer = self.answers[text]
            if answer is None:
                self._misread("is_active", text)
            else:
                found["is_active"] = answer

    def _consents(self, row, found):
        """What is unknown is not granted; an objection wins over a yes."""
        for target in CONSENTS:
            if target not in self.places:
                continue
            text = self._raw(row, target)
            answer = self.answers[text] if text else None
            if text and answer is None:
                self._note(
                    NO_CONSENT, target, text, found=shorten(text, 40), field=label_of(target)
                )
            # Nothing said in a column of consents: not granted to somebody new, unchanged else.
            found[target] = bool(answer) if text else None
        objects = {to.EMAIL_OPT_OUT: "email_consent", to.PHONE_OPT_OUT: "phone_consent"}
        for target, consent in objects.items():
            text = self._raw(row, target)
            if text and self.answers[text] is True:
                found[consent] = False
        for target in CONSENTS:
            if target in found and found[target] is None:
                del found[target]
                found.setdefault("unsaid", []).append(target)

    def _default_language(self, name):
        chosen = self.options.get("language", "name")
        return (language_of_name(name) or "en") if chosen == "name" else chosen

    def _custom(self, row):
        found = {}
        for target, own in self.fields.items():
            text = self._raw(row, target)
            if not text:
                continue
            try:
                value = clean_value(own, _typed(own, text))
            except ValidationError as problem:
                self._note(
                    NO_PLACE_FOR_VALUE,
                    target,
                    text,
                    found=shorten(text, 40),
                    name=str(own.label),
                    reason=problem.messages[0],
                )
                continue
            if value is not None:
                found[own.key] = value
        return found


_ZONES = set()


def _zones():
    if not _ZONES:
        _ZONES.update(available_timezones())
    return _ZONES


def _typed(own, text):
    """A cell as the kind of field wants it; what does not fit is left to be refused."""
    if own.kind == CustomField.Kind.NUMBER:
        number = parse_number(text[:80], "point")
        return number if number is not None else parse_number(text[:80], "comma") or text
    if own.kind == CustomField.Kind.DATE:
        return parse_date(text[:80], "ymd") or parse_date(text[:80], "dmy") or text
    if own.kind == CustomField.Kind.YES_NO:
        return {True: "yes", False: "no", None: text}[parse_yes_no(text)]
    return text
