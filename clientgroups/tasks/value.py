import datetime as dt

from celery import shared_task

from accounts.jobs import job
from clientgroups.services import rfm


@shared_task(acks_late=True, name="clientgroups.tasks.score_rfm")
def score_rfm(day: str | None = None) -> int | None:
    """Beat, each minute: the first run of a day scores, the others only after something changed.

    A run that finds nothing to do leaves no trace, so that the page of jobs shows the real ones.
    """
    if day:
        with job("clientgroups.tasks.score_rfm") as run:
            run.rows = rfm.score_clients(as_of=dt.date.fromisoformat(day)).written
        return run.rows
    if not rfm.scores_are_due():
        return None
    with job("clientgroups.tasks.score_rfm") as run:
        done = rfm.score_when_due()
        run.rows = done.written if done else 0
    return run.rows
