import datetime as dt

from celery import shared_task
from django.utils import timezone

from accounts.jobs import job
from accounts.models import JobRun
from clientgroups.selectors.dates import today_here
from clientgroups.services import follow_ups, health, touches

SCORE = "clientgroups.tasks.score_health"


def day_here(at: dt.datetime) -> dt.date:
    """The day of an instant where the installation stands."""
    return at.astimezone(timezone.get_default_timezone()).date()


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
    before = JobRun.objects.filter(name=SCORE, error="").first()
    as_of = dt.date.fromisoformat(day) if day else None
    with job(SCORE) as run:
        if day or not before or day_here(before.started_at) != today_here():
            run.rows = health.score_health(as_of=as_of)
        else:
            run.rows = health.score_health(only_new=True)
        if before and not day:
            run.rows += health.rescore_changed(since=before.started_at)
    return run.rows


@shared_task(acks_late=True, name="clientgroups.tasks.purge_deleted_touches")
def purge_deleted_touches() -> int:
    """Beat, daily: what was deleted a week ago goes for good."""
    with job("clientgroups.tasks.purge_deleted_touches") as run:
        run.rows = touches.purge_deleted_touches()
    return run.rows
