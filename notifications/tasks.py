from celery import shared_task

from accounts.jobs import job
from notifications import delivery


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
