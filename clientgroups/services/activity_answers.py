"""What invited people answer, the seats they take, and who came."""

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Activity, ActivityInvitation, ConsentChange, Contact
from clientgroups.services.activity_mails import SEAT, queue_activity_mails
from clientgroups.services.marks import mark_clients_dirty

Answer = ActivityInvitation.Answer


class AnswersClosed(ValidationError):
    """It has begun, is over, or does not take place."""


def locked_activity(pk: int) -> Activity:
    """The activity under a lock that everything about its seats takes first."""
    rows = Activity.objects.select_for_update(of=("self",))
    return rows.select_related("owner", "client_group").get(pk=pk)


@transaction.atomic
def answer_invitation(
    *, invitation: ActivityInvitation, accept: bool, actor: User | None = None
) -> ActivityInvitation:
    """Keep a person's answer, or what they told a colleague; it may change until the beginning.

    Without a free seat an acceptance waits; a seat that is given back goes to who waits longest.
    """
    activity = locked_activity(invitation.activity_id)
    now = timezone.now()
    if activity.status != Activity.Status.INVITED or activity.has_begun(now):
        raise AnswersClosed(_("Answers are closed."))
    found = activity.invitations.select_for_update(of=("self",)).select_related("contact", "client")
    row = found.get(pk=invitation.pk)
    row.activity = activity
    wanted = _seat_for(activity, row) if accept else Answer.DECLINED
    if row.answer == wanted:
        return row
    before, row.answer, row.answered_at = row.answer, wanted, now
    # Who was told by somebody else has been asked as well.
    row.sent_at = row.sent_at or now
    row.save(update_fields=["answer", "answered_at", "sent_at"])
    record(actor=actor, verb="invitation.answered", target=row, answer=[before, row.answer])
    if before == Answer.ACCEPTED:
        give_free_seats(activity)
    return row


def _seat_for(activity, row):
    if row.answer in (Answer.ACCEPTED, Answer.WAITING):
        return row.answer
    return Answer.ACCEPTED if free_seats(activity) != 0 else Answer.WAITING


def free_seats(activity: Activity) -> int | None:
    """Seats that nobody took yet; None when there is no limit."""
    if activity.seats is None:
        return None
    taken = activity.invitations.filter(answer=Answer.ACCEPTED).count()
    return max(0, activity.seats - taken)


def give_free_seats(activity: Activity) -> int:
    """Seat who waits, the longest first, and tell them; the caller holds the activity's lock.

    Nobody of a client that was put away is seated. Whom no mail reaches the owner has to tell.
    """
    free = free_seats(activity)
    if activity.status != Activity.Status.INVITED or free == 0:
        return 0
    waiting = activity.invitations.filter(answer=Answer.WAITING, client__archived_at=None)
    waiting = waiting.select_related("contact", "client").order_by("answered_at", "pk")
    lucky = list(waiting[:free])
    if not lucky:
        return 0
    activity.invitations.filter(pk__in=[row.pk for row in lucky]).update(answer=Answer.ACCEPTED)
    queue_activity_mails(SEAT, activity, lucky)
    record(actor=None, verb="activity.seats_given", target=activity, seats=[0, len(lucky)])
    return len(lucky)


@transaction.atomic
def take_back_consent(*, invitation: ActivityInvitation) -> bool:
    """The contact wants no more messages by this channel; saying so twice changes nothing."""
    channel = invitation.activity.channel
    contact = Contact.objects.select_for_update().get(pk=invitation.contact_id)
    name = f"{channel}_consent"
    if not getattr(contact, name):
        return False
    setattr(contact, name, False)
    contact.save(update_fields=[name])
    source = _("On the answer page of “%(name)s”") % {"name": invitation.activity.name}
    ConsentChange.objects.create(
        contact=contact, channel=channel, granted=False, source=source[:200]
    )
    record(actor=None, verb="contact.unsubscribed", target=contact, **{name: [True, False]})
    mark_clients_dirty([contact.client_id])
    return True


# By hand -----------------------------------------------------------------------------------------


def _rows(activity, pks):
    return activity.invitations.filter(pk__in=list(pks))


@transaction.atomic
def mark_asked(*, activity: Activity, actor: User, pks: Iterable[int], asked: bool = True) -> int:
    """Tick who was called, written to or sent a letter; who answered stays asked. How many."""
    activity = locked_activity(activity.pk)
    if activity.by_email:
        raise ValidationError(_("Who was asked by e-mail is known; nothing needs to be ticked."))
    rows = _rows(activity, pks).filter(sent_at__isnull=asked)
    if not asked:
        rows = rows.filter(answer=Answer.NONE)
    return _mark(rows, activity, actor, "asked", {"sent_at": timezone.now() if asked else None})


@transaction.atomic
def mark_attended(
    *, activity: Activity, actor: User, pks: Iterable[int] | None, attended: bool | None
) -> int:
    """Note who came, who did not, or that it is not known; without keys, for all who accepted."""
    activity = locked_activity(activity.pk)
    if activity.status not in (Activity.Status.INVITED, Activity.Status.DONE):
        raise ValidationError(_("Nobody was invited to this, so nobody can have come."))
    rows = activity.invitations.filter(answer=Answer.ACCEPTED)
    if pks is not None:
        rows = _rows(activity, pks)
    rows = rows.exclude(attended=attended) if attended is not None else rows.exclude(attended=None)
    return _mark(rows, activity, actor, "attended", {"attended": attended})


def _mark(
    rows: QuerySet, activity: Activity, actor: User, word: str, values: dict[str, object]
) -> int:
    number = rows.update(**values)
    if number:
        (value,) = values.values()
        said = value.isoformat() if isinstance(value, dt.datetime) else value
        record(actor=actor, verb=f"activity.{word}", target=activity, **{word: [number, said]})
    return number
