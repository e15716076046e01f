"""Taking one client into another, and taking them apart again exactly as they were.

Nothing is deleted: rows of every table that points at the client change hands, and a journal says
which. A row that the kept client has already (the same tag, the same wave, the same purchase) stays
behind with the client that is put away.
"""

import uuid
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client, ClientMerge
from clientgroups.selectors import personal
from clientgroups.selectors.dates import today_here
from clientgroups.services import merge_rows
from clientgroups.services.clients import lock_groups_of, recount_groups
from clientgroups.services.database import be_patient
from clientgroups.services.lifecycle import derive_lifecycle
from clientgroups.services.marks import mark_clients_dirty
from clientgroups.services.merge_journal import Journal, plain
from clientgroups.services.purchase_sql import FIGURES

# What a person chooses between; everything else of the kept client follows from its rows.
CHOICES = (
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
)


def stored(client: Client) -> dict:
    """Every stored column of a client as JSON, to be put back one day."""
    client.refresh_from_db()
    values = {}
    for field in client._meta.concrete_fields:
        if not field.generated and field.name not in ("id", "created_at"):
            value = getattr(client, field.attname)
            values[field.attname] = str(value) if isinstance(value, uuid.UUID) else plain(value)
    return values


def _locked(first: int, second: int, groups: Iterable[int] = ()) -> dict[int, Client]:
    """Groups, then both clients, locked by ascending keys, so that nobody waits in a circle."""
    lock_groups_of([first, second], groups)
    rows = Client.objects.filter(pk__in=[first, second]).select_for_update(of=("self",))
    found = {client.pk: client for client in rows.order_by("pk")}
    if len(found) < 2:
        raise ValidationError(_("Choose two different clients."))
    return found


def _check(kept: Client, gone: Client) -> None:
    for client in (kept, gone):
        if client.erased_at:
            raise ValidationError(_("The personal data of this client was erased."))
        if client.merged_into_id:
            raise ValidationError(
                _("“%(client)s” was merged into another client already.") % {"client": client}
            )
        if client.archived_at:
            raise ValidationError(
                _("“%(client)s” is put away. Take it back first.") % {"client": client}
            )


@transaction.atomic
def merge_clients(
    *,
    kept: Client,
    gone: Client,
    actor: User,
    take: Iterable[str] = (),
    custom: Iterable[str] = (),
) -> ClientMerge:
    """Take `gone` into `kept`: all of its rows move, and it is put away with a pointer.

    `take` names the fields, `custom` the custom fields, whose value comes from `gone`. Merging the
    same pair twice returns the first merge. Everything happens in one transaction.
    """
    be_patient()
    pair = _locked(kept.pk, gone.pk)
    kept, gone = pair[kept.pk], pair[gone.pk]
    if gone.merged_into_id == kept.pk:
        return ClientMerge.objects.get(gone=gone, undone_at=None)
    _check(kept, gone)
    before = {"kept": stored(kept), "gone": stored(gone)}
    personal.clients_changed([kept.pk, gone.pk])
    journal = Journal(kept.pk, gone.pk)
    merge_rows.move_everything(journal)
    _put_away(kept, gone)
    _choose(kept, gone, before["gone"], set(take), set(custom))
    _derive(kept, gone, actor, journal)
    personal.clients_changed([kept.pk, gone.pk])
    kept.refresh_from_db()
    merge = ClientMerge.objects.create(
        kept=kept,
        gone=gone,
        actor=actor,
        moved=journal.as_json(),
        before=before | {"after": stored(kept)},
    )
    record(
        actor=actor,
        verb="client.merged",
        target=kept,
        gone=[gone.pk, None],
        name=[gone.name, kept.name],
        rows=[None, journal.size()],
    )
    mark_clients_dirty([kept.pk, gone.pk])
    return merge


def _put_away(kept: Client, gone: Client) -> None:
    """First the number: no two rows may hold it at any moment."""
    Client.objects.filter(pk=gone.pk).update(
        merged_into=kept.pk, archived_at=timezone.now(), external_id=None
    )


