"""Follow-ups: what was promised at a touch. Done, put off, taken back, and called to mind."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import groupby, islice

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from clientgroups.models import Interaction
from clientgroups.selectors.follow_ups import DUE, dedupe_key, to_remind
from core import formats
from notifications.services import OutgoingMail, in_language_of, queue_mails

PORTION = 500


def _locked(touch: Interaction) -> Interaction:
    return Interaction.objects.select_for_update(of=("self",)).get(pk=touch.pk)


@transaction.atomic
def finish_follow_up(*, touch: Interaction, actor: User) -> AuditEvent | None:
    """Tick a follow-up off; None when there is none open. The event is what undo takes back."""
    touch = _locked(touch)
    if touch.follow_up_on is None or touch.followed_up_at:
        return None
    touch.followed_up_at = timezone.now()
    touch.save(update_fields=["followed_up_at"])
    return record(actor=actor, verb="follow_up.done", target=touch, done=[False, True])


@transaction.atomic
def snooze_follow_up(*, touch: Interaction, actor: User, until: dt.date) -> AuditEvent | None:
    """Put a follow-up off to a later day; None when it stands there already."""
    touch = _locked(touch)
    if touch.follow_up_on is None or touch.followed_up_at:
        raise ValidationError(_("This follow-up is done already."))
    if until < timezone.localdate():
        raise ValidationError({"until": _("Choose a day that has not passed.")})
    if touch.follow_up_on == until:
        return None
    before, touch.follow_up_on = touch.follow_up_on, until
    touch.save(update_fields=["follow_up_on"])
    days = [before.isoformat(), until.isoformat()]
    return record(actor=actor, verb="follow_up.snoozed", target=touch, follow_up_on=days)


@transaction.atomic
def undo_follow_up(*, touch: Interaction, event: AuditEvent, actor: User) -> Interaction:
    """Take back what was done to a follow-up; refused when it has changed since, twice is once."""
    touch = _locked(touch)
    if event.verb == "follow_up.done":
        if touch.followed_up_at is None:
            return touch
        touch.followed_up_at = None
    else:
        before, after = (dt.date.fromisoformat(day) for day in event.changes["follow_up_on"])
        if touch.follow_up_on == before:
            return touch
        if touch.follow_up_on != after or touch.followed_up_at:
            raise ValidationError(_("The follow-up has changed since, so it was left as it is."))
        touch.follow_up_on = before
    touch.save(update_fields=["followed_up_at", "follow_up_on"])
    record(actor=actor, verb="follow_up.reopened", target=touch)
    return touch


def remind_follow_ups(*, now: dt.datetime | None = None) -> int:
    """Tell everybody what they promised for today by their own calendar; how many were new.

    A dedupe key of touch and date makes it happen once, however often and however late this runs.
    """
    now = now or timezone.now()
    mails = _mails(to_remind(now).iterator(chunk_size=PORTION), now)
    sent = 0
    while portion := list(islice(mails, PORTION)):
        sent += queue_mails(portion)
    return sent


def _mails(rows: Iterable[Interaction], now: dt.datetime) -> Iterator[OutgoingMail]:
    for person, touches in groupby(rows, key=lambda touch: touch.follow_up_by):
        today = now.astimezone(person.zone).date()
        with in_language_of(person):
            mails = [_mail(touch, today) for touch in touches if touch.follow_up_on <= today]
        yield from mails


def _mail(touch: Interaction, today: dt.date) -> OutgoingMail:
    person = touch.follow_up_by
    words = {
        "client": touch.client.name,
        "what": touch.follow_up_note or touch.summary,
        "day": formats.day(touch.follow_up_on),
    }
    if touch.follow_up_on == today:
        subject = _("Follow up today: %(client)s") % words
    else:
        subject = _("Follow-up overdue: %(client)s") % words
    body = _("%(client)s: %(what)s\nPromised for %(day)s.") % words
    return OutgoingMail(
        address=person.email,
        language=person.language,
        kind=DUE,
        subject=subject,
        body=body,
        dedupe_key=dedupe_key(touch),
        url=reverse("clientgroups:touch_detail", args=[touch.pk]),
        action=_("Open the touch"),
        recipient=person,
    )
