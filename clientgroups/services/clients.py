"""Creating, changing and putting away clients, and the people there."""

import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from accounts.once import once
from clientgroups.models import (
    Channel,
    Client,
    ClientGroup,
    ConsentChange,
    Contact,
    Membership,
)
from clientgroups.selectors.clients_custom import clean_custom
from clientgroups.selectors.dates import today_here
from clientgroups.services.groups import add_clients, mark_clients_dirty
from clientgroups.services.tags import change_tags

CLIENT_FIELDS = {
    "name",
    "kind",
    "external_id",
    "owner",
    "website",
    "industry",
    "address",
    "city",
    "region",
    "country",
    "note",
}
CONSENTS = {f"{channel}_consent": channel for channel in Channel.values}
CONTACT_FIELDS = {
    "name",
    "email",
    "phone",
    "language",
    "job_title",
    "time_zone",
    "preferred_channel",
    "external_id",
    "is_active",
    *CONSENTS,
}
# Why an open membership ended; what a restore takes back.
ARCHIVED = "archived"
SCHEME = re.compile(r"^https?://", re.IGNORECASE)


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


def _tidied(changes: dict) -> dict:
    """Texts without blanks around them."""
    tidied = {
        name: value.replace("\x00", "").strip() if isinstance(value, str) else value
        for name, value in changes.items()
    }
    website = tidied.get("website", "")
    if "://" in website and not SCHEME.match(website):
        raise ValidationError({"website": _("A website begins with http:// or https://.")})
    return tidied


@once
@transaction.atomic
def create_client(
    *,
    actor: User,
    name: str,
    kind: str = Client.Kind.ORGANISATION,
    external_id: str | None = None,
    owner: User | None = None,
    group: ClientGroup | None = None,
    tags: Iterable[str] = (),
    custom: dict | None = None,
    **fields: str,
) -> Client:
    """Create a client; owned by its creator unless somebody else is named.

    `group` is a listed group the client joins at once. `fields` are website, industry, address,
    city, region, country and note.
    """
    unknown = set(fields) - CLIENT_FIELDS
    if unknown:
        raise TypeError(f"A client has no {sorted(unknown)}")
    values = _tidied({"name": name, "external_id": external_id or "", **fields})
    values["external_id"] = values["external_id"] or None
    custom = {key: value for key, value in clean_custom(custom or {}).items() if value is not None}
    client = Client(kind=kind, owner=owner or actor, custom=custom, **values)
    client.full_clean()
    client.save()
    change_tags(client, tags)
    record(actor=actor, verb="client.created", target=client, name=["", client.name])
    if group is not None:
        add_clients(group=group, clients=[client], actor=actor)
    mark_clients_dirty([client.pk])
    return client


@transaction.atomic
def update_client(*, client: Client, actor: User, **changes: object) -> Client:
    """Change what stands in a client's form; saving the same again changes nothing.

    `tags` are names; `custom` holds only the fields to change, None empties one.
    """
    client = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
    refuse_gone(client)
    tags, custom = changes.pop("tags", None), changes.pop("custom", None)
    changes = _tidied(changes)
    if "external_id" in changes:
        changes["external_id"] = changes["external_id"] or None
    changed = _change(client, changes, CLIENT_FIELDS)
    if custom is not None:
        changed |= _change_custom(client, custom)
    if tags is not None and (pair := change_tags(client, tags)):
        changed["tags"] = pair
    if changed:
        record(actor=actor, verb="client.updated", target=client, **changed)
        mark_clients_dirty([client.pk])
    return client


def _change_custom(client: Client, custom: dict) -> dict:
    """Values of fields that were put away stay as they are."""
    cleaned = clean_custom(custom)
    changed = {
        f"custom:{key}": [client.custom.get(key), value]
        for key, value in cleaned.items()
        if client.custom.get(key) != value
    }
    if changed:
        kept = client.custom | cleaned
        client.custom = {key: value for key, value in kept.items() if value is not None}
        client.save(update_fields=["custom"])
    return changed


def refuse_gone(client: Client) -> None:
    """A client that was merged into another or erased takes no changes any more."""
    if client.merged_into_id:
        raise ValidationError(
            _("The client was merged into another one. Undo the merge to change it.")
        )
    if client.erased_at:
        raise ValidationError(_("The personal data of this client was erased."))


# Put away ----------------------------------------------------------------------------------------


@transaction.atomic
def archive_client(*, client: Client, actor: User) -> AuditEvent | None:
    """Put a client away: it leaves lists, rules and its listed groups; nothing is deleted.

    None when it is put away already. The audit row is what a restore takes back.
    """
    lock_groups_of([client.pk])
    client = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
    if client.archived_at:
        return None
    return archive_locked([client], actor)[0]


def archive_locked(clients: list[Client], actor: User) -> list[AuditEvent]:
    """Archive locked, active clients in three statements and an audit row each."""
    keys = [client.pk for client in clients]
    Client.objects.filter(pk__in=keys).update(archived_at=timezone.now())
    ended = end_listed(keys)
    mark_clients_dirty(keys)
    return [
        record(
            actor=actor,
            verb="client.archived",
            target=client,
            memberships=[ended.get(client.pk, []), None],
        )
        for client in clients
    ]


