import datetime as dt

from celery import shared_task
from django.utils import timezone

from accounts.jobs import job
from notifications import delivery
from notifications.models import Message

KEPT = dt.timedelta(days=180)


@shared_task(ignore_result=True)
def deliver(message_pk: int) -> bool:
    """Woken when a message was stored."""
    return delivery.deliver(message_pk)


@shared_task(ignore_result=True)
def deliver_pending() -> int:
    """Beat, every fifteen seconds: new mails, lost wake-ups, dead workers and retries."""
    with job("notifications.tasks.deliver_pending") as run:
        run.rows = delivery.deliver_pending()
    return run.rows


@shared_task(ignore_result=True)
def purge_old() -> int:
    """Beat, daily: messages that were read, or mailed to contacts, half a year ago."""
    with job("notifications.tasks.purge_old") as run:
        run.rows = Message.objects.older_than(timezone.now() - KEPT).delete()[0]
    return run.rows
