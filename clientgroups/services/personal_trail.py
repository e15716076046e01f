"""What the trail and the outbox say about a client; both hold names long after the row is gone."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent
from clientgroups.models import Client
from clientgroups.selectors.personal import PersonalData, register, words_of
from clientgroups.services.personal_scrub import emptied, scrub_rows
from notifications.models import Message

NOBODY = "erased-{}@example.invalid"


def _own_events(client: Client) -> QuerySet[AuditEvent]:
    """Events of the client and of every row below it, whatever app it belongs to."""
    found = Q(target_type=Client._meta.label_lower, target_id=str(client.pk))
    for relation in client._meta.related_objects:
        model = relation.related_model
        if model is Client:
            continue
        rows = model._base_manager.filter(**{relation.field.name: client})
        keys = list(map(str, rows.values_list("pk", flat=True)))
        if keys:
            found |= Q(target_type=model._meta.label_lower, target_id__in=keys)
    return AuditEvent.objects.filter(found)


def event_rows(client: Client) -> Iterable[dict]:
    names = ("at", "actor__name", "verb", "target_type", "target_id", "target_label", "changes")
    return _own_events(client).order_by("pk").values(*names)


def erase_events(client: Client) -> int:
    """Who did what and when stays; what the row was called and held does not."""
    rows = list(_own_events(client))
    for event in rows:
        event.target_label, event.changes = f"#{event.target_id}", emptied(event.changes)
        event.address = None
    AuditEvent.objects.bulk_update(rows, ["target_label", "changes", "address"], batch_size=200)
    others = AuditEvent.objects.exclude(pk__in=[event.pk for event in rows])
    return len(rows) + scrub_rows(others, ["target_label", "changes"], words_of(client))


def _mails(client: Client) -> QuerySet[Message]:
    """Messages to the contacts of the client; people who sign in are not contacts."""
    mails = [word for word in words_of(client) if "@" in word]
    found = Q()
    for mail in mails:
        found |= Q(address__iexact=mail)
    rows = Message.objects.filter(recipient=None)
    return rows.filter(found) if mails else rows.none()


def mail_rows(client: Client) -> Iterable[dict]:
    names = ("id", "address", "kind", "subject", "body", "state", "created_at", "sent_at")
    return _mails(client).order_by("pk").values(*names)


def erase_mails(client: Client) -> int:
    """What waits is not sent any more; what was sent stays as a line that it was."""
    rows = list(_mails(client))
    for row in rows:
        if row.state in (Message.State.WAITING, Message.State.LEASED):
            row.state = Message.State.PARKED
            row.last_error = "The personal data of the receiver was erased."
        row.address, row.subject = NOBODY.format(row.pk), "–"
        row.body = row.html = row.url = row.unsubscribe_url = ""
    names = ["state", "last_error", "address", "subject", "body", "html", "url", "unsubscribe_url"]
    Message.objects.bulk_update(rows, names, batch_size=200)
    others = Message.objects.exclude(pk__in=[row.pk for row in rows])
    return len(rows) + scrub_rows(others, ["subject", "body", "html"], words_of(client))


register(PersonalData("audit", _("Audit trail"), event_rows, erase_events))
register(PersonalData("mails", _("E-mails"), mail_rows, erase_mails))
