"""The conversation of a request: what the team writes, what the client writes, and the rating."""

import datetime as dt
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import RequestMessage, ServiceRequest
from clientgroups.services import request_mails as mails
from clientgroups.services.requests import (
    REOPEN_FOR,
    UNCHECKED,
    change_status,
    lock,
    open_request,
    snapshot,
    store,
)

Status = ServiceRequest.Status
TEXT_LIMIT = 20_000
CLIENT_TEXT_LIMIT = 5000
# Somebody may write a book through a personal link, but not into our database.
MOST_FROM_CLIENT = 200
RATE_DAYS = 14
LOW_RATING = 2


@transaction.atomic
def add_message(
    *,
    request: ServiceRequest,
    actor: User,
    text: str,
    is_internal: bool,
    wait: bool = False,
    submission_key: UUID | None = None,
) -> RequestMessage:
    """Write to the client, or a note that stays inside; the same submission key twice is once.

    The first words to the client stop the clock of the first answer and take a new request up.
    `wait` also hands the turn to the client. The contact is mailed what is written to them.
    """
    row = lock(request)
    key = submission_key or uuid4()
    twin = RequestMessage.objects.filter(submission_key=key, request=row).first()
    if twin:
        return twin
    message = _new_message(row, text, actor=actor, is_internal=is_internal, key=key)
    if is_internal:
        record(actor=actor, verb="request.noted", target=row, message=[None, message.pk])
        return message
    before, now = snapshot(row), timezone.now()
    row.first_answered_at = row.first_answered_at or now
    wanted = Status.WAITING if wait else Status.OPEN if row.status == Status.NEW else row.status
    if wanted != row.status and row.is_open:
        change_status(row, wanted, now)
    if store(row, actor, "request.answered", before) is None:
        record(actor=actor, verb="request.answered", target=row, message=[None, message.pk])
    mails.mail_answer(row, message)
    return message


def check_length(text: str, most: int) -> None:
    """Refuse a text that is longer than its column may hold."""
    if len(text) > most:
        raise ValidationError(_("Please write %(most)d characters at most.") % {"most": most})


def _new_message(
    row: ServiceRequest, text: str, *, actor: User | None, is_internal: bool, key: UUID
) -> RequestMessage:
    message = RequestMessage(
        request=row, author=actor, is_internal=is_internal, text=text.strip(), submission_key=key
    )
    check_length(text, TEXT_LIMIT if actor else CLIENT_TEXT_LIMIT)
    message.full_clean()
    message.save(force_insert=True)
    return message


@transaction.atomic
def write_as_client(*, request: ServiceRequest, text: str, submission_key: UUID) -> ServiceRequest:
    """Keep what the client writes on their page; the request it was kept in.

    It takes up what waits for the client, and what was resolved up to 14 days ago; written later
    it becomes a request of its own. The same submission key twice is kept once.
    """
    twin = RequestMessage.objects.filter(submission_key=submission_key).first()
    if twin and request.pk in (twin.request_id, twin.request.follows_id):
        return twin.request
    row, now = lock(request), timezone.now()
    if row.messages.filter(author=None).count() >= MOST_FROM_CLIENT:
        raise ValidationError(_("This conversation is very long. Please call us instead."))
    if not row.is_open and row.resolved_at < now - REOPEN_FOR:
        row = _request_of_its_own(row, submission_key)
    twin = row.messages.filter(submission_key=submission_key).first()
    if twin:
        return row
    before = snapshot(row)
    message = _new_message(row, text, actor=None, is_internal=False, key=submission_key)
    if row.status == Status.WAITING or not row.is_open:
        change_status(row, Status.OPEN, now)
    if store(row, None, "request.client_wrote", before) is None:
        record(actor=None, verb="request.client_wrote", target=row, message=[None, message.pk])
    mails.tell_client_wrote(row, message)
    return row


def _request_of_its_own(row: ServiceRequest, key: UUID) -> ServiceRequest:
    made = open_request(
        actor=None,
        client=row.client,
        contact=row.contact,
        type=row.type,
        subject=row.subject,
        source=ServiceRequest.Source.LINK,
        assignee=row.assignee if row.assignee and row.assignee.is_active else None,
        follows=row,
        submission_key=key,
    )
    return lock(made)


@transaction.atomic
def rate_request(*, request: ServiceRequest, rating: int, text: str = "") -> ServiceRequest:
    """Keep how the client found our service; it may be changed for 14 days.

    The same rating again changes nothing. One or two of five are told to assignee and leads.
    """
    row, now = lock(request), timezone.now()
    if row.is_open:
        raise ValidationError(_("You can rate our service once the request is resolved."))
    if not may_rate(row, now):
        raise ValidationError(_("The time for changing this rating is over."))
    text = text.strip()
    if (row.rating, row.rating_text) == (rating, text):
        return row
    before = row.rating
    row.rating, row.rating_text, row.rated_at = rating, text, now
    row.full_clean(exclude=UNCHECKED)
    row.save(update_fields=["rating", "rating_text", "rated_at"])
    record(actor=None, verb="request.rated", target=row, rating=[before, rating])
    if rating <= LOW_RATING:
        mails.tell_low_rating(row)
    return row


def may_rate(row: ServiceRequest, now: dt.datetime | None = None) -> bool:
    """Whether the client may still give a rating, or another one than they gave."""
    if row.is_open:
        return False
    limit = (now or timezone.now()) - dt.timedelta(days=RATE_DAYS)
    return row.rated_at is None or row.rated_at > limit or row.rated_at < row.resolved_at
