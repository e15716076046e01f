import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from accounts.once import once
from accounts.permissions import Role
from clientgroups.models import Client, ClientGroup, GroupAccess, Membership
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.rules import check_rule, may_change_rule
from clientgroups.services.marks import mark_clients_dirty, mark_dynamic_groups_stale
from clientgroups.services.refresh import mark_dependants_stale, refresh_group, refresh_soon
from core import formats

__all__ = ["mark_clients_dirty", "mark_dynamic_groups_stale", "refresh_group"]


@once
@transaction.atomic
def create_group(
    *,
    actor: User,
    name: str,
    description: str = "",
    kind: str,
    rule: dict | None = None,
) -> ClientGroup:
    """Create a group that its creator owns and leads; a rule is worked out at once."""
    dynamic = kind == ClientGroup.Kind.DYNAMIC
    group = ClientGroup(
        name=name.strip(),
        description=description.strip(),
        kind=kind,
        rule=check_rule(rule, actor=actor) if dynamic else None,
        owner=actor,
    )
    group.full_clean()
    group.save()
    GroupAccess.objects.create(client_group=group, user=actor, role=Role.LEAD)
    record(actor=actor, verb="group.created", target=group, name=["", group.name])
    refresh_soon(group)
    return group


def owners_rule_sentence(group: ClientGroup) -> str:
    """Why another lead does not change the rule."""
    return _(
        "Only the owner of this group, %(owner)s, changes its rule, because it chooses among"
        " their clients."
    ) % {"owner": group.owner}


@transaction.atomic
def update_group(*, group: ClientGroup, actor: User, **changes: object) -> ClientGroup:
    """Change name, description or rule; a changed rule is worked out at once.

    A rule is worked out over the clients of the group's owner, whoever changes it, and its members
    are open to all who lead the group. So only the owner, or somebody who sees every client,
    changes it; another lead would help themselves to clients they never saw. Name and description
    are for every lead. Saving what stands there already changes nothing.
    """
    group = (
        ClientGroup.objects.select_for_update(of=("self",)).select_related("owner").get(pk=group.pk)
    )
    unknown = set(changes) - {"name", "description", "rule"}
    if unknown:
        raise TypeError(f"A group has no {sorted(unknown)} to change")
    if "rule" in changes:
        if group.kind != ClientGroup.Kind.DYNAMIC:
            raise ValidationError({"rule": _("A listed group has no rule.")})
        if changes["rule"] != group.rule and not may_change_rule(actor, group):
            raise ValidationError(owners_rule_sentence(group))
        changes["rule"] = check_rule(changes["rule"], actor=group.owner, group=group, reader=actor)
    changed = {
        name: [getattr(group, name), value]
        for name, value in changes.items()
        if getattr(group, name) != value
    }
    if not changed:
        return group
    for name, (_before, after) in changed.items():
        setattr(group, name, after)
    group.full_clean()
    group.save(update_fields=list(changed))
    record(actor=actor, verb="group.updated", target=group, **changed)
    if "rule" in changed:
        refresh_soon(group)
    return group


@transaction.atomic
def archive_group(*, group: ClientGroup, actor: User, archived: bool = True) -> ClientGroup:
    """Put a group away, or take it back; nothing is deleted and no member leaves."""
    group = ClientGroup.objects.select_for_update().get(pk=group.pk)
    if bool(group.archived_at) == archived:
        return group
    group.archived_at = timezone.now() if archived else None
    group.stale_at = None if archived else timezone.now()
    group.save(update_fields=["archived_at", "stale_at"])
    verb = "group.archived" if archived else "group.restored"
    record(actor=actor, verb=verb, target=group, archived=[not archived, archived])
    mark_dependants_stale(group)
    return group


# Members -----------------------------------------------------------------------------------------


def _only_listed(group: ClientGroup) -> None:
    if group.kind != ClientGroup.Kind.STATIC:
        raise ValidationError(
            _("The members of this group follow its rule. Change the rule instead.")
        )


