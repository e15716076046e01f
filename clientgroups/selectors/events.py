from django.db.models import QuerySet

from accounts.models import AuditEvent


def events_of(target, verb: str) -> QuerySet[AuditEvent]:  # noqa: ANN001
    """What the trail says about one row and one action."""
    return AuditEvent.objects.filter(
        target_type=target._meta.label_lower, target_id=str(target.pk), verb=verb
    )
