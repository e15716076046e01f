from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client, NotDuplicate


@transaction.atomic
def dismiss_pair(*, first: Client, second: Client, actor: User) -> bool:
    """Remember that two clients only look alike; False when somebody has said so before."""
    if first.pk == second.pk:
        raise ValidationError(_("Choose two different clients."))
    low, high = sorted([first, second], key=lambda client: client.pk)
    _row, created = NotDuplicate.objects.get_or_create(
        first=low, second=high, defaults={"actor": actor}
    )
    if created:
        record(actor=actor, verb="client.not_duplicate", target=low, other=[None, high.pk])
    return created


@transaction.atomic
def recall_pair(*, first: Client, second: Client, actor: User) -> bool:
    """Let two clients be on offer as look-alikes again; False when they were."""
    low, high = sorted([first, second], key=lambda client: client.pk)
    deleted, _tables = NotDuplicate.objects.filter(first=low, second=high).delete()
    if deleted:
        record(actor=actor, verb="client.maybe_duplicate", target=low, other=[high.pk, None])
    return bool(deleted)
