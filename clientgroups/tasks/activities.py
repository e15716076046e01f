from celery import shared_task

from accounts.jobs import job
from clientgroups.services import activities, group_sizes


@shared_task(acks_late=True, name="clientgroups.tasks.send_activity_invitations")
def send_activity_invitations() -> int:
    """Beat, each minute: mails of invitations that did not leave with the click."""
    with job("clientgroups.tasks.send_activity_invitations") as run:
        run.rows = activities.send_due_invitations()
    return run.rows


@shared_task(acks_late=True, name="clientgroups.tasks.record_group_sizes")
def record_group_sizes() -> int:
    """Beat, hourly: the size of each group by day."""
    with job("clientgroups.tasks.record_group_sizes") as run:
        run.rows = group_sizes.record_group_sizes()
    return run.rows
