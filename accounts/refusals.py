"""Doors that did not open to somebody who is signed in, as rows of the audit trail."""

import datetime as dt
import logging

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.audit import record
from accounts.models import AuditEvent, User

logger = logging.getLogger(__name__)

# Answer -> verb. A row that a person may not see is "not found", like one that does not exist.
VERBS = {403: "access.refused", 404: "access.not_found"}
# So that nobody fills the trail by asking again and again.
AT_MOST, WITHIN = 10, dt.timedelta(minutes=1)
LOCK = 7403


def note_refusal(request, response) -> AuditEvent | None:
    """Record a finished answer that refused something; never in the way of the answer itself.

    A 404 counts where a view of ours looked for a row; a mistyped address does not.
    """
    match = request.resolver_match
    verb = VERBS.get(response.status_code)
    if verb is None or match is None:
        return None
    permission = getattr(match.func, "permission", "")
    if response.status_code == 404 and not permission:
        return None
    # Pages without a named right may carry a secret in their address: only the pattern is kept.
    page = request.path if permission else f"/{match.route}"
    try:
        return record_refusal(
            actor=request.user, verb=verb, page=f"{request.method} {page}", permission=permission
        )
    except DatabaseError:
        logger.exception("A refusal could not be written into the audit trail.")
        return None


@transaction.atomic
def record_refusal(*, actor: User, verb: str, page: str, permission: str) -> AuditEvent | None:
    """Write that a person was refused; None when there are enough of these lines this minute.

    It is told of the person and not of the row, whose history others read.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, actor.pk % 2**31])
    recent = AuditEvent.objects.filter(
        actor=actor, verb__in=VERBS.values(), at__gt=timezone.now() - WITHIN
    ).count()
    if recent >= AT_MOST:
        return None
    changes = {"page": [None, page[:200]]}
    if permission:
        changes["permission"] = [None, permission]
    if recent == AT_MOST - 1:
        changes["rest_left_out"] = [None, True]
    return record(actor=actor, verb=verb, target=actor, **changes)