@transaction.atomic
def add_clients(
    *,
    group: ClientGroup,
    clients: Iterable[Client],
    actor: User,
    because: str = "",
    since: dt.date | None = None,
) -> int:
    """Put clients that the person may change into a listed group; return how many were not in it.

    Who leads a group works for its clients, so somebody who only views a client adds it nowhere.
    They join today, or on a past day that is named; a day in an earlier membership is refused. Who
    was put away or merged joins nothing.
    """
    group = ClientGroup.objects.select_for_update().get(pk=group.pk)
    _only_listed(group)
    today = today_here()
    if since and since > max(today, timezone.localdate()):
        raise ValidationError({"since": _("Nobody joins in the future. Choose a day up to today.")})
    # Where the reader's day has begun before the installation's, they join on the latter.
    since = since and min(since, today)
    wanted = Client.objects.editable_by(actor).filter(
        pk__in=[client.pk for client in clients], archived_at=None
    )
    inside = group.memberships.current().values("client")
    added = []
    for client in wanted.exclude(pk__in=inside).order_by("pk"):
        ended = group.memberships.filter(client=client).order_by(F("valid_to").desc()).first()
        begins = max(since or today, ended.valid_to) if ended else since or today
        if since and begins > since:
            raise ValidationError({"since": overlap_sentence(client, begins)})
        added.append(
            Membership(
                client_group=group, client=client, valid_from=begins, began_because=because.strip()
            )
        )
    Membership.objects.bulk_create(added)
    if added:
        _recount(group, [row.client_id for row in added])
        names = [row.client.name for row in added[:20]]
        record(actor=actor, verb="group.clients_added", target=group, clients=[None, names])
    return len(added)


def overlap_sentence(client: Client, until: dt.date) -> str:
    return _(
        "%(client)s was in the group until %(day)s already. Choose that day or a later one."
    ) % {"client": client, "day": formats.day(until)}


@transaction.atomic
def remove_client(
    *, group: ClientGroup, client: Client, actor: User, because: str = ""
) -> Membership | None:
    """End a client's membership in a listed group today; None when it is no member.

    The row stays with its dates, so that past scores keep counting the client.
    """
    group = ClientGroup.objects.select_for_update().get(pk=group.pk)
    _only_listed(group)
    row = group.memberships.current().select_related("client").filter(client=client).first()
    if row is None:
        return None
    row.valid_to = max(row.valid_from, today_here())
    row.ended_because = because.strip()
    row.full_clean()
    row.save(update_fields=["valid_to", "ended_because"])
    _recount(group, [row.client_id])
    record(
        actor=actor,
        verb="group.client_removed",
        target=group,
        client=[row.client.name, None],
        client_id=[row.client_id, None],
    )
    return row


@transaction.atomic
def reopen_membership(*, membership: Membership, actor: User) -> Membership:
    """Take back an ended membership as if the client had never left; twice changes nothing.

    For whoever may change the client, as with joining. Who took the client out today may take that
    back too: the membership may have been all that let them change it. Older ends, and those that
    others made, would help a lead to clients that were given away since.
    """
    group = ClientGroup.objects.select_for_update().get(pk=membership.client_group_id)
    _only_listed(group)
    row = group.memberships.select_related("client").get(pk=membership.pk)
    if row.valid_to is None:
        return row
    editable = Client.objects.editable_by(actor).filter(pk=row.client_id)
    if not editable.exists() and not _took_out_today(group, row, actor):
        raise ValidationError(
            _("You may not change %(client)s, so somebody who may has to put them back.")
            % {"client": row.client}
        )
    row.valid_to, row.ended_because = None, ""
    row.full_clean()
    row.save(update_fields=["valid_to", "ended_because"])
    _recount(group, [row.client_id])
    record(actor=actor, verb="group.client_restored", target=group, client=[None, row.client.name])
    return row


def _took_out_today(group: ClientGroup, row: Membership, actor: User) -> bool:
    """Whether the person was the last to take this client out of the group, and did so today."""
    ends = AuditEvent.objects.filter(
        verb="group.client_removed",
        target_type=ClientGroup._meta.label_lower,
        target_id=str(group.pk),
        changes__client_id=[row.client_id, None],
    )
    last, today = ends.first(), today_here()
    return (
        last is not None
        and last.actor_id == actor.pk
        and timezone.localdate(last.at, timezone.get_default_timezone()) == today <= row.valid_to
    )


def _recount(group: ClientGroup, moved: list[int]) -> None:
    """Count the members; rules that ask for this group follow for those who moved."""
    group.member_count = group.memberships.current().count()
    group.refreshed_at = timezone.now()
    group.save(update_fields=["member_count", "refreshed_at"])
    mark_clients_dirty(moved)
