"""The columns in which clients and contacts leave the product as a table, and come back."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from clientgroups.models import CustomField

CUSTOM = "custom:"
CLIENT, CONTACT, DERIVED = "client", "contact", "derived"


@dataclass(frozen=True)
class Column:
    """`part` says whose it is; derived ones are shown and never read back."""

    key: str
    label: str
    part: str
    width: int = 16


COLUMNS = [
    Column("client_ref", _("Tandem client"), CLIENT),
    Column("client_number", _("Customer number"), CLIENT),
    Column("client", _("Client"), CLIENT, 28),
    Column("kind", _("Kind of client"), CLIENT),
    Column("owner", _("Owner"), CLIENT, 24),
    Column("website", _("Website"), CLIENT, 24),
    Column("industry", _("Industry"), CLIENT),
    Column("address", _("Address"), CLIENT, 28),
    Column("city", _("City"), CLIENT),
    Column("region", _("Region"), CLIENT),
    Column("country", _("Country"), CLIENT),
    Column("tags", _("Tags"), CLIENT, 20),
    Column("note", _("Note about the client"), CLIENT, 30),
    Column("contact_ref", _("Tandem contact"), CONTACT),
    Column("contact_number", _("Contact number"), CONTACT),
    Column("contact", _("Contact"), CONTACT, 24),
    Column("job_title", _("Position"), CONTACT, 20),
    Column("email", _("E-mail"), CONTACT, 28),
    Column("phone", _("Phone"), CONTACT, 20),
    Column("language", _("Language"), CONTACT),
    Column("time_zone", _("Time zone"), CONTACT),
    Column("preferred_channel", _("Preferred channel"), CONTACT),
    Column("email_consent", _("Agrees to e-mail"), CONTACT),
    Column("phone_consent", _("Agrees to phone calls"), CONTACT),
    Column("chat_consent", _("Agrees to chat and text messages"), CONTACT),
    Column("post_consent", _("Agrees to letters"), CONTACT),
    Column("is_active", _("Active contact"), CONTACT),
    Column("stage", _("Lifecycle stage"), DERIVED),
    Column("purchase_count", _("Purchases"), DERIVED),
    Column("first_purchase_on", _("First purchase"), DERIVED),
    Column("last_purchase_on", _("Last purchase"), DERIVED),
    Column("created_on", _("Created"), DERIVED),
]
CONSENTS = ("email_consent", "phone_consent", "chat_consent", "post_consent")


def all_columns(fields: list[CustomField]) -> list[Column]:
    """The built-in columns with the installation's own behind those of the client."""
    taken = {str(column.label) for column in COLUMNS}
    own = []
    for field in fields:
        label = field.title if field.title not in taken else f"{field.title} ({field.key})"
        taken.add(label)
        own.append(Column(f"{CUSTOM}{field.key}", label, CLIENT))
    place = next(n for n, column in enumerate(COLUMNS) if column.part == CONTACT)
    return [*COLUMNS[:place], *own, *COLUMNS[place:]]