def end_listed(clients: list[int]) -> dict[int, list[int]]:
    """End today what clients have open in listed groups: client -> memberships."""
    today = today_here()
    listed = Membership.objects.current().filter(
        client__in=clients, client_group__kind=ClientGroup.Kind.STATIC
    )
    ended: dict[int, list[int]] = {}
    rows = list(listed.select_for_update(of=("self",)).order_by("pk"))
    for row in rows:
        ended.setdefault(row.client_id, []).append(row.pk)
        row.valid_to, row.ended_because = max(row.valid_from, today), ARCHIVED
    Membership.objects.bulk_update(rows, ["valid_to", "ended_because"], batch_size=500)
    recount_groups({row.client_group_id for row in rows})
    return ended


def lock_groups_of(clients: Iterable[int], more: Iterable[int] = ()) -> None:
    """Lock the groups of clients, and `more`, by ascending keys.

    Groups come before clients everywhere: who adds members holds the group and then asks for them.
    """
    named = Q(pk__in=Membership.objects.filter(client__in=clients).values("client_group"))
    rows = ClientGroup.objects.filter(named | Q(pk__in=list(more))).order_by("pk")
    list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))


@transaction.atomic
def restore_client(*, client: Client, actor: User) -> bool:
    """Take a client back that was put away, and into the groups it left by that; False: it is here.

    A group that has taken the client in again since, or is put away, is left alone. The days it
    was away stay days without it: only on the day it left the old membership goes on.
    """
    lock_groups_of([client.pk])
    client = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
    refuse_gone(client)
    if not client.archived_at:
        return False
    client.archived_at = None
    client.save(update_fields=["archived_at"])
    rows = Membership.objects.filter(
        client=client,
        ended_because=ARCHIVED,
        client_group__kind=ClientGroup.Kind.STATIC,
        client_group__archived_at=None,
    )
    groups = set()
    for row in rows.select_for_update(of=("self",)).order_by("client_group", "-valid_from", "-pk"):
        newest = Membership.objects.filter(client=client, client_group=row.client_group_id)
        if newest.order_by("-valid_from", "-pk").first() == row:
            _open_again(row)
            groups.add(row.client_group_id)
    recount_groups(groups)
    mark_clients_dirty([client.pk])
    record(actor=actor, verb="client.restored", target=client, groups=[None, sorted(groups)])
    return True


def _open_again(row: Membership) -> None:
    today = today_here()
    if row.valid_to < today:
        Membership.objects.create(
            client_group_id=row.client_group_id, client_id=row.client_id, valid_from=today
        )
        return
    row.valid_to, row.ended_because = None, ""
    row.save(update_fields=["valid_to", "ended_because"])


def recount_groups(groups: Iterable[int]) -> None:
    """Bring the number of members of groups in line with their rows."""
    for group in ClientGroup.objects.filter(pk__in=groups).select_for_update().order_by("pk"):
        group.member_count = group.memberships.current().count()
        group.save(update_fields=["member_count"])


# Contacts ----------------------------------------------------------------------------------------


@once
@transaction.atomic
def create_contact(
    *, client: Client, actor: User, consent_source: str = "", **fields: object
) -> Contact:
    """Add a person at a client; one e-mail address stands there once.

    What the person agrees to is kept with how we know it.
    """
    refuse_gone(Client.objects.select_for_update(of=("self",)).get(pk=client.pk))
    contact = Contact(client=client, **_tidied(fields))
    contact.full_clean()
    contact.save()
    agreed = [channel for name, channel in CONSENTS.items() if getattr(contact, name)]
    _keep_consents(contact, dict.fromkeys(agreed, True), actor, consent_source)
    record(actor=actor, verb="contact.created", target=contact, name=["", contact.name])
    mark_clients_dirty([contact.client_id])
    return contact


@transaction.atomic
def update_contact(
    *, contact: Contact, actor: User, consent_source: str = "", **changes: object
) -> Contact:
    """Change a contact; saving the same again changes nothing. Consents keep their history."""
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    refuse_gone(Client.objects.get(pk=contact.client_id))
    changed = _change(contact, _tidied(changes), CONTACT_FIELDS)
    if changed:
        given = {CONSENTS[name]: pair[1] for name, pair in changed.items() if name in CONSENTS}
        _keep_consents(contact, given, actor, consent_source)
        record(actor=actor, verb="contact.updated", target=contact, **changed)
        mark_clients_dirty([contact.client_id])
    return contact


@transaction.atomic
def change_consent(
    *, contact: Contact, channel: str, granted: bool, source: str, actor: User | None = None
) -> bool:
    """Keep what a contact said about one channel; False when it stands so already.

    For pages where contacts answer for themselves (no actor) and for imports.
    """
    name = f"{Channel(channel)}_consent"
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if getattr(contact, name) == granted:
        return False
    setattr(contact, name, granted)
    contact.save(update_fields=[name])
    _keep_consents(contact, {Channel(channel): granted}, actor, source)
    record(
        actor=actor,
        verb="contact.consent_changed",
        target=contact,
        **{name: [not granted, granted]},
    )
    mark_clients_dirty([contact.client_id])
    return True


def _keep_consents(contact: Contact, given: dict, actor: User | None, source: str) -> None:
    ConsentChange.objects.bulk_create(
        ConsentChange(
            contact=contact,
            channel=channel,
            granted=granted,
            source=source.strip()[:200],
            actor=actor,
        )
        for channel, granted in given.items()
    )
