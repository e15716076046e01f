"""Asking the contacts of a group: waves, invitations and their mails, always set-based."""

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from accounts.once import once
from clientgroups.models import Contact
from feedback.models import Invitation, Survey, Wave
from feedback.scoring import mark_stale
from feedback.selectors.surveys import published_version
from feedback.selectors.waves import contacts_of
from notifications.services import OutgoingMail, queue_mails

# Invitations of one transaction, one INSERT of mails and one UPDATE.
BATCH = 1000


@once
@transaction.atomic
def start_wave(
    *,
    survey: Survey,
    actor: User,
    name: str,
    send_at: dt.datetime | None = None,
    closes_at: dt.datetime | None = None,
    contacts: Iterable[Contact] | None = None,
) -> Wave:
    """Invite everybody in the group who may be asked, or the given contacts of the group.

    Mails leave with `send_due_waves`, at `send_at` or at once. A contact stands once in a wave.
    """
    survey = Survey.objects.select_for_update(of=("self",)).get(pk=survey.pk)
    version = published_version(survey)
    if survey.state != Survey.State.OPEN or version is None:
        raise ValidationError(_("Publish the survey before you send it."))
    now = timezone.now()
    wave = Wave(
        survey=survey,
        version=version,
        name=name.strip(),
        send_at=max(send_at, now) if send_at else now,
        closes_at=closes_at,
        created_by=actor,
    )
    wave.full_clean()
    wave.save()
    asked = contacts_of(survey.client_group).askable()
    if contacts is not None:
        asked = asked.filter(pk__in=[contact.pk for contact in contacts])
    made = Invitation.objects.bulk_create(
        (Invitation(wave=wave, contact_id=pk) for pk in asked.values_list("pk", flat=True)),
        batch_size=5000,
    )
    if not made:
        raise ValidationError(
            _("Nobody in this group can be asked: no contact has an e-mail address and agrees.")
        )
    record(
        actor=actor, verb="wave.started", target=wave, invited=[0, len(made)], name=["", wave.name]
    )
    return wave


def send_due_waves(*, now: dt.datetime | None = None, most: int = 20_000) -> int:
    """Queue the mails of every wave that is due, in batches; return how many were queued.

    Each batch is claimed under SKIP LOCKED and written with its mails in one transaction: run
    twice, late or by two workers at once, every invitation is mailed once.
    """
    now = now or timezone.now()
    Wave.objects.filter(state=Wave.State.SENT, closes_at__lte=now).update(state=Wave.State.CLOSED)
    due = Wave.objects.filter(
        state__in=[Wave.State.SCHEDULED, Wave.State.SENDING], send_at__lte=now
    )
    sent = 0
    for wave in due.select_related("survey").order_by("send_at", "pk"):
        while sent < most:
            count = _send_batch(wave, now)
            sent += count
            if not count:
                break
    return sent


@transaction.atomic
def _send_batch(wave, now):
    """Mail the next invitations of a wave; 0 when none waits or another worker has the rest."""
    waiting = wave.invitations.filter(state=Invitation.State.WAITING)
    batch = list(
        waiting.select_for_update(of=("self",), skip_locked=True)
        .select_related("contact__client")
        .order_by("pk")[:BATCH]
    )
    if not batch:
        if not waiting.exists():
            _finish(wave, now)
        return 0
    Wave.objects.filter(pk=wave.pk, state=Wave.State.SCHEDULED).update(state=Wave.State.SENDING)
    askable, objecting = [], []
    for invitation in batch:
        contact = invitation.contact
        ready = contact.email and contact.email_consent and contact.is_active
        ready = ready and contact.client.archived_at is None
        (askable if ready else objecting).append(invitation)
    queue_mails([_mail(wave, invitation) for invitation in askable])
    _set(askable, state=Invitation.State.SENT, sent_at=now)
    # Who objected or was put away between the start of the wave and now is not asked.
    _set(objecting, state=Invitation.State.REVOKED)
    return len(batch)


def _set(invitations, **values):
    if invitations:
        Invitation.objects.filter(pk__in=[each.pk for each in invitations]).update(**values)


def _finish(wave, now):
    """All are out: the response rates of the wave and its survey start from here."""
    done = Wave.objects.filter(
        pk=wave.pk, state__in=[Wave.State.SCHEDULED, Wave.State.SENDING]
    ).update(state=Wave.State.SENT)
    if done:
        survey = wave.survey
        month = timezone.localdate(now, timezone.get_default_timezone())
        scopes = {"wave": wave.pk, "survey": survey.pk, "group": survey.client_group_id}
        if survey.project_id:
            scopes["project"] = survey.project_id
        for scope, pk in scopes.items():
            mark_stale(scope=scope, scope_id=pk, month=month)


def _mail(wave, invitation):
    contact, survey = invitation.contact, wave.survey
    with translation.override(contact.language):
        chinese = contact.language.startswith("zh")
        title = (survey.title_zh if chinese else survey.title_en) or survey.title_en
        intro = (survey.intro_zh if chinese else survey.intro_en) or survey.intro_en
        body = _(
            "Dear %(name)s,\n\n%(intro)s\n\nPlease use your personal link below. It works once "
            "and needs no account. Your answers are stored together with your name, so that we "
            "can act on them."
        )
        return OutgoingMail(
            address=contact.email,
            language=contact.language,
            kind="survey.invitation",
            subject=title or survey.title_zh or survey.name,
            body=body % {"name": contact.name, "intro": intro or survey.intro_zh},
            action=_("Answer now"),
            url=invitation.get_absolute_url(),
            unsubscribe_url=reverse("feedback:answer_stop", args=[invitation.token]),
            dedupe_key=f"survey.invitation:{invitation.pk}",
        )


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, actor: User) -> Invitation:
    """Withdraw a link that was not answered; it turns neutral at once."""
    found = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if found.state == Invitation.State.ANSWERED:
        raise ValidationError(_("This invitation was answered already."))
    return _change(found, Invitation.State.REVOKED, actor, "invitation.withdrawn")


@transaction.atomic
def restore_invitation(*, invitation: Invitation, actor: User) -> Invitation:
    """Undo a withdrawal: the same link works again."""
    found = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if found.state != Invitation.State.REVOKED:
        return found
    state = Invitation.State.SENT if found.sent_at else Invitation.State.WAITING
    return _change(found, state, actor, "invitation.restored")


def _change(invitation, state, actor, verb):
    if invitation.state == state:
        return invitation
    before, invitation.state = invitation.state, state
    invitation.save(update_fields=["state"])
    record(actor=actor, verb=verb, target=invitation, state=[before, state])
    return invitation
