"""Planning an activity, asking its audience, and calling it off."""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Activity, ActivityInvitation, ClientGroup
from clientgroups.selectors.activities import groups_to_plan_for
from clientgroups.selectors.audiences import people_sql
from clientgroups.services.activity_answers import give_free_seats, locked_activity
from clientgroups.services.activity_mails import (
    CANCELLED,
    CHANGED,
    INVITATION,
    REMINDER,
    may_be_mailed,
    queue_activity_mails,
)

# Mails of one transaction. Fewer than this leave with the click, the rest with the sweep.
BATCH = 500
FIELDS = (
    "kind",
    "name",
    "text",
    "text_zh",
    "place",
    "channel",
    "starts_at",
    "ends_at",
    "seats",
    "owner",
)
TOLD = ("starts_at", "ends_at", "place")
# Two random UUIDs are 244 random bits in 64 signs: the token opens the page without an account.
INVITE = """
INSERT INTO clientgroups_activityinvitation (activity_id, client_id, contact_id, token, answer)
SELECT %(activity)s, client_id, id,
       replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'none'
  FROM people WHERE why = '' ON CONFLICT (activity_id, contact_id) DO NOTHING
"""


@transaction.atomic
def create_activity(
    *,
    actor: User,
    client_group: ClientGroup,
    audience: Iterable[ClientGroup] = (),
    submission_key: uuid.UUID | None = None,
    **fields: object,
) -> Activity:
    """Plan an activity for a group. The same form sent twice returns the first one."""
    key = submission_key or uuid.uuid4()
    before = Activity.objects.filter(submission_key=key, client_group=client_group)
    if found := before.first():
        return found
    _only_known(fields)
    activity = Activity(
        client_group=client_group, submission_key=key, **({"owner": actor} | fields)
    )
    activity.full_clean(exclude=["submission_key"])
    try:
        with transaction.atomic():
            activity.save(force_insert=True)
    except IntegrityError:
        return before.get()
    activity.audience.set(_plannable(audience, actor, client_group))
    record(actor=actor, verb="activity.created", target=activity, name=["", activity.name])
    return activity


def _only_known(fields):
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"An activity has no {sorted(unknown)} to set")


def _plannable(audience, actor, home):
    """The further groups, each of which the person must be allowed to plan for."""
    wanted = {group.pk for group in audience} - {home.pk}
    found = list(groups_to_plan_for(actor).filter(pk__in=wanted))
    if len(found) < len(wanted):
        said = _("You may only ask the clients of groups that you may plan for.")
        raise ValidationError({"audience": said})
    return found


@transaction.atomic
def update_activity(
    *,
    activity: Activity,
    actor: User,
    audience: Iterable[ClientGroup] | None = None,
    **changes: object,
) -> Activity:
    """Change an activity that is not over; who accepted is told of another time or place.

    Groups that the person may not plan for stay in the audience. Repeating changes nothing.
    """
    _only_known(changes)
    locked = locked_activity(activity.pk)
    if not locked.is_open:
        raise ValidationError(_("This activity is over. Reopen it before you change it."))
    changed = {
        name: [getattr(locked, name), value]
        for name, value in changes.items()
        if getattr(locked, name) != value
    }
    _refuse_late(locked, changed)
    for name, (_before, value) in changed.items():
        setattr(locked, name, value)
    told = locked.status == Activity.Status.INVITED and any(name in changed for name in TOLD)
    locked.version += told
    locked.full_clean(exclude=["submission_key"])
    if changed:
        locked.save(update_fields=[*changed, "version"])
    if audience is not None and _set_audience(locked, actor, audience):
        changed["audience"] = [None, sorted(group.pk for group in locked.audience.all())]
    if changed:
        pairs = {name: [_plain(value) for value in pair] for name, pair in changed.items()}
        record(actor=actor, verb="activity.updated", target=locked, **pairs)
    if told:
        _tell(CHANGED, locked)
    if "seats" in changed:
        give_free_seats(locked)
    return locked


