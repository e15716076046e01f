from celery import shared_task

from accounts.jobs import job
from clientgroups.services.refresh import sweep_groups


@shared_task(acks_late=True, name="clientgroups.tasks.refresh_dynamic_groups")
def refresh_dynamic_groups() -> int:
    """Beat, each minute: rules marked stale, older than an hour, or of changed clients.

    Safe twice, late and together: each group is locked while its rule is worked out.
    """
    with job("clientgroups.tasks.refresh_dynamic_groups") as run:
        run.rows = sweep_groups()
    return run.rows
