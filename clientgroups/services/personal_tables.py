"""What our own tables keep about a client: how it is exported, and what erasing leaves of it.

Texts become a dash where a text must stand, and nothing elsewhere. Dates, amounts, scores and
states stay, because they are counted.
"""

import secrets
from collections.abc import Callable, Iterable

from django.db.models import CharField, Model, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from clientgroups.models import (
    ActivityInvitation,
    Client,
    ClientHealth,
    ClientMerge,
    ConsentChange,
    Contact,
    ImportedRow,
    Interaction,
    LifecycleChange,
    Membership,
    Purchase,
    RequestMessage,
    RfmChange,
    RfmScore,
    ServiceRequest,
    StagedContact,
    StagedPurchase,
)
from clientgroups.selectors.personal import PersonalData, own_addresses, register
from clientgroups.services.clients import ARCHIVED

# Stands where a column may not be empty; the same in every language.
DASH = "–"
NOTHING = Value("")


def numbered(sign: str = "#") -> Concat:
    """A name that tells nothing: the number of the row."""
    return Concat(Value(sign), Cast("pk", CharField()), output_field=CharField())


def fresh_tokens(rows: QuerySet, name: str = "token") -> None:
    """No link that was sent out opens anything any more."""
    for pk in rows.values_list("pk", flat=True):
        rows.model._base_manager.filter(pk=pk).update(**{name: secrets.token_urlsafe(24)})


def table(
    model: type[Model], path: str, fields: Iterable[str]
) -> Callable[[Client], Iterable[dict]]:
    """Rows of a table for an export; `path` leads from the row to the client."""

    def rows(client: Client) -> Iterable[dict]:
        found = model._base_manager.filter(**{path: client}).order_by("pk")
        return found.values(*fields).iterator(chunk_size=2000)

    return rows


def blanking(model: type[Model], path: str, **values: object) -> Callable[[Client], int]:
    """Set columns of every row of the client."""

    def erase(client: Client) -> int:
        return model._base_manager.filter(**{path: client}).update(**values)

    return erase


def nothing(_client: Client) -> int:
    """Only figures and states that tell nothing without the name."""
    return 0


def client_row(client: Client) -> list[dict]:
    """The client itself, with its tags and custom fields."""
    skipped = {"search", "name_key", "import_batch"}
    names = [field.name for field in client._meta.concrete_fields if field.name not in skipped]
    (row,) = Client.objects.filter(pk=client.pk).values(*names)
    custom = row.pop("custom") or {}
    tags = ", ".join(client.tags.values_list("name", flat=True))
    return [row | {"tags": tags} | {f"custom:{key}": value for key, value in custom.items()}]


def erase_contacts(client: Client) -> int:
    rows = Contact.objects.filter(client=client)
    return rows.update(
        name=numbered(),
        email="",
        phone="",
        job_title="",
        time_zone="",
        preferred_channel="",
        external_id="",
        email_consent=False,
        phone_consent=False,
        chat_consent=False,
        post_consent=False,
        is_active=False,
    )


def erase_purchases(client: Client) -> int:
    """Day, amount and currency are counted; the number of an order leads to a person."""
    return client.purchases.update(external_id=numbered(), product="", import_batch=None)


def erase_requests(client: Client) -> int:
    rows = ServiceRequest.objects.filter(client=client)
    fresh_tokens(rows)
    return rows.update(subject=numbered(), text="", outcome="", rating_text="")


def erase_invitations(client: Client) -> int:
    rows = ActivityInvitation.objects.filter(client=client)
    fresh_tokens(rows)
    return rows.count()


def erase_memberships(client: Client) -> int:
    """Whatever a person wrote about coming and going; that it was put away is our own word."""
    rows = Membership.objects.filter(client=client)
    rows.exclude(ended_because=ARCHIVED).update(ended_because="")
    return rows.update(began_because="")


def erase_interactions(client: Client) -> int:
    rows = Interaction.objects.filter(client=client)
    rows.exclude(follow_up_note="").update(follow_up_note=DASH)
    return rows.update(summary=DASH, text="")


def erase_moves(client: Client) -> int:
    """A reason that a person wrote; derived moves have none."""
    return client.lifecycle_changes.exclude(reason="").update(reason=DASH)


def erase_merges(client: Client) -> int:
    """How both clients stood before; without it the merge cannot be taken back, as it must be."""
    rows = ClientMerge.objects.filter(Q(kept=client) | Q(gone=client))
    return rows.update(before={}, moved={})


def staged_of(client: Client) -> tuple[QuerySet, QuerySet]:
    """Lines of files that wait for a decision and name the client or one of its contacts."""
    named = Q(data__client__name=client.name) | Q(data__client__ref=client.pk)
    for mail in own_addresses(client):
        named |= Q(data__contact__email__iexact=mail)
    bought = Q(client_name=client.name)
    if client.external_id:
        named |= Q(client_key=client.external_id)
        named |= Q(data__client__number=client.external_id)
        bought |= Q(client_external_id=client.external_id)
    return StagedContact.objects.filter(named), StagedPurchase.objects.filter(bought)


