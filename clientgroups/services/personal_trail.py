"""What the trail and the outbox say about a client; both hold names long after the row is gone."""

from collections.abc import Iterable

from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent
from clientgroups.models import ActivityInvitation, Client, RequestMessage
from clientgroups.selectors.personal import (
    PersonalData,
    mail_keys,
    on_mails,
    own_addresses,
    register,
    words_of,
)
from clientgroups.services.activity_mails import WORDS
from clientgroups.services.personal_scrub import emptied, scrub_rows
from notifications.models import Message

NOBODY = "erased-{}@example.invalid"
UNSENT = (Message.State.WAITING, Message.State.LEASED)
ERASED = "The personal data it is about was erased."


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
    names = ["target_label", "changes"]
    return len(rows) + scrub_rows(others, names, words_of(client), figures=False)


def request_keys(client: Client) -> Iterable[str]:
    """Mails to a contact about the requests of the client."""
    for pk in client.requests.values_list("pk", flat=True):
        yield f"request.received:{pk}"
        yield f"request.resolved:{pk}"
    messages = RequestMessage.objects.filter(request__client=client)
    yield from (f"request.answer:{pk}" for pk in messages.values_list("pk", flat=True))


def activity_keys(client: Client) -> Iterable[str]:
    """Mails to a contact about the activities the client was invited to."""
    rows = ActivityInvitation.objects.filter(client=client).values_list("pk", flat=True)
    return [f"{kind}:{pk}" for pk in rows for kind in WORDS]


def _part(number: int) -> Func:
    return Func(
        F("dedupe_key"), Value(":"), Value(number), function="SPLIT_PART", output_field=CharField()
    )


def _mails(client: Client) -> QuerySet[Message]:
    """Messages to the contacts of the client; people who sign in are not contacts.

    A person may stand at two clients with one address: a mail belongs to the client whose row it
    is about, and only an address that no other client has tells it alone.
    """
    rows = Message.objects.filter(recipient=None).annotate(
        about=Concat(_part(1), Value(":"), _part(2), output_field=CharField()), low=Lower("address")
    )
    return rows.filter(Q(about__in=mail_keys(client)) | Q(low__in=own_addresses(client)))


def mail_rows(client: Client) -> Iterable[dict]:
    names = ("id", "address", "kind", "subject", "body", "state", "created_at", "sent_at")
    return _mails(client).order_by("pk").values(*names)


def blank_notices(urls: Iterable[str]) -> int:
    """Messages to people who sign in, known by the page they lead to: what they said goes."""
    rows = Message.objects.filter(url__in=list(urls)).exclude(recipient=None)
    rows.filter(state__in=UNSENT).update(state=Message.State.PARKED, last_error=ERASED)
    return rows.update(subject="–", body="", html="")


def _pages(client: Client) -> Iterable[str]:
    """Where notices about the client and its requests lead."""
    yield client.get_absolute_url()
    for request in client.requests.only("pk"):
        yield request.get_absolute_url()


def erase_mails(client: Client) -> int:
    """What waits is not sent any more; what was sent stays as a line that it was."""
    rows = list(_mails(client))
    for row in rows:
        if row.state in UNSENT:
            row.state, row.last_error = Message.State.PARKED, ERASED
        row.address, row.subject = NOBODY.format(row.pk), "–"
        row.body = row.html = row.url = row.unsubscribe_url = ""
    names = ["state", "last_error", "address", "subject", "body", "html", "url", "unsubscribe_url"]
    Message.objects.bulk_update(rows, names, batch_size=200)
    others = Message.objects.exclude(pk__in=[row.pk for row in rows])
    told = blank_notices(_pages(client))
    return len(rows) + told + scrub_rows(others, ["subject", "body", "html"], words_of(client))


on_mails(request_keys)
on_mails(activity_keys)
register(PersonalData("audit", _("Audit trail"), event_rows, erase_events))
register(PersonalData("mails", _("E-mails"), mail_rows, erase_mails))
