from django.db import transaction

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client, ClientGroup, Contact
from clientgroups.services.groups import add_clients, mark_dynamic_groups_stale


def _shown(value: object) -> object:
    return value if isinstance(value, str | int | bool | None) else str(value)


def _change(row, changes: dict, allowed: set) -> dict:  # noqa: ANN001
    """Set what differs, check the row and save it; what was changed, for the audit trail."""
    unknown = set(changes) - allowed
    if unknown:
        raise TypeError(f"{row._meta.label} has no {sorted(unknown)} to change here")
    changed = {
        name: [getattr(row, name), value]
        for name, value in changes.items()
        if getattr(row, name) != value
    }
    for name, (_before, after) in changed.items():
        setattr(row, name, after)
    if changed:
        row.full_clean()
        row.save(update_fields=list(changed))
    return {name: [_shown(before), _shown(after)] for name, (before, after) in changed.items()}


@transaction.atomic
def create_client(
    *,
    actor: User,
    name: str,
    kind: str = Client.Kind.ORGANISATION,
    external_id: str | None = None,
    owner: User | None = None,
    group: ClientGroup | None = None,
) -> Client:
    """Create a client; owned by its creator unless somebody else is named.

    `group` is a listed group the client joins at once.
    """
    client = Client(
        name=name.strip(), kind=kind, external_id=external_id or None, owner=owner or actor
    )
    client.full_clean()
    client.save()
    record(actor=actor, verb="client.created", target=client, name=["", client.name])
    if group is not None:
        add_clients(group=group, clients=[client], actor=actor)
    mark_dynamic_groups_stale()
    return client


@transaction.atomic
def update_client(*, client: Client, actor: User, **changes: object) -> Client:
    """Change name, kind, customer number or owner; saving the same again changes nothing."""
    client = Client.objects.select_for_update().get(pk=client.pk)
    if "external_id" in changes:
        changes["external_id"] = changes["external_id"] or None
    changed = _change(client, changes, {"name", "kind", "external_id", "owner"})
    if changed:
        record(actor=actor, verb="client.updated", target=client, **changed)
        mark_dynamic_groups_stale()
    return client


CONTACT_FIELDS = {"name", "email", "phone", "language", "email_consent", "is_active"}


@transaction.atomic
def create_contact(*, client: Client, actor: User, **fields: object) -> Contact:
    """Add a person at a client; one e-mail address stands there once."""
    contact = Contact(client=client, **fields)
    contact.full_clean()
    contact.save()
    record(actor=actor, verb="contact.created", target=contact, name=["", contact.name])
    mark_dynamic_groups_stale()
    return contact


@transaction.atomic
def update_contact(*, contact: Contact, actor: User, **changes: object) -> Contact:
    """Change a contact; saving the same again changes nothing."""
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    changed = _change(contact, changes, CONTACT_FIELDS)
    if changed:
        record(actor=actor, verb="contact.updated", target=contact, **changed)
        mark_dynamic_groups_stale()
    return contact
