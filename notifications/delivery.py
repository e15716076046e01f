import datetime as dt
import logging
import random
import time
from email.utils import formatdate
from functools import cache
from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPServerDisconnected,
)
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, QuerySet
from django.template.backends.django import Template
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone, translation

from notifications.models import Message

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=2)  # longer than BATCH_SECONDS and every network timeout together
BATCH = 100
BATCH_SECONDS = 45.0  # a batch that takes longer gives its rest back
SWEEP_SECONDS = 60.0  # below the soft time limit of a task
MAX_ATTEMPTS = 5
FIRST_WAIT = dt.timedelta(seconds=30)
LONGEST_WAIT = dt.timedelta(minutes=30)
PATIENCE = dt.timedelta(days=3)  # how long a mail server may be away before we give up
REFUSED = 500  # answers of a mail server from here on are final
CLOSING = 421  # "service not available, closing the connection"


class Refused(Exception):
    """The mail server, or the message itself, says that this will never work."""


class Later(Exception):
    """Nothing is wrong with the message: the server is away or asks us to come again."""


def deliver(message_pk: int) -> bool:
    """Send one message unless it is sent, given up, not due or in another worker's hands."""
    claimed = _claim(Message.objects.filter(pk=message_pk))
    return bool(_send_all(claimed))


def deliver_pending() -> int:
    """Send whatever is due, batch after batch, until nothing is left or the time is up."""
    _park_orphans()
    until = time.monotonic() + SWEEP_SECONDS
    sent = 0
    while time.monotonic() < until:
        claimed = _claim(Message.objects.order_by("attempts", "next_try_at"), BATCH)
        if not claimed:
            break
        sent += _send_all(claimed)
    return sent


@transaction.atomic
def _claim(rows: QuerySet[Message], limit: int = 1) -> list[int]:
    """Lease due rows for this worker; rows that another worker claims now are skipped.

    The attempt is counted here, so a message that kills its worker comes to an end as well.
    """
    now = timezone.now()
    due = rows.claimable(now).filter(attempts__lt=MAX_ATTEMPTS)
    pks = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    if pks:
        Message.objects.filter(pk__in=pks).update(
            state=Message.State.LEASED, leased_until=now + LEASE, attempts=F("attempts") + 1
        )
    return pks


def _park_orphans() -> None:
    """Give up what five workers did not come back from."""
    Message.objects.claimable(timezone.now()).filter(attempts__gte=MAX_ATTEMPTS).update(
        state=Message.State.PARKED,
        leased_until=None,
        last_error="The worker did not come back from sending this.",
    )


def _send_all(pks: list[int]) -> int:
    """Send claimed messages over one connection, with no transaction open meanwhile."""
    rows = Message.objects.filter(pk__in=pks).select_related("recipient")
    messages = list(rows.order_by("attempts", "pk"))
    until = time.monotonic() + BATCH_SECONDS
    sent, line = 0, _Line()
    try:
        for place, message in enumerate(messages):
            if line.dead or time.monotonic() > until:
                _release(messages[place:], wait=FIRST_WAIT if line.dead else dt.timedelta())
                break
            sent += _send_one(message, line)
    finally:
        line.close()
    return sent


class _Line:
    """One SMTP connection, opened when first needed and once more after it broke."""

    def __init__(self) -> None:
        self.backend: BaseEmailBackend | None = None
        self.failures = 0

    @property
    def dead(self) -> bool:
        return self.failures > 1

    def send(self, mail: EmailMultiAlternatives) -> None:
        """Send one mail; every trouble becomes Refused or Later."""
        try:
            if self.backend is None:
                self.backend = get_connection()
                self.backend.open()
            mail.connection = self.backend
            mail.send()
        except (SMTPServerDisconnected, SMTPConnectError, SMTPAuthenticationError) as problem:
            raise self._broken(problem) from problem
        except SMTPException as problem:
            code = _code(problem)
            if code == CLOSING:
                raise self._broken(problem) from problem
            raise (Refused if code >= REFUSED else Later)(str(problem)) from problem
        except OSError as problem:
            raise self._broken(problem) from problem
        except ValueError as problem:
            raise Refused(str(problem)) from problem
        self.failures = 0

    def _broken(self, problem: Exception) -> Later:
        self.close()
        self.failures += 1
        return Later(str(problem))

    def close(self) -> None:
        backend, self.backend = self.backend, None
        if backend is None:
            return
        try:
            backend.close()
        except OSError:
            logger.info("The mail server had closed the connection already.")


