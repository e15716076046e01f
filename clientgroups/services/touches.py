"""Touches: log, change, delete and take back; each keeps the client's figures true at once."""

import datetime as dt
import uuid

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from clientgroups.models import Client, Contact, Interaction
from clientgroups.services.health import rescore
from clientgroups.services.topics import TOPICS

# A clock that runs ahead by so much is forgiven; more is a slip of the date.
AHEAD = dt.timedelta(minutes=10)
# How long a deleted touch can be taken back before it is removed for good.
KEPT_DAYS = 7
EDITABLE = (
    "kind", "summary", "happened_at", "direction", "contact", "text",
    "follow_up_on", "follow_up_by", "follow_up_note",
)  # fmt: skip


@transaction.atomic
def log_touch(
    *,
    actor: User,
    client: Client,
    kind: str,
    summary: str,
    happened_at: dt.datetime | None = None,
    direction: str = Interaction.Direction.OUT,
    contact: Contact | None = None,
    text: str = "",
    follow_up_on: dt.date | None = None,
    follow_up_by: User | None = None,
    follow_up_note: str = "",
    submission_key: uuid.UUID | None = None,
    about: dict | None = None,
) -> Interaction:
    """Write down a touch; the same submission key twice gives the first row back.

    `about` names further things it was about, by the key of a topic (see services.topics).
    """
    # Whoever sends the same form at the same moment waits here, and finds the first row.
    Client.objects.select_for_update().get(pk=client.pk)
    key = submission_key or uuid.uuid4()
    before = Interaction.objects.filter(submission_key=key, client=client).first()
    if before is not None:
        return before
    touch = Interaction(
        client=client,
        kind=kind,
        summary=summary.strip(),
        happened_at=happened_at or timezone.now(),
        direction=direction,
        contact=contact,
        text=text.strip(),
        by=actor,
        follow_up_on=follow_up_on,
        follow_up_by=(follow_up_by or actor) if follow_up_on else None,
        follow_up_note=follow_up_note.strip() if follow_up_on else "",
        submission_key=key,
    )
    _check(touch)
    touch.save()
    _link(touch, about or {}, actor)
    record(actor=actor, verb="touch.logged", target=touch, kind=["", kind])
    rescore(clients=[client.pk])
    return touch


def _check(touch: Interaction) -> None:
    """Refuse what cannot have happened, and people of other clients."""
    if touch.happened_at > timezone.now() + AHEAD:
        raise ValidationError(
            {"happened_at": _("This lies in the future. Write it down when it has happened.")}
        )
    if touch.contact is not None and touch.contact.client_id != touch.client_id:
        raise ValidationError({"contact": _("Choose a contact of this client.")})
    touch.full_clean(exclude=["client", "by"])


def _link(touch: Interaction, about: dict, actor: User) -> None:
    for key, row in about.items():
        TOPICS[key].link(interaction=touch, row=row, actor=actor)


def may_change(touch: Interaction, actor: User) -> bool:
    """Its author, and who leads a group of the client."""
    return touch.by_id == actor.pk or actor.has_perm("clientgroups.edit_client", touch)


def _guard(touch: Interaction, actor: User) -> None:
    if not may_change(touch, actor):
        raise PermissionDenied


def _locked(touch: Interaction) -> Interaction:
    rows = Interaction.objects.select_for_update(of=("self",))
    return rows.select_related("client", "by").get(pk=touch.pk)


def _shown(value: object) -> object:
    if isinstance(value, dt.date):  # also an instant
        return value.isoformat()
    return value if isinstance(value, str | int | bool | None) else str(value)


@transaction.atomic
def change_touch(
    *, touch: Interaction, actor: User, about: dict | None = None, **changes: object
) -> Interaction:
    """Correct a touch. For its author and leads; saving the same again changes nothing."""
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise TypeError(f"A touch has no {sorted(unknown)} to change")
    touch = _locked(touch)
    _guard(touch, actor)
    if not changes.get("follow_up_on", touch.follow_up_on):
        changes |= {"follow_up_by": None, "follow_up_note": ""}
    elif not changes.get("follow_up_by", touch.follow_up_by):
        changes["follow_up_by"] = actor
    changed = {
        name: [getattr(touch, name), value]
        for name, value in changes.items()
        if getattr(touch, name) != value
    }
    for name, (_before, after) in changed.items():
        setattr(touch, name, after)
    _link(touch, about or {}, actor)
    if not changed:
        return touch
    if "follow_up_on" in changed:
        touch.followed_up_at = None
    _check(touch)
    touch.save(update_fields=[*changed, "followed_up_at"])
    # What was said is not copied into the trail; that it was changed is.
    said = {name: pair for name, pair in changed.items() if name != "text"}
    shown = {name: [_shown(old), _shown(new)] for name, (old, new) in said.items()}
    record(actor=actor, verb="touch.changed", target=touch, **shown)
    rescore(clients=[touch.client_id])
    return touch


@transaction.atomic
def delete_touch(*, touch: Interaction, actor: User) -> AuditEvent | None:
    """Delete a touch; the event is what `undo` takes back. None when it is deleted already."""
    touch = _locked(touch)
    _guard(touch, actor)
    if touch.deleted_at:
        return None
    touch.deleted_at = timezone.now()
    touch.save(update_fields=["deleted_at"])
    event = record(actor=actor, verb="touch.deleted", target=touch, deleted=[False, True])
    rescore(clients=[touch.client_id])
    return event


@transaction.atomic
def restore_touch(*, touch: Interaction, actor: User) -> Interaction:
    """Take a deletion back; twice changes nothing."""
    touch = _locked(touch)
    _guard(touch, actor)
    if touch.deleted_at is None:
        return touch
    touch.deleted_at = None
    touch.save(update_fields=["deleted_at"])
    record(actor=actor, verb="touch.restored", target=touch, deleted=[True, False])
    rescore(clients=[touch.client_id])
    return touch


@transaction.atomic
def purge_deleted_touches(*, now: dt.datetime | None = None) -> int:
    """Remove for good what was deleted a week ago; for the nightly job.

    The trail keeps who did what and when: nobody could find its words again to erase them.
    """
    before = (now or timezone.now()) - dt.timedelta(days=KEPT_DAYS)
    rows = Interaction.objects.filter(deleted_at__lt=before)
    keys = list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
    trail = AuditEvent.objects.filter(
        target_type=Interaction._meta.label_lower, target_id__in=map(str, keys)
    )
    trail.update(target_label=Concat(Value("#"), "target_id"), changes={})
    rows = Interaction.objects.filter(pk__in=keys)
    return rows.delete()[1].get(Interaction._meta.label, 0)
