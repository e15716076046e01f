import datetime as dt

from celery import shared_task
from django.utils import timezone

from accounts.jobs import job
from clientgroups.services import lifecycle


@shared_task(acks_late=True, name="clientgroups.tasks.derive_lifecycle")
def derive_lifecycle(day: str | None = None) -> int:
    """Beat, hourly; the first run of a day works the stages out, the others find nothing to do."""
    as_of = dt.date.fromisoformat(day) if day else timezone.localdate()
    with job("clientgroups.tasks.derive_lifecycle") as run:
        run.rows = lifecycle.derive_lifecycle(as_of=as_of)
    return run.rows
