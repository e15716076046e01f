"""Clients and contacts as rows of a table, some hundreds at a time however many there are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from clientgroups.models import Channel, Client, Contact, CustomField
from clientgroups.selectors.client_columns import CONSENTS, CUSTOM, Column
from clientgroups.selectors.references import CLIENT as CLIENT_REF
from clientgroups.selectors.references import CONTACT as CONTACT_REF
from clientgroups.selectors.references import reference

AT_ONCE = 500
SEVERAL = " ::: "
CLIENT_FIELDS = [
    "id",
    "name",
    "kind",
    "external_id",
    "owner_id",
    "website",
    "industry",
    "address",
    "city",
    "region",
    "country",
    "note",
    "custom",
    "stage",
    "purchase_count",
    "first_purchase_on",
    "last_purchase_on",
    "created_at",
]
CONTACT_FIELDS = [
    "id",
    "client_id",
    "name",
    "email",
    "phone",
    "language",
    "job_title",
    "time_zone",
    "preferred_channel",
    "email_consent",
    "phone_consent",
    "chat_consent",
    "post_consent",
    "external_id",
    "is_active",
]


@dataclass
class Entry:
    """A client with its tags and those of its contacts that are exported."""

    client: dict
    tags: list = field(default_factory=list)
    contacts: list = field(default_factory=list)


def entries(clients: QuerySet[Client], *, every_contact: bool) -> Iterator[Entry]:
    """The clients in their order; the keys are asked once, the rows a piece at a time.

    Without `every_contact` only the contact that stands for the client comes along: the active one
    that has been there longest.
    """
    keys = list(clients.values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        yield from _piece(keys[start : start + AT_ONCE], every_contact)


def _piece(keys: list[int], every_contact: bool) -> Iterator[Entry]:
    rows = Client.objects.filter(pk__in=keys).values(*CLIENT_FIELDS)
    found = {row["id"]: Entry(row) for row in rows}
    through = Client.tags.through.objects.filter(client__in=keys).order_by("tag__name")
    for client, name in through.values_list("client", "tag__name"):
        found[client].tags.append(name)
    contacts = Contact.objects.filter(client__in=keys).order_by("-is_active", "pk")
    for contact in contacts.values(*CONTACT_FIELDS):
        entry = found[contact["client_id"]]
        if every_contact or not entry.contacts:
            entry.contacts.append(contact)
    # Whoever was deleted since the keys were asked is no longer there.
    return (found[key] for key in keys if key in found)


class Cells:
    """Values as a person reads them in a table, and as an import reads them back."""

    def __init__(self, fields: list[CustomField]) -> None:
        self.fields = {f"{CUSTOM}{field.key}": field for field in fields}
        self.kinds = _labels(Client.Kind)
        self.stages = _labels(Client.Stage)
        self.channels = _labels(Channel)
        self.languages = dict(Contact._meta.get_field("language").choices)
        self.words = {True: gettext("Yes"), False: gettext("No")}
        self.zone = timezone.get_current_timezone()
        self.owners = dict(User.objects.values_list("pk", "email"))

    def of_client(self, entry: Entry) -> dict:
        """Column key → value of the client's own columns and those derived from it."""
        row = entry.client
        found = {
            "client_ref": reference(CLIENT_REF, row["id"]),
            "client_number": row["external_id"] or "",
            "client": row["name"],
            "kind": self.kinds[row["kind"]],
            "owner": self.owners.get(row["owner_id"], ""),
            "tags": SEVERAL.join(entry.tags),
            "stage": self.stages[row["stage"]],
            "created_on": row["created_at"].astimezone(self.zone).date(),
        }
        for key, own in self.fields.items():
            found[key] = self._custom(own, row["custom"].get(own.key))
        return row | found

    def of_contact(self, row: dict) -> dict:
        """Column key → value of a contact's columns."""
        found = {
            "contact_ref": reference(CONTACT_REF, row["id"]),
            "contact_number": row["external_id"],
            "contact": row["name"],
            "language": self.languages.get(row["language"], row["language"]),
            "preferred_channel": self.channels.get(row["preferred_channel"], ""),
            "is_active": self.words[row["is_active"]],
        }
        return row | found | {name: self.words[row[name]] for name in CONSENTS}

    def _custom(self, own: CustomField, value: object) -> object:
        if value is None or value == "":
            return ""
        if own.kind == CustomField.Kind.YES_NO:
            return self.words[value is True]
        if own.kind == CustomField.Kind.DATE:
            return _date(value)
        return value if isinstance(value, int | float) else str(value)


def _labels(choices) -> dict:  # noqa: ANN001
    return {choice.value: str(choice.label) for choice in choices}


def _date(value: object) -> object:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return str(value)


def table_rows(
    found: Iterable[Entry], columns: list[Column], cells: Cells, *, only_contacts: bool = False
) -> Iterator[list]:
    """One row per contact, or one for a client without any (unless only contacts are asked)."""
    keys = [column.key for column in columns]
    for entry in found:
        client = cells.of_client(entry)
        contacts = [cells.of_contact(row) for row in entry.contacts]
        if not contacts and not only_contacts:
            contacts = [{}]
        for contact in contacts:
            # A client has fields of the same names as a contact; the contact's part wins its own.
            both = {**client, **{k: v for k, v in contact.items() if k not in ("id", "name")}}
            yield [both.get(key, "") for key in keys]
