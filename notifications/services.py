import logging
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from celery import Task
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone, translation
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from accounts.audit import record
from accounts.models import User
from notifications import tasks
from notifications.models import Message

logger = logging.getLogger(__name__)

BODY_LIMIT = 100_000
# After a broker that did not answer: how long nobody waits for it again. The sweep does the work.
BROKER_REST = 15.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_broker = {"rest_until": 0.0}


@dataclass(frozen=True)
class OutgoingMail:
    """One e-mail to one address, already written in the language of the person who gets it.

    `url` and `unsubscribe_url` are paths of this site (or addresses under SITE_URL), `action` is
    the text of the button, `html` replaces the HTML alternative that is otherwise made of `body`.
    """

    address: str
    language: str
    kind: str
    subject: str
    body: str
    dedupe_key: str
    url: str = ""
    html: str = ""
    action: str = ""
    unsubscribe_url: str = ""
    recipient: User | None = field(default=None, compare=False)


@contextmanager
def in_language_of(user: User) -> Iterator[None]:
    """Write texts and dates as this person reads them."""
    with translation.override(user.language), timezone.override(user.zone):
        yield


def notify(
    *,
    recipient: User,
    kind: str,
    subject: str,
    body: str,
    url: str,
    dedupe_key: str,
    action: str = "",
) -> bool:
    """Put a message into a person's inbox and mail it; one dedupe key is stored once.

    False when it is stored already or the person no longer signs in.
    """
    mail = OutgoingMail(
        address=recipient.email,
        language=recipient.language,
        kind=kind,
        subject=subject,
        body=body,
        dedupe_key=dedupe_key,
        url=url,
        action=action,
        recipient=recipient,
    )
    return bool(_store([mail]))


def queue_mail(
    *,
    address: str,
    language: str,
    kind: str,
    subject: str,
    body: str,
    dedupe_key: str,
    url: str = "",
    html: str = "",
    action: str = "",
    unsubscribe_url: str = "",
) -> bool:
    """Mail somebody who does not sign in; one dedupe key per address is stored once."""
    mail = OutgoingMail(
        address=address,
        language=language,
        kind=kind,
        subject=subject,
        body=body,
        dedupe_key=dedupe_key,
        url=url,
        html=html,
        action=action,
        unsubscribe_url=unsubscribe_url,
    )
    return bool(_store([mail]))


def queue_mails(rows: list[OutgoingMail]) -> int:
    """Store many e-mails in one statement and wake one worker; how many were new."""
    return _store(rows)


@transaction.atomic
def _store(rows: list[OutgoingMail]) -> int:
    """Insert what is not there yet, in the caller's transaction; nothing for people switched off.

    ON CONFLICT DO NOTHING does not say which rows it wrote, but each carries an id of its own.
    """
    messages = [_message(row) for row in rows if row.recipient is None or row.recipient.is_active]
    if not messages:
        return 0
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    stored = list(
        Message.objects.filter(message_id__in=[each.message_id for each in messages]).values_list(
            "pk", flat=True
        )
    )
    if len(messages) == 1 and stored:
        _wake(tasks.deliver, stored[0])
    elif stored:
        _wake(tasks.deliver_pending)
    return len(stored)


def _message(row: OutgoingMail) -> Message:
    message = Message(
        recipient=row.recipient,
        address=row.address.strip()[:254],
        language=row.language,
        kind=row.kind,
        subject=one_line(row.subject)[:200],
        body=row.body[:BODY_LIMIT].replace("\x00", ""),
        html=row.html.replace("\x00", ""),
        url=site_path(row.url),
        action=one_line(row.action)[:60],
        unsubscribe_url=site_path(row.unsubscribe_url),
        dedupe_key=row.dedupe_key,
        message_id=uuid.uuid4(),
    )
    try:
        validate_email(message.address)
    except ValidationError:
        # Kept and shown to administrators; one bad address must not stop the others.
        message.address = one_line(message.address)
        message.state = Message.State.PARKED
        message.last_error = "Not an e-mail address."
    return message


def one_line(text: str) -> str:
    """Text fit for a mail header: no line breaks or control characters can start another one."""
    return " ".join(_CONTROL.sub(" ", text).split())


def site_path(url: str) -> str:
    """The path of a link of this site; a link to anywhere else is refused."""
    path = url.removeprefix(settings.SITE_URL.rstrip("/"))
    if path and (not path.startswith("/") or path.startswith(("//", "/\\"))):
        raise ValueError(f"Messages link to this site only: {url!r}")
    return path


def _wake(task: Task, *args: int) -> None:
    transaction.on_commit(lambda: _publish(task, args))


def _publish(task: Task, args: tuple[int, ...]) -> None:
    """Wake a worker; without a broker the request goes on and the sweep delivers instead."""
    if time.monotonic() < _broker["rest_until"]:
        return
    try:
        task.apply_async(args, retry=False)
    except (KombuError, RedisError, OSError):
        _broker["rest_until"] = time.monotonic() + BROKER_REST
        logger.warning("No worker could be woken; the next sweep delivers.", exc_info=True)


@transaction.atomic
def mark_read(*, message: Message) -> Message:
    """Take the unread mark off one message; the first time counts."""
    now = timezone.now()
    Message.objects.filter(pk=message.pk).unread().update(read_at=now)
    message.refresh_from_db(fields=["read_at"])
    return message


@transaction.atomic
def mark_all_read(*, recipient: User) -> int:
    """Take the unread mark off everything in a person's inbox."""
    return Message.objects.filter(recipient=recipient).unread().update(read_at=timezone.now())


@transaction.atomic
def retry_message(*, message: Message, actor: User) -> bool:
    """Send a given-up message once more, with five new attempts. False when it is not given up."""
    now = timezone.now()
    changed = Message.objects.filter(pk=message.pk, state=Message.State.PARKED).update(
        state=Message.State.WAITING, attempts=0, last_error="", next_try_at=now
    )
    if changed:
        record(actor=actor, verb="message.retried", target=message)
        _wake(tasks.deliver, message.pk)
    return bool(changed)
