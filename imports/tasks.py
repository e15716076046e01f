import datetime as dt

from celery import shared_task
from django.utils import timezone

from accounts.jobs import job
from imports import runner

KEPT = dt.timedelta(days=14)


@shared_task(time_limit=285, soft_time_limit=270)
def advance(run_id: int) -> bool:
    """Woken when an import has something to do; goes on with it in a new task when it is long."""
    more = runner.advance(run_id)
    if more:
        advance.delay(run_id)
    return more


@shared_task(time_limit=285, soft_time_limit=270)
def continue_imports() -> int:
    """Beat, every thirty seconds: imports whose wake-up was lost or whose worker died."""
    with job("imports.tasks.continue_imports") as run:
        waiting = runner.pending(timezone.now())
        for run_id in waiting:
            advance(run_id)
        run.rows = len(waiting) + runner.expire(timezone.now() - KEPT)
    return run.rows
