from contextvars import ContextVar

from accounts.models import AuditEvent

# The client's address of the request being served, set by accounts.middleware.
request_address = ContextVar("request_address", default=None)


def record(*, actor, verb, target, **changes):
    """Write one audit row in the caller's transaction; `changes` are field=[before, after].

    The address is kept for people who sign in only: an answer to a survey stays anonymous.
    """
    return AuditEvent.objects.create(
        actor=actor,
        verb=verb,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=str(target)[:200],
        changes=changes,
        address=request_address.get() if actor else None,
    )
