"""A vCard as a line of a table: one column per property, the best value of each first."""

from clientgroups.importers.contact_values import SEVERAL
from core.files.vcards import fields, plain_text

# What tells how a number is reached, the most useful for a team first; fax and pager are no phone.
PHONE_RANKS = {"cell": 1, "mobile": 1, "iphone": 1, "work": 2, "main": 3, "voice": 3, "home": 4}
NO_PHONE = {
    "fax": "TEL (fax)",
    "pager": "TEL (pager)",
    "modem": "TEL (modem)",
    "telex": "TEL (fax)",
}
ADDRESS = ("box", "extended", "street", "city", "region", "code", "country")
BOOKKEEPING = frozenset(
    {
        "PRODID",
        "REV",
        "PROFILE",
        "MAILER",
        "SOURCE",
        "NAME",
        "SORT-STRING",
        "CLASS",
        "CLIENTPIDMAP",
        "XML",
        "AGENT",
        "X-ABUID",
        "X-ABADR",
        "X-ABLABEL",
        "X-GENERATOR",
        "X-EVOLUTION-FILE-AS",
        "X-COUCHDB-APPLICATION-ANNOTATIONS",
    }
)
# Columns that come first, with what they become; others follow as they are met.
SUGGESTED = {
    "ORG": "client",
    "FN": "contact",
    "TITLE": "job_title",
    "EMAIL": "email",
    "TEL": "phone",
    "ADR street": "address",
    "ADR code": "postal_code",
    "ADR city": "city",
    "ADR region": "region",
    "ADR country": "country",
    "URL": "website",
    "CATEGORIES": "tags",
    "NOTE": "note",
    "UID": "contact_number",
    "LANG": "language",
    "TZ": "time_zone",
    "KIND": "kind",
    "X-TANDEM-CONTACT": "contact_ref",
    "X-TANDEM-CLIENT": "client_ref",
    "X-TANDEM-NUMBER": "client_number",
    "X-TANDEM-OWNER": "owner",
    "X-TANDEM-INDUSTRY": "industry",
    "X-TANDEM-LANGUAGE": "language",
    "X-TANDEM-CHANNEL": "preferred_channel",
    "X-TANDEM-ACTIVE": "is_active",
    "X-TANDEM-CONSENT email": "email_consent",
    "X-TANDEM-CONSENT phone": "phone_consent",
    "X-TANDEM-CONSENT chat": "chat_consent",
    "X-TANDEM-CONSENT post": "post_consent",
    "X-TANDEM-FIELD": "custom",
}


def card_values(card):
    """{column: text} of one card."""
    found, labels = {}, _labels(card)
    by_name = {}
    for entry in card.properties:
        by_name.setdefault(entry.name, []).append(entry)
    for name, entries in by_name.items():
        entries.sort(key=lambda entry: entry.pref)
        _READ.get(name, _other)(found, entries, labels)
    _settle_names(found, by_name)
    return {column: text for column, text in found.items() if text}


def _labels(card):
    """{group: label} as Apple's programs write it beside a property."""
    found = {}
    for entry in card.properties:
        if entry.name == "X-ABLABEL" and entry.group:
            text = plain_text(entry.value)
            found[entry.group] = text.removeprefix("_$!<").removesuffix(">!$_")
    return found


def _texts(entries):
    return list(dict.fromkeys(text for e in entries if (text := plain_text(e.value))))


def _first(column, entries, found, further=True):
    texts = _texts(entries)
    if texts:
        found[column] = SEVERAL.join(texts) if further else texts[0]


def _emails(found, entries, labels):
    _first("EMAIL", entries, found)


def _phones(found, entries, labels):
    numbers = []
    for place, entry in enumerate(entries):
        label = labels.get(entry.group, "").casefold()
        kinds = entry.types | {word for word in label.split() if word}
        other = next((NO_PHONE[kind] for kind in NO_PHONE if kind in kinds), None)
        text = plain_text(entry.value)
        if other:
            found[other] = SEVERAL.join(filter(None, (found.get(other), text)))
        elif text:
            rank = min((PHONE_RANKS.get(kind, 9) for kind in kinds), default=9)
            numbers.append((entry.pref, rank, place, text))
    if numbers:
        found["TEL"] = SEVERAL.join(dict.fromkeys(text for *_rank, text in sorted(numbers)))


