"""What is mailed about service requests: to the client's contact, and to the people who serve.

Mails to a contact here answer what the contact asked for. They are service mails, not advertising:
they are sent without a consent to e-mail, to everybody but a contact who is switched off.
"""

from collections.abc import Iterable

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from clientgroups.models import RequestMessage, ServiceRequest
from clientgroups.selectors.requests import leads_of
from notifications.services import OutgoingMail, in_language_of, notify, queue_mails


def reaches_contact(row: ServiceRequest) -> bool:
    """Whether a mail about the request can be sent at all."""
    contact = row.contact
    return bool(contact and contact.email and contact.is_active and row.client.erased_at is None)


def mail_answer(row: ServiceRequest, message: RequestMessage) -> bool:
    """Send the contact an answer of the team, once, with the link to their page."""
    if not reaches_contact(row):
        return False
    with translation.override(row.contact.language):
        words = _words(row) | {"who": message.author.name, "text": message.text}
        body = _(
            "Dear %(name)s,\n\n%(who)s has answered your request %(number)s, “%(subject)s”:\n\n"
            "%(text)s\n\n"
            "Your personal page shows the whole conversation. You can answer there; no account "
            "is needed."
        )
        return _mail(
            row,
            kind="request.answer",
            subject=_("Answer to your request %(number)s: %(subject)s") % words,
            body=body % words,
            dedupe_key=f"request.answer:{message.pk}",
        )


def mail_resolved(row: ServiceRequest) -> bool:
    """Tell the contact what came of the request, once per time it was resolved."""
    if not reaches_contact(row):
        return False
    with translation.override(row.contact.language):
        words = _words(row) | {"outcome": row.outcome}
        body = _(
            "Dear %(name)s,\n\nyour request %(number)s, “%(subject)s”, is resolved:\n\n"
            "%(outcome)s\n\n"
            "Was it what you needed? On your personal page you can rate our service, or write "
            "to us if something is still open. No account is needed."
        )
        return _mail(
            row,
            kind="request.resolved",
            subject=_("Resolved: your request %(number)s, %(subject)s") % words,
            body=body % words,
            dedupe_key=f"request.resolved:{row.pk}:{row.resolved_at.isoformat()}",
        )


def mail_received(row: ServiceRequest) -> bool:
    """Tell the contact that the request is written down, and where they can follow it."""
    if not reaches_contact(row):
        return False
    with translation.override(row.contact.language):
        words = _words(row)
        body = _(
            "Dear %(name)s,\n\nwe have written down your request %(number)s, “%(subject)s”.\n\n"
            "On your personal page you can see how it stands, and add to it. No account is needed."
        )
        return _mail(
            row,
            kind="request.received",
            subject=_("We have your request %(number)s: %(subject)s") % words,
            body=body % words,
            dedupe_key=f"request.received:{row.pk}",
        )


def _words(row: ServiceRequest) -> dict:
    return {"name": row.contact.name, "number": row.number, "subject": row.subject}


def _mail(row: ServiceRequest, *, kind: str, subject: str, body: str, dedupe_key: str) -> bool:
    mail = OutgoingMail(
        address=row.contact.email,
        language=row.contact.language,
        kind=kind,
        subject=subject,
        body=body,
        dedupe_key=dedupe_key,
        url=reverse("clientgroups:request_public", args=[row.token]),
        action=_("Open your page"),
    )
    return bool(queue_mails([mail]))


# The people who serve ---------------------------------------------------------------------------


def in_charge(row: ServiceRequest) -> list[User]:
    """Who is told: the assignee, or the leads while there is none."""
    if row.assignee is not None and row.assignee.is_active:
        return [row.assignee]
    return leads_of(row.client)


def tell_assigned(row: ServiceRequest, actor: User, key: object) -> None:
    """Tell a new assignee; never about what they did themselves."""
    if row.assignee is None or row.assignee == actor:
        return
    with in_language_of(row.assignee):
        words = _told(row) | {"who": actor}
        _tell(
            row.assignee,
            row,
            kind="request.assigned",
            subject=_("%(number)s is yours: %(subject)s") % words,
            body=_("%(who)s gave you the request “%(subject)s” of %(client)s.") % words,
            dedupe_key=f"request.assigned:{row.pk}:{row.assignee_id}:{key}",
        )


def tell_client_wrote(row: ServiceRequest, message: RequestMessage) -> None:
    """Tell who is in charge that the client has written."""
    for person in in_charge(row):
        with in_language_of(person):
            words = _told(row) | {"text": message.text[:500]}
            _tell(
                person,
                row,
                kind="request.client_wrote",
                subject=_("%(client)s wrote about %(number)s: %(subject)s") % words,
                body=_("%(client)s wrote about the request “%(subject)s”:\n\n%(text)s") % words,
                dedupe_key=f"request.client_wrote:{message.pk}",
            )


def tell_low_rating(row: ServiceRequest) -> None:
    """Tell assignee and leads about one or two stars, once per rating given."""
    for person in _unique([*in_charge(row), *leads_of(row.client)]):
        with in_language_of(person):
            words = _told(row) | {"rating": row.rating, "text": row.rating_text}
            _tell(
                person,
                row,
                kind="request.rated_low",
                subject=_("%(client)s rated %(number)s with %(rating)s of 5") % words,
                body=_("“%(subject)s” was rated %(rating)s of 5.\n\n%(text)s") % words,
                dedupe_key=f"request.rated_low:{row.pk}:{row.rated_at.isoformat()}",
            )


def tell_due(row: ServiceRequest, *, clock: str, late: bool) -> int:
    """Warn before a due time, and say when it was missed; each once per due time and person."""
    due_at = row.first_answer_due_at if clock == "answer" else row.resolution_due_at
    people = in_charge(row) if not late else _unique([*in_charge(row), *leads_of(row.client)])
    kind = "request.late" if late else "request.due_soon"
    sent = 0
    for person in people:
        with in_language_of(person):
            words = _told(row)
            sent += _tell(
                person,
                row,
                kind=kind,
                subject=_due_subject(clock, late) % words,
                body=_due_body(clock, late) % words,
                dedupe_key=f"{kind}:{clock}:{row.pk}:{due_at.isoformat()}",
            )
    return sent


def _due_subject(clock: str, late: bool) -> str:
    if clock == "answer":
        return (
            _("First answer overdue: %(number)s, %(subject)s")
            if late
            else _("First answer due soon: %(number)s, %(subject)s")
        )
    return (
        _("Resolution overdue: %(number)s, %(subject)s")
        if late
        else _("Resolution due soon: %(number)s, %(subject)s")
    )


def _due_body(clock: str, late: bool) -> str:
    if clock == "answer":
        return (
            _("The request “%(subject)s” of %(client)s was not answered in time.")
            if late
            else _("The request “%(subject)s” of %(client)s waits for a first answer.")
        )
    return (
        _("The request “%(subject)s” of %(client)s was not resolved in time.")
        if late
        else _("The request “%(subject)s” of %(client)s is to be resolved soon.")
    )


def _told(row: ServiceRequest) -> dict:
    return {"number": row.number, "subject": row.subject, "client": row.client.name}


def _tell(person: User, row: ServiceRequest, **fields: str) -> bool:
    return notify(
        recipient=person,
        url=reverse("clientgroups:request_detail", args=[row.pk]),
        action=_("Open the request"),
        **fields,
    )


def _unique(people: Iterable[User]) -> list[User]:
    return list({person.pk: person for person in people}.values())
