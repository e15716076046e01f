"""What people do with service requests: open them, give them away, move them, take it back."""

import datetime as dt
import secrets
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from clientgroups.models import Client, RequestMessage, RequestType, ServiceRequest
from clientgroups.services import request_mails as mails
from clientgroups.services.sla import pause, resume, set_clocks

Status = ServiceRequest.Status
# How long a resolved request is taken up again; later words become a request of their own.
REOPEN_DAYS = 14
REOPEN_FOR = dt.timedelta(days=REOPEN_DAYS)
CHANGEABLE = {"type", "priority", "assignee", "contact", "subject", "text", "source"}
# What the trail keeps of a change, so that it can be taken back whole. Long texts stay out.
TRACKED = [
    "status",
    "type_id",
    "priority",
    "assignee_id",
    "contact_id",
    "source",
    "sla_id",
    "first_answer_due_at",
    "first_answered_at",
    "resolution_due_at",
    "resolved_at",
    "paused_at",
    "paused_minutes",
    "answer_breached_at",
    "resolution_breached_at",
]
TEXTS = ["subject", "text", "outcome"]
# Made by this module, or empty for what a client wrote.
UNCHECKED = ["token", "submission_key", "search", "created_by"]
STORED = [name.removesuffix("_id") for name in TRACKED] + TEXTS


def lock(request: ServiceRequest) -> ServiceRequest:
    """The row as it stands, locked; what it points at is read along."""
    rows = ServiceRequest.objects.select_for_update(of=("self",)).defer("search")
    related = ("client__owner", "contact", "assignee", "type", "sla__calendar")
    return rows.select_related(*related).get(pk=request.pk)


def snapshot(row: ServiceRequest) -> dict:
    """The tracked fields as the trail writes them."""
    values = {name: getattr(row, name) for name in TRACKED}
    return {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in values.items()
    }


def store(row: ServiceRequest, actor: User | None, verb: str, before: dict) -> AuditEvent | None:
    """Check and save a locked row, and write what changed into the trail; None when nothing did."""
    after = snapshot(row)
    pairs = {name: [before[name], after[name]] for name in TRACKED if before[name] != after[name]}
    texts = [name for name in TEXTS if name in before and before[name] != getattr(row, name)]
    if not pairs and not texts:
        return None
    row.full_clean(exclude=UNCHECKED)
    row.save(update_fields=STORED)
    return record(
        actor=actor, verb=verb, target=row, **pairs, **{name: ["…", "…"] for name in texts}
    )


# Opening ----------------------------------------------------------------------------------------


@transaction.atomic
def open_request(
    *,
    actor: User | None,
    client: Client,
    type: RequestType,  # noqa: A002 - the name of the field
    subject: str,
    text: str = "",
    tell_contact: bool = False,
    submission_key: UUID | None = None,
    opened_at: dt.datetime | None = None,
    **fields: object,
) -> ServiceRequest:
    """Write down what a client asks for and start its clocks; the assignee is told.

    The same submission key twice gives the first request. `tell_contact` mails the contact the
    link to their page. `fields` are priority, source, contact, assignee and the request it
    follows. Without an actor the client wrote it.
    """
    if unknown := set(fields) - {"priority", "source", "contact", "assignee", "follows"}:
        raise TypeError(f"A new request has no {sorted(unknown)}")
    key = submission_key or uuid4()
    twin = ServiceRequest.objects.filter(submission_key=key).first()
    if twin:
        return _same(twin, client)
    now = timezone.now()
    row = ServiceRequest(
        client=client,
        type=type,
        subject=subject.strip(),
        text=text.strip(),
        created_by=actor,
        opened_at=opened_at or now,
        token=secrets.token_urlsafe(32),
        submission_key=key,
        **fields,
    )
    _check_new(row, now)
    set_clocks(row, now)
    row.full_clean(exclude=UNCHECKED)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        # Sent twice at the same time: the other one is stored by now.
        return _same(ServiceRequest.objects.get(submission_key=key), client)
    record(actor=actor, verb="request.opened", target=row, client_id=[None, client.pk])
    mails.tell_assigned(row, actor, "opened")
    if tell_contact:
        mails.mail_received(row)
    return row


def _same(twin: ServiceRequest, client: Client) -> ServiceRequest:
    if twin.client_id != client.pk:
        raise ValidationError(_("This form was sent already, for another client."))
    return twin


def _check_new(row: ServiceRequest, now: dt.datetime) -> None:
    client = row.client
    if client.erased_at or client.merged_into_id:
        raise ValidationError(_("This client's data was put away, so nothing can be added to it."))
    if row.opened_at > now:
        raise ValidationError(_("A request cannot come in later than now."))
    _check_contact(row)
    _check_assignee(row)


def _check_contact(row: ServiceRequest) -> None:
    if row.contact is not None and row.contact.client_id != row.client_id:
        raise ValidationError({"contact": _("Choose a contact of this client.")})


