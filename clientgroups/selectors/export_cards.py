"""Clients and contacts as vCards 3.0 and 4.0: what the standards have no property for is ours."""

from collections.abc import Iterable, Iterator

from clientgroups.models import Client
from clientgroups.selectors.exports import Cells, Entry
from core.files.vcards import escaped, structured, write_card

AT_ONCE = 200
YES, NO = "yes", "no"
LANGUAGES = {"en": "en", "zh-hans": "zh-Hans"}
CONSENTS = {
    "email": "email_consent",
    "phone": "phone_consent",
    "chat": "chat_consent",
    "post": "post_consent",
}


def card_stream(
    found: Iterable[Entry], cells: Cells, version: str, *, only_contacts: bool = False
) -> Iterator[bytes]:
    """One card per contact, or one for a client without any (unless only contacts are asked)."""
    waiting = []
    for entry in found:
        client = cells.of_client(entry)
        for contact in entry.contacts or ([] if only_contacts else [None]):
            waiting.append(write_card(version, _lines(entry, client, contact, cells, version)))
        if len(waiting) >= AT_ONCE:
            yield "".join(waiting).encode()
            waiting.clear()
    yield "".join(waiting).encode()


def _lines(entry, client, contact, cells, version):  # noqa: ANN001, ANN202
    row = entry.client
    organisation = row["kind"] == Client.Kind.ORGANISATION
    lines = _person(contact, cells, version) if contact else _nobody(row, organisation, version)
    if organisation:
        lines.append(("ORG", structured(row["name"])))
    lines += _ours(entry, client, contact)
    if row["address"] or row["city"] or row["region"] or row["country"]:
        parts = ("", "", row["address"], row["city"], row["region"], "", row["country"])
        lines.append(("ADR;TYPE=work", structured(*parts)))
    for head, value in (("URL", row["website"]), ("NOTE", row["note"])):
        if value:
            lines.append((head, escaped(value)))
    if entry.tags:
        lines.append(("CATEGORIES", ",".join(map(escaped, entry.tags))))
    return lines


def _nobody(row, organisation, version):  # noqa: ANN001, ANN202
    lines = [("FN", escaped(row["name"])), ("N", structured(row["name"], "", "", "", ""))]
    if organisation:
        lines.append(("KIND", "org") if version == "4.0" else ("X-ABSHOWAS", "COMPANY"))
    lines.append(("X-TANDEM-NO-CONTACT", YES))
    return lines


def _person(row, cells, version):  # noqa: ANN001, ANN202
    ref = cells.of_contact(row)["contact_ref"]
    lines = [
        ("FN", escaped(row["name"])),
        ("N", structured(row["name"], "", "", "", "")),
        ("UID", escaped(row["external_id"] or f"urn:tandem:{ref}")),
        ("X-TANDEM-CONTACT", ref),
    ]
    heads = {
        "job_title": "TITLE",
        "email": "EMAIL" if version == "4.0" else "EMAIL;TYPE=INTERNET",
        "phone": "TEL",
        "time_zone": "TZ",
        "preferred_channel": "X-TANDEM-CHANNEL",
    }
    lines += [(head, escaped(row[key])) for key, head in heads.items() if row[key]]
    language = LANGUAGES.get(row["language"], row["language"])
    lines.append(("LANG" if version == "4.0" else "X-TANDEM-LANGUAGE", language))
    for channel, key in CONSENTS.items():
        lines.append((f"X-TANDEM-CONSENT;TYPE={channel}", YES if row[key] else NO))
    if not row["is_active"]:
        lines.append(("X-TANDEM-ACTIVE", NO))
    return lines


def _ours(entry, client, contact):  # noqa: ANN001, ANN202
    row = entry.client
    lines = [("X-TANDEM-CLIENT", client["client_ref"]), ("X-TANDEM-KIND", row["kind"])]
    if row["kind"] == Client.Kind.PERSON and contact and contact["name"] != row["name"]:
        lines.append(("X-TANDEM-NAME", escaped(row["name"])))
    heads = {"client_number": "NUMBER", "owner": "OWNER", "industry": "INDUSTRY"}
    lines += [
        (f"X-TANDEM-{head}", escaped(client[key])) for key, head in heads.items() if client[key]
    ]
    for key, value in row["custom"].items():
        if value not in (None, ""):
            lines.append((f"X-TANDEM-FIELD;X-KEY={key}", escaped(_plain(value))))
    return lines


def _plain(value):  # noqa: ANN001, ANN202
    return {True: YES, False: NO}[value] if isinstance(value, bool) else str(value)
