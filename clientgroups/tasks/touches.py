import datetime as dt

from celery import shared_task

from accounts.jobs import job
from accounts.models import JobRun
from clientgroups.services import follow_ups, health, touches

SCORE = "clientgroups.tasks.score_health"


@shared_task(acks_late=True, name="clientgroups.tasks.remind_follow_ups")
def remind_follow_ups() -> int:
    """Beat, every five minutes. Each follow-up is called to mind once, on its day."""
    with job("clientgroups.tasks.remind_follow_ups") as run:
        run.rows = follow_ups.remind_follow_ups()
    return run.rows


@shared_task(acks_late=True, name=SCORE)
def score_health(day: str | None = None) -> int:
    """Beat, every fifteen minutes; the first run of a day scores everybody, the others those of
    whom something new was written since the run before.

    Portions that are done stay done, so that a run which was stopped goes on where it was.
    """
    before = JobRun.objects.filter(name=SCORE, error="").values_list("started_at", flat=True)
    since = before.first()
    with job(SCORE) as run:
        run.rows = health.score_health(as_of=dt.date.fromisoformat(day) if day else None)
        if since and not day:
            run.rows += health.rescore_changed(since=since)
    return run.rows


@shared_task(acks_late=True, name="clientgroups.tasks.purge_deleted_touches")
def purge_deleted_touches() -> int:
    """Beat, daily: what was deleted a week ago goes for good."""
    with job("clientgroups.tasks.purge_deleted_touches") as run:
        run.rows = touches.purge_deleted_touches()
    return run.rows
