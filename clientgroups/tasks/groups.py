import datetime as dt

from celery import shared_task
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.jobs import job
from clientgroups.models import ClientGroup
from clientgroups.services import lifecycle
from clientgroups.services.database import be_patient
from clientgroups.services.groups import refresh_group

HOUR = dt.timedelta(hours=1)


@shared_task(acks_late=True, name="clientgroups.tasks.derive_lifecycle")
def derive_lifecycle(day: str | None = None) -> int:
    """Beat, hourly; the first run of a day works the stages out, the others find nothing to do."""
    as_of = dt.date.fromisoformat(day) if day else timezone.localdate()
    with job("clientgroups.tasks.derive_lifecycle") as run:
        run.rows = lifecycle.derive_lifecycle(as_of=as_of)
    return run.rows


@shared_task(acks_late=True, name="clientgroups.tasks.refresh_dynamic_groups")
def refresh_dynamic_groups() -> int:
    """Beat, each minute: rules marked stale, or older than an hour, are worked out again.

    Each group in its own transaction; a group that another worker holds is left to it.
    """
    with job("clientgroups.tasks.refresh_dynamic_groups") as run:
        run.rows = 0
        seen = set()
        while (group := _refresh_one(seen)) is not None:
            seen.add(group.pk)
            run.rows += 1
    return run.rows


@transaction.atomic
def _refresh_one(seen):  # noqa: ANN001, ANN202
    be_patient()
    old = timezone.now() - HOUR
    due = (
        ClientGroup.objects.active()
        .filter(kind=ClientGroup.Kind.DYNAMIC)
        .filter(Q(stale_at__isnull=False) | Q(refreshed_at=None) | Q(refreshed_at__lt=old))
        .exclude(pk__in=seen)
        .select_for_update(skip_locked=True)
        .order_by("refreshed_at", "pk")
    )
    group = due.first()
    if group is not None:
        refresh_group(group=group)
    return group
