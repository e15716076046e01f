from celery import shared_task

from accounts.jobs import job
from config.celery import HEARTBEAT


@shared_task(ignore_result=True)
def heartbeat() -> None:
    """Beat, each quarter of a minute: proof for /readyz that beat and a worker are alive."""
    with job(HEARTBEAT):
        pass