def _check_assignee(row: ServiceRequest) -> None:
    if row.assignee is not None and not row.assignee.is_active:
        name = {"name": row.assignee}
        raise ValidationError({"assignee": _("%(name)s no longer signs in.") % name})


# Changing ---------------------------------------------------------------------------------------


@transaction.atomic
def change_request(*, request: ServiceRequest, actor: User, **changes: object) -> AuditEvent | None:
    """Change type, priority, assignee, contact or words; the audit row is what undo takes back.

    Another type or priority sets both clocks anew, from the moment the request came in and with
    its pauses. Saving the same again changes nothing. A new assignee is told.
    """
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise TypeError(f"A request has no {sorted(unknown)} to change here")
    row = lock(request)
    before = snapshot(row) | {name: getattr(row, name) for name in TEXTS}
    moved = {name for name, value in changes.items() if getattr(row, name) != value}
    for name in moved:
        setattr(row, name, changes[name])
    if moved & {"type", "priority"}:
        if not row.is_open:
            raise ValidationError(_("Its clocks have stopped. Take the request up again first."))
        set_clocks(row, timezone.now())
    if "contact" in moved:
        _check_contact(row)
    if "assignee" in moved:
        _check_assignee(row)
    event = store(row, actor, "request.changed", before)
    if "assignee" in moved:
        mails.tell_assigned(row, actor, event.pk)
    return event


@transaction.atomic
def move_request(
    *,
    request: ServiceRequest,
    actor: User | None,
    status: str,
    outcome: str = "",
    seen: int | None = None,
) -> AuditEvent | None:
    """Move a request along one of the allowed ways; None when it stands there already.

    Resolving needs an outcome: the last word of the conversation, mailed to the contact. With
    `seen`, the newest message the page showed, it is refused when the client has written since.
    """
    row = lock(request)
    if row.status == status:
        return None
    before = snapshot(row) | {"outcome": row.outcome}
    if status == Status.RESOLVED:
        _check_seen(row, seen)
        row.outcome = outcome.strip()
    now = timezone.now()
    change_status(row, status, now)
    event = store(row, actor, "request.moved", before)
    if status == Status.RESOLVED:
        RequestMessage.objects.create(request=row, author=actor, text=row.outcome)
        mails.mail_resolved(row)
    return event


def change_status(row: ServiceRequest, status: str, now: dt.datetime) -> None:
    """Set a locked row to another state, with its clocks; refused where no way leads there."""
    if status not in ServiceRequest.MOVES.get(row.status, ()):
        ways = {"before": row.get_status_display(), "after": Status(status).label}
        raise ValidationError(_("A request that is “%(before)s” cannot become “%(after)s”.") % ways)
    if not row.is_open and status == Status.OPEN:
        _take_up(row, now)
    elif status == Status.RESOLVED:
        _resolve(row, now)
    elif status == Status.WAITING:
        pause(row, now)
    elif row.paused_at:
        resume(row, now)
    row.status = status


def _take_up(row: ServiceRequest, now: dt.datetime) -> None:
    if row.resolved_at < now - REOPEN_FOR:
        raise ValidationError(
            _("It was resolved more than %(days)d days ago. Open a new request instead.")
            % {"days": REOPEN_DAYS}
        )
    # While it was resolved nobody owed the client anything: that time counts as a pause.
    resume(row, now, since=row.resolved_at)
    row.resolved_at = None


def _resolve(row: ServiceRequest, now: dt.datetime) -> None:
    if not row.outcome:
        raise ValidationError({"outcome": _("Say what came of it; the client reads it.")})
    if row.paused_at:
        resume(row, now)
    row.resolved_at = now
    # The outcome is an answer as well.
    row.first_answered_at = row.first_answered_at or now


def _check_seen(row: ServiceRequest, seen: int | None) -> None:
    if seen is None:
        return
    newer = row.messages.filter(author=None, pk__gt=seen)
    if newer.exists():
        raise ValidationError(
            _("The client has written since you opened this page. Read it before you resolve.")
        )


@transaction.atomic
def undo_change(*, request: ServiceRequest, event: AuditEvent, actor: User) -> bool:
    """Take back one recorded change; False when it was taken back already.

    Refused when something of it has changed again since.
    """
    row = lock(request)
    now, pairs = snapshot(row), {n: p for n, p in event.changes.items() if n in TRACKED}
    if all(now[name] == old for name, (old, _new) in pairs.items()):
        return False
    if any(now[name] != new for name, (_old, new) in pairs.items()):
        raise ValidationError(_("It has changed again since, so it was left as it is."))
    for name, (old, _new) in pairs.items():
        setattr(row, name, row._meta.get_field(name).to_python(old))
    store(row, actor, "request.undone", now)
    return True