def staged_rows(client: Client) -> list[dict]:
    contacts, purchases = staged_of(client)
    lines = [{"line": row.line, **flat(row.data)} for row in contacts.order_by("batch", "line")]
    return lines + list(purchases.values("line", "client_external_id", "client_name", "bought_on"))


def flat(data: dict, before: str = "") -> dict:
    """Nested values under names with dots, as a table has them."""
    found = {}
    for name, value in data.items():
        path = f"{before}{name}"
        found |= flat(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return found


def erase_staged(client: Client) -> int:
    """Such a line is no longer imported."""
    return sum(rows.delete()[0] for rows in staged_of(client))


PERSON = ("id", "name", "email", "phone", "language", "job_title", "time_zone")
AGREED = ("email_consent", "phone_consent", "chat_consent", "post_consent")

ENTRIES = [
    # Erased by the service itself, last of all: the others look for its names.
    PersonalData("client", _("Client"), client_row, nothing),
    PersonalData("staged", _("Lines of files that wait to be imported"), staged_rows, erase_staged),
    PersonalData(
        "contacts",
        _("Contacts"),
        table(
            Contact,
            "client",
            (*PERSON, "preferred_channel", *AGREED, "external_id", "is_active", "created_at"),
        ),
        erase_contacts,
    ),
    PersonalData(
        "consents",
        _("Consents"),
        table(
            ConsentChange,
            "contact__client",
            ("id", "contact_id", "channel", "granted", "source", "actor__name", "at"),
        ),
        blanking(ConsentChange, "contact__client", source=""),
    ),
    PersonalData(
        "purchases",
        _("Purchases"),
        table(
            Purchase,
            "client",
            ("id", "bought_on", "amount", "currency", "quantity", "product", "external_id"),
        ),
        erase_purchases,
    ),
    PersonalData(
        "memberships",
        _("Memberships"),
        table(
            Membership,
            "client",
            (
                "id",
                "client_group__name",
                "valid_from",
                "valid_to",
                "began_because",
                "ended_because",
            ),
        ),
        erase_memberships,
    ),
    PersonalData(
        "stages",
        _("Lifecycle"),
        table(
            LifecycleChange,
            "client",
            ("id", "before", "after", "as_of", "reason", "recent_purchases", "last_purchase_on"),
        ),
        erase_moves,
    ),
    PersonalData(
        "rfm",
        _("RFM"),
        table(
            RfmScore,
            "client",
            ("as_of", "recency", "frequency", "monetary", "currency", "r", "f", "m", "segment"),
        ),
        nothing,
    ),
    PersonalData(
        "rfm_changes",
        _("Moves between RFM groups"),
        table(RfmChange, "client", ("id", "before", "after", "as_of")),
        nothing,
    ),
    PersonalData(
        "health",
        _("Health"),
        table(ClientHealth, "client", ("id", "as_of", "score", "drivers")),
        blanking(ClientHealth, "client", drivers=[]),
    ),
    PersonalData(
        "interactions",
        _("Touches"),
        table(
            Interaction,
            "client",
            (
                "id",
                "kind",
                "direction",
                "happened_at",
                "contact_id",
                "summary",
                "text",
                "by__name",
                "follow_up_on",
                "follow_up_note",
            ),
        ),
        erase_interactions,
    ),
    PersonalData(
        "requests",
        _("Service requests"),
        table(
            ServiceRequest,
            "client",
            (
                "id",
                "type__name",
                "priority",
                "status",
                "source",
                "contact_id",
                "subject",
                "text",
                "opened_at",
                "first_answered_at",
                "resolved_at",
                "outcome",
                "rating",
                "rating_text",
            ),
        ),
        erase_requests,
    ),
    PersonalData(
        "messages",
        _("Conversation"),
        table(
            RequestMessage,
            "request__client",
            ("id", "request_id", "author__name", "is_internal", "text", "at"),
        ),
        blanking(RequestMessage, "request__client", text=DASH),
    ),
    PersonalData(
        "activities",
        _("Invitations to activities"),
        table(
            ActivityInvitation,
            "client",
            (
                "id",
                "activity__name",
                "contact_id",
                "sent_at",
                "answer",
                "answered_at",
                "attended",
            ),
        ),
        erase_invitations,
    ),
    PersonalData(
        "imported",
        _("What imports changed"),
        table(ImportedRow, "client", ("id", "contact_id", "ref", "created", "before", "after")),
        blanking(ImportedRow, "client", ref="", before={}, after={}),
    ),
    PersonalData(
        "merges",
        _("Merges"),
        table(ClientMerge, "kept", ("id", "gone_id", "actor__name", "at", "undone_at")),
        erase_merges,
    ),
]
for entry in ENTRIES:
    register(entry)
