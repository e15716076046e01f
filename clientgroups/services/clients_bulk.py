"""What is done to many clients at once, and taken back at once."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import record
from accounts.models import AuditEvent, User
from clientgroups.models import Client, ClientGroup, Membership, Tag
from clientgroups.services.clients import (
    archive_locked,
    lock_groups_of,
    recount_groups,
    restore_client,
)
from clientgroups.services.groups import add_clients
from clientgroups.services.marks import mark_clients_dirty
from clientgroups.services.tags import clean_names, tags_named

MOST = 500
NAMED = 5
TAGGED, GROUPED, ARCHIVED = "clients.tagged", "clients.grouped", "clients.archived"


class Chosen:
    """What the audit trail calls clients that were chosen together."""

    _meta = Client._meta
    pk = ""

    def __init__(self, number: int):
        self.number = number

    def __str__(self):
        return f"{self.number} clients"


def _locked(actor: User, keys: Iterable[int]) -> list[Client]:
    """The chosen clients, locked in order; all of them, or a refusal that names those not allowed.

    Each client is judged alone: one that the person may not change stops the whole action.
    """
    wanted = set(keys)
    if not wanted:
        raise ValidationError(_("Tick at least one client."))
    if len(wanted) > MOST:
        raise ValidationError(_("Choose at most %(n)s clients at once.") % {"n": MOST})
    seen = Client.objects.visible_to(actor).active().filter(pk__in=wanted)
    allowed = set(Client.objects.editable_by(actor).filter(pk__in=wanted).values_list("pk"))
    allowed = {pk for (pk,) in allowed}
    refused = [client.name for client in seen.order_by("name") if client.pk not in allowed]
    if refused:
        text = ngettext(
            "You may not change %(n)s of the chosen clients: %(names)s. Nothing was changed.",
            "You may not change %(n)s of the chosen clients: %(names)s. Nothing was changed.",
            len(refused),
        )
        names = ", ".join(refused[:NAMED]) + (" …" if len(refused) > NAMED else "")
        raise ValidationError(text % {"n": len(refused), "names": names})
    rows = Client.objects.active().filter(pk__in=allowed).select_for_update(of=("self",))
    found = list(rows.order_by("pk"))
    if len(found) < len(wanted):
        raise ValidationError(
            _("Some of the chosen clients are no longer there. Nothing was changed.")
        )
    return found


@transaction.atomic
def tag_clients(*, actor: User, clients: Iterable[int], name: str) -> AuditEvent | None:
    """Put a tag on clients; None when all had it. The audit row is what an undo takes back."""
    rows = _locked(actor, clients)
    names = clean_names([name])
    if not names:
        raise ValidationError(_("Write the name of a tag."))
    (tag,) = tags_named(names)
    link = Client.tags.through
    keys = [client.pk for client in rows]
    had = set(link.objects.filter(tag=tag, client__in=keys).values_list("client", flat=True))
    new = [pk for pk in keys if pk not in had]
    link.objects.bulk_create((link(client_id=pk, tag=tag) for pk in new), ignore_conflicts=True)
    return _recorded(actor, TAGGED, new, tag=[None, tag.pk], name=[None, tag.name])


@transaction.atomic
def group_clients(
    *, actor: User, clients: Iterable[int], group: ClientGroup | None
) -> AuditEvent | None:
    """Put clients into a listed group that the person leads; None when all were in it."""
    if group is None:
        raise ValidationError(_("Choose a client group."))
    lock_groups_of([], [group.pk])
    rows = _locked(actor, clients)
    inside = set(group.memberships.current().values_list("pk", flat=True))
    add_clients(group=group, clients=rows, actor=actor)
    added = group.memberships.current().exclude(pk__in=inside).filter(client__in=rows)
    new = list(added.order_by("pk").values_list("pk", "client"))
    return _recorded(
        actor,
        GROUPED,
        [client for _pk, client in new],
        group=[None, group.pk],
        memberships=[None, [pk for pk, _client in new]],
    )


@transaction.atomic
def archive_clients(*, actor: User, clients: Iterable[int]) -> AuditEvent | None:
    """Put clients away together."""
    clients = list(clients)
    lock_groups_of(clients)
    rows = _locked(actor, clients)
    archive_locked(rows, actor)
    return _recorded(actor, ARCHIVED, [client.pk for client in rows])


def _recorded(actor: User, verb: str, keys: list[int], **changes: list) -> AuditEvent | None:
    if not keys:
        return None
    mark_clients_dirty(keys)
    return record(actor=actor, verb=verb, target=Chosen(len(keys)), clients=[None, keys], **changes)


@transaction.atomic
def undo_bulk(*, actor: User, event: AuditEvent) -> int:
    """Take back what was done to many clients; how many changed. Twice changes nothing more.

    A client that the person may no longer change is left as it is.
    """
    keys = event.changes["clients"][1]
    lock_groups_of(keys)
    rows = Client.objects.editable_by(actor).filter(pk__in=keys, merged_into=None, erased_at=None)
    allowed = list(rows.select_for_update(of=("self",)).order_by("pk"))
    undone = UNDO[event.verb](event, allowed, actor)
    if undone:
        pks = [client.pk for client in allowed]
        mark_clients_dirty(pks)
        record(actor=actor, verb=f"{event.verb}_undone", target=Chosen(undone), clients=[pks, None])
    return undone


def _untag(event: AuditEvent, clients: list[Client], actor: User) -> int:  # noqa: ARG001
    tag = Tag.objects.filter(pk=event.changes["tag"][1])
    link = Client.tags.through.objects.filter(tag__in=tag, client__in=clients)
    return link.delete()[0]


def _ungroup(event: AuditEvent, clients: list[Client], actor: User) -> int:  # noqa: ARG001
    rows = Membership.objects.current().filter(
        pk__in=event.changes["memberships"][1], client__in=clients
    )
    deleted = rows.delete()[0]
    recount_groups([event.changes["group"][1]])
    return deleted


def _unarchive(event: AuditEvent, clients: list[Client], actor: User) -> int:  # noqa: ARG001
    return sum(restore_client(client=client, actor=actor) for client in clients)


UNDO = {TAGGED: _untag, GROUPED: _ungroup, ARCHIVED: _unarchive}