def _choose(kept: Client, gone: Client, theirs: dict, take: set, custom: set) -> None:
    unknown = take - set(CHOICES)
    if unknown:
        raise TypeError(f"Nothing to take called {sorted(unknown)}")
    changed = {}
    for name in CHOICES:
        attribute = "owner_id" if name == "owner" else name
        # What the kept client has not at all is no loss to take.
        if name in take or not getattr(kept, attribute) and theirs[attribute]:
            changed[attribute] = theirs[attribute]
    mine = dict(kept.custom)
    for key, value in gone.custom.items():
        if key in custom or mine.get(key) in (None, ""):
            mine[key] = value
    touched = [day for day in (kept.last_touch_on, gone.last_touch_on) if day]
    kept_row, gone_row = (Client.objects.filter(pk=pk) for pk in (kept.pk, gone.pk))
    # The number that is not kept stays with the client put away: imports find it there.
    left = theirs["external_id"]
    if "external_id" in changed:
        left, number = kept.external_id, changed.pop("external_id")
        kept_row.update(external_id=number)
    gone_row.update(external_id=left)
    kept_row.update(custom=mine, last_touch_on=max(touched, default=None), **changed)


def _derive(kept: Client, gone: Client, actor: User, journal: Journal) -> None:
    """Figures and the stage of the kept client, from what is its own now."""
    recount_groups(journal.groups)
    _count_purchases([kept.pk, gone.pk])
    kept.refresh_from_db()
    if kept.stage_follows_today and not kept.stage_fixed_until and kept.purchase_count:
        last = kept.lifecycle_changes.order_by("-pk").values_list("pk", flat=True).first() or 0
        derive_lifecycle(as_of=today_here(), actor=actor, clients=[kept.pk])
        made = kept.lifecycle_changes.filter(pk__gt=last).values_list("pk", flat=True)
        journal.made("clientgroups.LifecycleChange", made)


def _count_purchases(pks: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS merge_pair")
        cursor.execute(
            "CREATE TEMP TABLE merge_pair ON COMMIT DROP AS SELECT unnest(%s::bigint[]) AS id",
            [pks],
        )
        cursor.execute(FIGURES.format(touched="merge_pair"))
        cursor.execute("DROP TABLE merge_pair")


# Taking apart ------------------------------------------------------------------------------------


@transaction.atomic
def undo_merge(*, merge: ClientMerge, actor: User) -> Client:
    """Give every moved row back and both clients their former values; return the client undone.

    What was added or changed since stays with the kept client. Undoing twice changes nothing.
    Refused while the kept client is itself merged, or after an erasure.
    """
    be_patient()
    pair = _locked(merge.kept_id, merge.gone_id, merge.moved.get("groups", []))
    merge = ClientMerge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
    kept, gone = pair[merge.kept_id], pair[merge.gone_id]
    if merge.undone_at:
        return gone
    if kept.erased_at or gone.erased_at:
        raise ValidationError(_("The personal data of this client was erased."))
    if kept.merged_into_id:
        raise ValidationError(
            _("“%(client)s” was merged into another client since. Undo that merge first.")
            % {"client": kept}
        )
    personal.clients_changed([kept.pk, gone.pk])
    journal = Journal.read(kept.pk, gone.pk, merge.moved)
    try:
        with transaction.atomic():
            lost = journal.take_back()
            _put_back(kept, gone, merge.before, lost)
    except IntegrityError:
        raise ValidationError(
            _("What was changed since the merge does not let it be undone: two rows would clash.")
        ) from None
    recount_groups(journal.groups)
    merge.undone_at = timezone.now()
    merge.save(update_fields=["undone_at"])
    personal.clients_changed([kept.pk, gone.pk])
    record(
        actor=actor, verb="client.merge_undone", target=kept, gone=[None, gone.pk],
        name=[kept.name, gone.name],
    )  # fmt: skip
    mark_clients_dirty([kept.pk, gone.pk])
    gone.refresh_from_db()
    return gone


FIGURE_FIELDS = {"purchase_count", "first_purchase_on", "last_purchase_on"}


def _put_back(kept: Client, gone: Client, before: dict, lost: int) -> None:
    """Values that nobody has changed since the merge; purchases are counted anew if they moved."""
    now = stored(kept)
    unchanged = {name for name, value in before["after"].items() if now[name] == value}
    mine = {name: before["kept"][name] for name in unchanged}
    mine.setdefault("external_id", now["external_id"])
    Client.objects.filter(pk__in=[kept.pk, gone.pk]).update(external_id=None)
    Client.objects.filter(pk=gone.pk).update(**before["gone"])
    Client.objects.filter(pk=kept.pk).update(**mine)
    if lost or not unchanged >= FIGURE_FIELDS:
        _count_purchases([kept.pk, gone.pk])