def _plain(value):
    return value if isinstance(value, str | int | list | None) else str(value)


def _refuse_late(activity, changed):
    """What cannot change any more once people were asked."""
    if activity.status != Activity.Status.INVITED:
        return
    for name in ("kind", "channel"):
        if name in changed:
            raise ValidationError({name: _("Invitations are out; this can no longer change.")})
    taken = activity.invitations.filter(answer=ActivityInvitation.Answer.ACCEPTED).count()
    seats = changed.get("seats", [None, None])[1]
    if seats is not None and seats < taken:
        said = ngettext(
            "%(n)d person has accepted already.", "%(n)d people have accepted already.", taken
        )
        raise ValidationError({"seats": said % {"n": taken}})


def _set_audience(activity, actor, audience):
    now = set(activity.audience.all())
    kept = set(activity.audience.exclude(pk__in=groups_to_plan_for(actor).values("pk")))
    wanted = set(_plannable(set(audience) - kept, actor, activity.client_group))
    if wanted | kept == now:
        return False
    activity.audience.set(wanted | kept)
    return True


@transaction.atomic
def delete_activity(*, activity: Activity, actor: User) -> None:
    """Throw a draft away; once somebody was asked it can only be cancelled."""
    locked = locked_activity(activity.pk)
    if locked.status != Activity.Status.DRAFT or locked.invitations.exists():
        raise ValidationError(_("People were asked already. Cancel the activity instead."))
    record(actor=actor, verb="activity.deleted", target=locked, name=[locked.name, ""])
    locked.delete()


# Asking ------------------------------------------------------------------------------------------


@transaction.atomic
def send_invitations(*, activity: Activity, actor: User, only_agreed: bool | None = None) -> int:
    """Invite everybody of the audience who may be asked and was not; how many are new.

    `only_agreed` leaves out whose agreement is not recorded; advertising does so by itself.
    One INSERT for any number of contacts. By e-mail the first mails are queued here and the others
    by `send_due_invitations`; by other channels the rows are a list that people work through.
    """
    locked = locked_activity(activity.pk)
    if not locked.is_open:
        raise ValidationError(_("This activity is over. Reopen it before you invite."))
    if locked.is_gathering and locked.starts_at is None:
        raise ValidationError(_("Say when it begins before you invite."))
    now = timezone.now()
    if locked.has_begun(now):
        raise ValidationError(_("It has begun already; nobody can be invited any more."))
    made = _invite(locked, only_agreed)
    first = locked.status == Activity.Status.DRAFT
    if not made and first:
        raise ValidationError(
            _("Nobody can be asked: no contact of these clients can be reached and agrees to it.")
        )
    if made:
        locked.status = Activity.Status.INVITED
        locked.save(update_fields=["status"])
        record(actor=actor, verb="activity.invited", target=locked, invited=[0, made])
    _send_batch(locked, now)
    return made


def _invite(activity, only_agreed):
    people, values = people_sql(activity, only_agreed)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {people} {INVITE}", values)
        return cursor.rowcount


def send_due_invitations(*, now: dt.datetime | None = None, most: int = 20_000) -> int:
    """Queue the mails of invitations that wait, in batches; return how many were queued.

    Each batch is claimed under SKIP LOCKED and written with its mails in one transaction: run
    twice, late or by two workers at once, every invitation is mailed once.
    """
    now = now or timezone.now()
    waiting = ActivityInvitation.objects.filter(sent_at=None)
    due = Activity.objects.filter(
        status=Activity.Status.INVITED, channel="email", pk__in=waiting.values("activity")
    )
    sent = 0
    for pk in due.order_by("pk").values_list("pk", flat=True):
        while sent < most and (count := _send_next(pk, now)):
            sent += count
    return sent


@transaction.atomic
def _send_next(pk, now):
    found = Activity.objects.select_for_update(of=("self",), skip_locked=True)
    activity = found.select_related("owner").filter(pk=pk, status=Activity.Status.INVITED).first()
    return _send_batch(activity, now) if activity else 0


