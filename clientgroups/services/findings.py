import datetime as dt
import uuid

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.models import User
from clientgroups.models import ClientGroup, Finding

FIELDS = (
    "title",
    "text",
    "kind",
    "source",
    "source_url",
    "found_on",
    "confidence",
    "market_size",
    "currency",
    "period_from",
    "period_to",
)


def _tidy(fields: dict) -> dict:
    """What was typed without blanks around it; days and currency only with a market size."""
    found = {n: v.strip() if isinstance(v, str) else v for n, v in fields.items() if n in FIELDS}
    if "currency" in found:
        found["currency"] = found["currency"].upper()
    if "market_size" in found and found["market_size"] is None:
        found |= {"currency": "", "period_from": None, "period_to": None}
    return found


def _plain(value: object) -> object:
    if isinstance(value, dt.date):
        return value.isoformat()
    return value if value is None or isinstance(value, str) else str(value)


@transaction.atomic
def create_finding(
    *, actor: User, group: ClientGroup, submission_key: uuid.UUID | None = None, **fields: object
) -> Finding:
    """Keep a finding with a group; sending the same form twice keeps it once."""
    # Two of the same form at once: the second waits here, then finds the row of the first.
    ClientGroup.objects.select_for_update().get(pk=group.pk)
    if submission_key:
        known = Finding.objects.filter(client_group=group, submission_key=submission_key).first()
        if known:
            return known
    finding = Finding(
        client_group=group, created_by=actor, submission_key=submission_key, **_tidy(fields)
    )
    finding.full_clean()
    finding.save()
    record(
        actor=actor,
        verb="finding.created",
        target=finding,
        group=[None, group.name],
        title=["", finding.title],
        source=["", finding.source],
    )
    return finding


@transaction.atomic
def update_finding(*, actor: User, finding: Finding, **fields: object) -> Finding:
    """Change a finding; saving what stands there already changes nothing."""
    finding = Finding.objects.select_for_update().get(pk=finding.pk)
    changes = {}
    for name, value in _tidy(fields).items():
        old = getattr(finding, name)
        if old != value:
            changes[name] = [_plain(old), _plain(value)]
            setattr(finding, name, value)
    if not changes:
        return finding
    finding.full_clean()
    finding.save(update_fields=list(changes))
    record(actor=actor, verb="finding.changed", target=finding, **changes)
    return finding


@transaction.atomic
def archive_finding(*, actor: User, finding: Finding, archived: bool = True) -> Finding:
    """Put a finding away, or take it back; goals that rest on it keep it."""
    finding = Finding.objects.select_for_update().get(pk=finding.pk)
    if (finding.archived_at is not None) == archived:
        return finding
    finding.archived_at = timezone.now() if archived else None
    finding.save(update_fields=["archived_at"])
    verb = "finding.archived" if archived else "finding.restored"
    record(actor=actor, verb=verb, target=finding, archived=[not archived, archived])
    return finding
