from celery import shared_task

from accounts.jobs import job
from clientgroups.services.sla_watch import watch_service_levels


@shared_task(acks_late=True, name="clientgroups.tasks.tick_sla")
def tick_sla() -> int:
    """Beat, each five minutes: requests that fall due or are late, told once each."""
    with job("clientgroups.tasks.tick_sla") as run:
        run.rows = watch_service_levels()
    return run.rows