def _send_batch(activity, now):
    """Mail the next invitations of an activity that is locked; 0 when none waits.

    Who objected since the invitations were made is taken off the list unasked.
    """
    if not activity.by_email or activity.has_begun(now):
        return 0
    rows = activity.invitations.filter(sent_at=None).select_related("contact", "client")
    batch = list(rows.select_for_update(of=("self",)).order_by("pk")[:BATCH])
    asked = [row for row in batch if may_be_mailed(row)]
    gone = [row.pk for row in batch if not may_be_mailed(row)]
    queue_activity_mails(INVITATION, activity, asked)
    activity.invitations.filter(pk__in=[row.pk for row in asked]).update(sent_at=now)
    activity.invitations.filter(pk__in=gone).delete()
    return len(batch)


@transaction.atomic
def remind_non_responders(*, activity: Activity, actor: User) -> int:
    """Mail those who were mailed and have not answered, once each; how many were reminded."""
    locked = locked_activity(activity.pk)
    now = timezone.now()
    if locked.status != Activity.Status.INVITED or locked.has_begun(now):
        raise ValidationError(_("Nobody can be reminded of this any more."))
    if not locked.by_email:
        raise ValidationError(_("Only e-mail can be sent from here; please ask them yourself."))
    silent = locked.invitations.filter(
        answer=ActivityInvitation.Answer.NONE, sent_at__isnull=False, reminded_at=None
    )
    reminded = 0
    while True:
        batch = list(silent.select_related("contact", "client").order_by("pk")[:BATCH])
        if not batch:
            break
        reminded += queue_activity_mails(REMINDER, locked, batch)
        locked.invitations.filter(pk__in=[row.pk for row in batch]).update(reminded_at=now)
    if reminded:
        record(actor=actor, verb="activity.reminded", target=locked, reminded=[0, reminded])
    return reminded


# The end -----------------------------------------------------------------------------------------


@transaction.atomic
def cancel_activity(*, activity: Activity, actor: User, reason: str = "") -> Activity:
    """Call an activity off and tell who accepted or waits for a seat; twice tells once."""
    locked = locked_activity(activity.pk)
    if locked.status == Activity.Status.CANCELLED:
        return locked
    if locked.status == Activity.Status.DONE:
        raise ValidationError(_("It is done already and cannot be cancelled."))
    before, locked.status = locked.status, Activity.Status.CANCELLED
    locked.cancelled_because = reason.strip()
    locked.version += 1
    locked.full_clean(exclude=["submission_key"])
    locked.save(update_fields=["status", "cancelled_because", "version"])
    record(actor=actor, verb="activity.cancelled", target=locked, status=[before, locked.status])
    _tell(CANCELLED, locked)
    return locked


def _tell(kind, activity):
    """Mail who accepted or waits; who cannot be mailed stands on the page to be told by hand."""
    answers = [ActivityInvitation.Answer.ACCEPTED, ActivityInvitation.Answer.WAITING]
    rows = activity.invitations.filter(answer__in=answers).select_related("contact", "client")
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        queue_activity_mails(kind, activity, batch)
        last = batch[-1].pk


@transaction.atomic
def close_activity(*, activity: Activity, actor: User, done: bool = True) -> Activity:
    """Say that an activity is done, or open it again; repeating changes nothing."""
    locked = locked_activity(activity.pk)
    if locked.status == Activity.Status.CANCELLED:
        raise ValidationError(_("It was cancelled; those who accepted have been told so."))
    if (locked.status == Activity.Status.DONE) == done:
        return locked
    before, status = locked.status, Activity.Status.DONE
    if not done:
        asked = Q(pk=locked.pk, invitations__isnull=False)
        invited = Activity.objects.filter(asked).exists()
        status = Activity.Status.INVITED if invited else Activity.Status.DRAFT
    locked.status = status
    locked.save(update_fields=["status"])
    verb = "activity.done" if done else "activity.reopened"
    record(actor=actor, verb=verb, target=locked, status=[before, locked.status])
    return locked
