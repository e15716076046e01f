"""A form that is sent twice makes one row; the promise is a unique constraint, not a cache."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.apps import apps
from django.db import models, transaction

from accounts.models import SentForm, User


def once(service: Callable) -> Callable:
    """Let a service that creates a row take `once_key`: the same key again gives the first row.

    The key belongs to the person who sent it. Who sends the same form at the same moment waits at
    the constraint until the first one is stored, or takes its place when it was refused.
    """

    @wraps(service)
    def guarded(*, actor: User, once_key: UUID | None = None, **fields: object) -> models.Model:
        if once_key is None:
            return service(actor=actor, **fields)
        with transaction.atomic():
            rows = SentForm.objects
            rows.bulk_create([SentForm(actor=actor, key=once_key)], ignore_conflicts=True)
            sent = rows.select_for_update(of=("self",)).get(actor=actor, key=once_key)
            made = row_of(sent)
            if made is None:
                made = service(actor=actor, **fields)
                sent.target_type, sent.target_id = made._meta.label_lower, str(made.pk)
                sent.save(update_fields=["target_type", "target_id"])
            return made

    return guarded


def row_of(sent: SentForm) -> models.Model | None:
    """The row that a form made; None before it is made, and when it was deleted since."""
    if not sent.target_type:
        return None
    model = apps.get_model(sent.target_type)
    return model._base_manager.filter(pk=sent.target_id).first()


def was_sent(key: UUID) -> bool:
    """Whether a form with this key was accepted before, from whomever."""
    return SentForm.objects.filter(key=key).exists()
