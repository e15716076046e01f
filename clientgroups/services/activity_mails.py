"""The mails of an activity, each in the language and the time zone of the person who gets it."""

from collections.abc import Iterable

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clientgroups.models import Activity, ActivityInvitation
from clientgroups.selectors.activity_texts import invitation_text, when_of, zone_of
from notifications.services import OutgoingMail, notify, queue_mails

INVITATION, REMINDER, SEAT, CANCELLED, CHANGED = (
    f"activity.{what}" for what in ("invitation", "reminder", "seat", "cancelled", "changed")
)
# What somebody has to say who cannot be mailed.
BY_HAND = {
    SEAT: gettext_lazy("a seat has become free in “%(name)s”"),
    CANCELLED: gettext_lazy("“%(name)s” is cancelled"),
    CHANGED: gettext_lazy("time or place of “%(name)s” have changed"),
}


def queue_activity_mails(
    kind: str, activity: Activity, invitations: Iterable[ActivityInvitation]
) -> int:
    """Store the mails of one kind in one statement; each invitation gets one of a kind.

    Who has no address, objects to e-mail, left or was put away gets none; when it is about
    something they need to know, the owner hears that they have to be told by hand.
    """
    able, unable = [], []
    for invitation in invitations:
        (able if may_be_mailed(invitation) else unable).append(invitation)
    if unable and kind in BY_HAND:
        _tell_owner(kind, activity, unable)
    return queue_mails([mail_of(kind, activity, invitation) for invitation in able])


def _tell_owner(kind, activity, unable):
    number, name = len(unable), activity.name
    with translation.override(activity.owner.language):
        body = ngettext(
            "%(n)d person cannot be mailed and has to be told by somebody. The page of the "
            "activity lists who it is.",
            "%(n)d people cannot be mailed and have to be told by somebody. The page of the "
            "activity lists who they are.",
            number,
        )
        notify(
            recipient=activity.owner,
            kind="activity.to_tell",
            subject=_("To be told by hand: %(what)s") % {"what": BY_HAND[kind] % {"name": name}},
            body=body % {"n": number},
            url=activity.get_absolute_url(),
            action=_("Open the activity"),
            dedupe_key=f"{_key(kind, activity, unable[0])}:owner",
        )


def may_be_mailed(invitation: ActivityInvitation) -> bool:
    """Whether the contact has an address and agrees to e-mail today."""
    contact = invitation.contact
    reachable = contact.email and contact.email_consent and contact.is_active
    return bool(reachable and invitation.client.archived_at is None)


def mail_of(kind: str, activity: Activity, invitation: ActivityInvitation) -> OutgoingMail:
    """One mail, with the personal link of the contact."""
    contact = invitation.contact
    with translation.override(contact.language):
        subject, body, action = WORDS[kind](activity, invitation)
        return OutgoingMail(
            address=contact.email,
            language=contact.language,
            kind=kind,
            subject=subject,
            body=_("Dear %(name)s,") % {"name": contact.name} + "\n\n" + body,
            action=action,
            url=invitation.get_absolute_url(),
            unsubscribe_url=f"{invitation.get_absolute_url()}stop/",
            dedupe_key=_key(kind, activity, invitation),
        )


def _key(kind, activity, invitation):
    """A changed time is told once per change, everything else once."""
    again = f":{activity.version}" if kind == CHANGED else ""
    if kind == SEAT and invitation.answered_at:
        # Who gives a seat back and waits again is told again.
        again = f":{invitation.answered_at.timestamp():.0f}"
    return f"{kind}:{invitation.pk}{again}"


def _paragraphs(*texts):
    return "\n\n".join(text for text in texts if text)


def _facts(activity, invitation):
    """When and where, as lines."""
    lines = []
    when = when_of(activity, zone_of(invitation.contact, activity.owner))
    if when:
        lines.append(_("When: %(when)s") % {"when": when})
    if activity.place:
        lines.append(_("Where: %(place)s") % {"place": activity.place})
    return "\n".join(lines)


def _invitation(activity, invitation):
    body = _paragraphs(
        invitation_text(activity, invitation.contact.language)
        or _("We would like to invite you: %(name)s.") % {"name": activity.name},
        _facts(activity, invitation),
        _("Your personal link below opens the answer page; you need no account."),
    )
    return activity.name, body, _("Answer now")


def _reminder(activity, invitation):
    body = _paragraphs(
        _("We have not heard from you yet and will not ask again: do you take part?"),
        activity.name,
        _facts(activity, invitation),
        _("Your personal link below opens the answer page; you need no account."),
    )
    return _("Reminder: %(name)s") % {"name": activity.name}, body, _("Answer now")


def _seat(activity, invitation):
    body = _paragraphs(
        _("A seat has become free, and it is yours: %(name)s.") % {"name": activity.name},
        _facts(activity, invitation),
        _("If you cannot come after all, please say so on your page; somebody else is waiting."),
    )
    return _("A seat for you: %(name)s") % {"name": activity.name}, body, _("Open my page")


def _cancelled(activity, invitation):
    reason = activity.cancelled_because
    body = _paragraphs(
        _("Unfortunately this does not take place: %(name)s.") % {"name": activity.name},
        _("The reason: %(reason)s") % {"reason": reason} if reason else "",
        _facts(activity, invitation),
        _("On your page you find a file that takes it out of your calendar."),
    )
    return _("Cancelled: %(name)s") % {"name": activity.name}, body, _("Open my page")


def _changed(activity, invitation):
    body = _paragraphs(
        _("Time or place have changed: %(name)s.") % {"name": activity.name},
        _facts(activity, invitation),
        _("On your page you find the new calendar file, and you can change your answer there."),
    )
    return _("Changed: %(name)s") % {"name": activity.name}, body, _("Open my page")


WORDS = {
    INVITATION: _invitation,
    REMINDER: _reminder,
    SEAT: _seat,
    CANCELLED: _cancelled,
    CHANGED: _changed,
}