def _addresses(found, entries, labels):
    """The preferred one that is not somebody's home; a home only where nothing else is told."""
    entries = [entry for entry in entries if any(fields(entry.value))]
    entries.sort(key=lambda entry: ("home" in entry.types, entry.pref))
    for place, entry in enumerate(entries):
        parts = dict(zip(ADDRESS, fields(entry.value), strict=False))
        if place:
            text = ", ".join(filter(None, parts.values()))
            found["ADR (further)"] = SEVERAL.join(filter(None, (found.get("ADR (further)"), text)))
            continue
        kind = "ADR (home)" if "home" in entry.types else "ADR"
        street = ", ".join(
            filter(None, (parts.get("box"), parts.get("extended"), parts.get("street")))
        )
        found[f"{kind} street"] = street.replace("\n", ", ")
        for name in ("city", "region", "code", "country"):
            found[f"{kind} {name}"] = parts.get(name, "")


def _organisation(found, entries, labels):
    parts = fields(entries[0].value)
    found["ORG"] = parts[0]
    found["ORG (unit)"] = ", ".join(filter(None, parts[1:]))
    further = [fields(entry.value)[0] for entry in entries[1:]]
    found["ORG (further)"] = SEVERAL.join(dict.fromkeys(f for f in further if f and f != parts[0]))


def _categories(found, entries, labels):
    words = [word for entry in entries for word in fields(entry.value, ",") if word]
    found["CATEGORIES"] = SEVERAL.join(dict.fromkeys(words))


def _notes(found, entries, labels):
    found["NOTE"] = "\n".join(_texts(entries))


def _consents(found, entries, labels):
    for entry in entries:
        for channel in entry.types:
            found[f"X-TANDEM-CONSENT {channel}"] = plain_text(entry.value)


def _own_fields(found, entries, labels):
    for entry in entries:
        key = (entry.params.get("X-KEY") or [""])[0]
        found[f"X-TANDEM-FIELD {key}"] = plain_text(entry.value)


def _other(found, entries, labels):
    for entry in entries:
        label = labels.get(entry.group, "")
        column = f"{entry.name} ({label})" if label and entry.name[:2] == "X-" else entry.name
        text = plain_text(entry.value)
        if text and not (entry.name == "X-ABLABEL" and entry.group):
            found[column] = SEVERAL.join(filter(None, (found.get(column), text)))


def _names(found, entries, labels):
    """Used where there is no FN; families come first where names are written so."""
    family, given, middle, prefix, suffix = [*fields(entries[0].value), *[""] * 5][:5]
    whole = " ".join(filter(None, (given, middle, family)))
    if not whole.isascii() and len(family) <= 2 and _is_han(family + given):
        whole = family + given
    found["N"] = whole


def _is_han(text):
    return bool(text) and all("\u3400" <= sign <= "\u9fff" for sign in text)


def _settle_names(found, by_name):
    name = found.pop("N", "")
    found["FN"] = found.get("FN", "").split(SEVERAL)[0] or name
    company = found.get("KIND", "").casefold() == "org" or (
        found.pop("X-ABSHOWAS", "").casefold() == "company"
    )
    person = found.pop("X-TANDEM-KIND", "").casefold() == "person"
    nobody = found.pop("X-TANDEM-NO-CONTACT", "")
    if company or (nobody and not person):
        found["ORG"] = found.get("ORG") or found["FN"]
        found["FN"] = "" if nobody or found["FN"] == found["ORG"] else found["FN"]
    elif person:
        found["KIND"] = "person"
        found["ORG"] = found.pop("X-TANDEM-NAME", "") or found["FN"]
        found["FN"] = "" if nobody else found["FN"]
    elif found.get("KIND", "").casefold() == "individual" or found.get("ORG"):
        # An individual at an organisation is a contact there, not a client.
        found.pop("KIND", None)
    if nobody:
        found.pop("UID", None)
    if found.get("ORG") and not person:
        _keep_home(found)


def _keep_home(found):
    """Somebody's home is no address of the organisation where they work."""
    parts = [
        found.pop(f"ADR (home) {name}", "")
        for name in ("street", "code", "city", "region", "country")
    ]
    text = ", ".join(filter(None, parts))
    found["ADR (further)"] = SEVERAL.join(filter(None, (text, found.get("ADR (further)"))))


_READ = {
    "N": _names,
    "EMAIL": _emails,
    "TEL": _phones,
    "ADR": _addresses,
    "ORG": _organisation,
    "CATEGORIES": _categories,
    "NOTE": _notes,
    "X-TANDEM-CONSENT": _consents,
    "X-TANDEM-FIELD": _own_fields,
}
