"""Canned answers: kept by project managers, put away instead of deleted."""

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.models import User
from accounts.once import once
from clientgroups.models import CannedAnswer

FIELDS = ("title", "text", "text_zh", "type")


@once
@transaction.atomic
def save_canned_answer(
    *, actor: User, answer: CannedAnswer | None = None, **fields: object
) -> CannedAnswer:
    """Write a canned answer, or change one; saving the same again changes nothing."""
    is_new = answer is None
    row = CannedAnswer() if is_new else CannedAnswer.objects.select_for_update().get(pk=answer.pk)
    changed = [name for name in FIELDS if name in fields and getattr(row, name) != fields[name]]
    for name in changed:
        setattr(row, name, fields[name])
    if not changed and not is_new:
        return row
    row.full_clean()
    row.save()
    verb = "canned_answer.created" if is_new else "canned_answer.changed"
    record(actor=actor, verb=verb, target=row, fields=[None, changed])
    return row


@transaction.atomic
def archive_canned_answer(
    *, actor: User, answer: CannedAnswer, archived: bool = True
) -> CannedAnswer:
    """Take an answer out of the menus, or bring it back. Repeating is harmless."""
    row = CannedAnswer.objects.select_for_update().get(pk=answer.pk)
    if bool(row.archived_at) == archived:
        return row
    row.archived_at = timezone.now() if archived else None
    row.save(update_fields=["archived_at"])
    record(
        actor=actor, verb="canned_answer.archived", target=row, archived=[not archived, archived]
    )
    return row
