import datetime as dt

from celery import shared_task
from django.utils import timezone

from accounts.jobs import job
from accounts.models import JobRun
from feedback.services.scores import rebuild_scores, sweep_scores
from feedback.services.waves import send_due_waves as send_waves

REPAIR = "feedback.tasks.repair_rollups"
REPAIR_HOURS = 20


@shared_task(acks_late=True)
def sweep_rollups() -> int:
    """Beat, each minute: recompute what was marked. Safe to run twice, late or together."""
    with job("feedback.tasks.sweep_rollups") as run:
        run.rows = sweep_scores()
    return run.rows


@shared_task(acks_late=True)
def send_due_waves() -> int:
    """Beat, each minute: queue the mails of waves whose time has come."""
    with job("feedback.tasks.send_due_waves") as run:
        run.rows = send_waves()
    return run.rows


@shared_task(acks_late=True)
def repair_rollups() -> int:
    """Beat, hourly, at work once a night: recompute everything, whatever caused a difference.

    A client who joins or leaves a group on the day of an answer changes the group's score without
    an answer changing; this finds it.
    """
    since = timezone.now() - dt.timedelta(hours=REPAIR_HOURS)
    if JobRun.objects.filter(name=REPAIR, started_at__gte=since, error="").exists():
        return 0
    with job(REPAIR) as run:
        run.rows = rebuild_scores()
    return run.rows