def _code(problem: SMTPException) -> int:
    """The answer of the server; with several recipients refused, the one there is.

    No code at all means that the client library refused: the address needs what the server lacks.
    """
    if isinstance(problem, SMTPRecipientsRefused):
        return next((code for code, _text in problem.recipients.values()), REFUSED)
    return getattr(problem, "smtp_code", REFUSED)


def _send_one(message: Message, line: _Line) -> bool:
    if message.recipient and not message.recipient.is_active:
        _settle(message, state=Message.State.PARKED, last_error="This person no longer signs in.")
        return False
    try:
        line.send(build(message))
    except Later as problem:
        _come_again(message, str(problem))
        return False
    except Refused as problem:
        _refused(message, str(problem))
        return False
    # Whoever holds the lease by now: the mail is out.
    Message.objects.filter(pk=message.pk).update(
        state=Message.State.SENT, sent_at=timezone.now(), leased_until=None, last_error=""
    )
    return True


def _settle(message: Message, **fields: object) -> None:
    """Write the outcome, unless the lease ran out and another worker has taken over."""
    mine = Message.objects.filter(pk=message.pk, leased_until=message.leased_until)
    mine.update(leased_until=None, **fields)


def _release(messages: list[Message], *, wait: dt.timedelta) -> None:
    """Give back what was claimed and not tried."""
    Message.objects.filter(
        pk__in=[message.pk for message in messages],
        leased_until__in={message.leased_until for message in messages},
    ).update(
        state=Message.State.WAITING,
        leased_until=None,
        attempts=F("attempts") - 1,
        next_try_at=timezone.now() + wait,
    )


def _come_again(message: Message, problem: str) -> None:
    """The server's trouble, not the message's: wait as long again as it has waited so far."""
    now = timezone.now()
    age = now - message.created_at
    gone = age > PATIENCE
    wait = min(max(age, FIRST_WAIT), LONGEST_WAIT)
    _settle(
        message,
        state=Message.State.PARKED if gone else Message.State.WAITING,
        attempts=message.attempts - 1,
        next_try_at=now + _jitter(wait),
        last_error=problem[:300],
    )


def _refused(message: Message, problem: str) -> None:
    parked = message.attempts >= MAX_ATTEMPTS
    _settle(
        message,
        state=Message.State.PARKED if parked else Message.State.WAITING,
        next_try_at=timezone.now() + _jitter(FIRST_WAIT * 2**message.attempts),
        last_error=problem[:300],
    )


def _jitter(wait: dt.timedelta) -> dt.timedelta:
    """A fifth more or less, so that a thousand refused mails do not come back in one second."""
    return wait * random.uniform(0.8, 1.2)  # noqa: S311


def build(message: Message) -> EmailMultiAlternatives:
    """The e-mail of a row: text, HTML with one button, and the same headers at every attempt."""
    site = settings.SITE_URL.rstrip("/")
    context = {
        "message": message,
        "link": site + message.url if message.url else "",
        "inbox": site + reverse("notifications:inbox") if message.recipient_id else "",
        "language": message.language,
    }
    headers = {
        "Message-ID": f"<{message.message_id}@{urlsplit(site).hostname}>",
        "Date": formatdate(message.created_at.timestamp()),
        "Auto-Submitted": "auto-generated",
    }
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{site}{message.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = _templates()
    to = message.recipient.email if message.recipient else message.address
    with translation.override(message.language):
        mail = EmailMultiAlternatives(
            message.subject,
            text.render(context),
            settings.DEFAULT_FROM_EMAIL,
            [to],
            headers=headers,
        )
        mail.attach_alternative(message.html or html.render(context), "text/html")
    return mail


@cache
def _templates() -> tuple[Template, Template]:
    return (
        get_template("notifications/email/message.txt"),
        get_template("notifications/email/message.html"),
    )
