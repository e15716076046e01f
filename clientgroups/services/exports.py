import uuid

from django.db import transaction

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client


class ExportedClients:
    """What the audit trail calls a list that left the product."""

    _meta = Client._meta

    def __init__(self, number: int) -> None:
        self.pk, self.number = uuid.uuid4(), number

    def __str__(self) -> str:
        return f"{self.number} clients"


@transaction.atomic
def note_export(*, actor: User, number: int, form: str, rows: str, filters: str) -> None:
    """Keep in the audit trail who took a list away, how long it was and what it was narrowed to."""
    record(
        actor=actor,
        verb="clients.exported",
        target=ExportedClients(number),
        clients=[None, number],
        form=[None, form],
        rows=[None, rows],
        filters=[None, filters[:300]],
    )
