"""Requests that end because there is nobody left to answer."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client, ServiceRequest

Status = ServiceRequest.Status


def close_for_good(*, client: Client, actor: User) -> int:
    """Close what a client that is being erased still asks for; how many were open.

    Nobody is told: there is no longer anybody to mail. The clocks stop with it.
    """
    rows = ServiceRequest.objects.open().filter(client=client).defer("search")
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    now = timezone.now()
    for row in found:
        before, row.status = row.status, Status.CLOSED
        row.resolved_at, row.paused_at = now, None
        row.outcome = _("The personal data of the client was erased.")
        row.save(update_fields=["status", "resolved_at", "paused_at", "outcome"])
        record(actor=actor, verb="request.closed", target=row, status=[before, row.status])
    return len(found)
