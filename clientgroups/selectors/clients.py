from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property

from accounts.models import AuditEvent, User
from clientgroups.models import Client, ClientGroup, ClientMerge, ConsentChange, Contact, Membership
from clientgroups.selectors import Part, child_of, visible_client
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.events import events_of
from clientgroups.selectors.rules.explain import Line, explain

MOST = 10_000
BULK = ("clients.tagged", "clients.grouped", "clients.archived")
MOST_COUNTED = MOST + 1


class CappedPaginator(Paginator):
    """Counts no further than 10,000: nobody turns so many pages, and counting all is slow."""

    @cached_property
    def counted(self):
        """As its rows count themselves: up to MOST_COUNTED."""
        return self.object_list.count()

    @property
    def capped(self):
        return self.counted > MOST

    @property
    def count(self):
        return min(self.counted, MOST)


def contact_of_client(user: User, pk: int, contact: int) -> Contact:
    """A contact, through a client the person sees."""
    client = visible_client(user, pk)
    row = child_of(client, client.contacts.all(), contact)
    row.client = client
    return row


def consents_of(contact: Contact) -> list[ConsentChange]:
    """What a contact agreed to and took back, the latest first."""
    return list(contact.consent_changes.select_related("actor")[:50])


def client_or_its_heir(user: User, pk: int) -> Client:
    """A client the person sees; instead of one that was merged, the client it went into.

    The rows that made a merged client visible moved with it, so its heir decides. `asked` is the
    key that stands in the address. With names of tags, and whether something was merged into it.
    """
    rows = _with_page(Client.objects.visible_to(user))
    client = rows.filter(pk=pk, merged_into=None).first()
    if client is None:
        heir = merged_target(Client.objects.filter(pk=pk).only("merged_into").first())
        client = get_object_or_404(rows, pk=heir.pk if heir else pk)
    client.asked = pk
    return client


def _with_page(rows: QuerySet) -> QuerySet:
    names = Client.tags.through.objects.filter(client=OuterRef("pk")).order_by("tag__name")
    merges = ClientMerge.objects.filter(kept=OuterRef("pk"), undone_at=None)
    return rows.select_related("owner").annotate(
        tag_names=ArraySubquery(names.values("tag__name")), has_merges=Exists(merges)
    )


def merged_target(client: Client | None) -> Client | None:
    """The client that one was merged into, however many merges later; itself when it was not."""
    seen = set()
    while client and client.merged_into_id and client.pk not in seen:
        seen.add(client.pk)
        client = Client.objects.only("merged_into").get(pk=client.merged_into_id)
    return client


def bulk_event(user: User, event: int) -> AuditEvent:
    """What the person did to many clients, to be taken back by the same person.

    Each client is judged again when that happens.
    """
    return get_object_or_404(AuditEvent.objects.filter(verb__in=BULK, actor=user), pk=event)


def stage_event(user: User, pk: int, event: int) -> Part:
    """A client's stage set by hand, to be taken back."""
    client = visible_client(user, pk)
    return Part(client, child_of(client, events_of(client, "client.stage_fixed"), event))


def rule_of_client(user: User, pk: int, group: int) -> Part:
    """A client, and a group by rule that the person sees as well."""
    groups = ClientGroup.objects.visible_to(user).filter(kind=ClientGroup.Kind.DYNAMIC)
    client = visible_client(user, pk)
    return Part(client, child_of(client, groups.select_related("owner"), group))


def memberships_of(client: Client, user: User) -> list[Membership]:
    """The client's groups that the person may know of, present ones first."""
    groups = ClientGroup.objects.visible_to(user)
    rows = client.memberships.filter(client_group__in=groups).select_related("client_group")
    return sorted(rows, key=lambda row: (row.valid_to is not None, row.client_group.name))


def why_in_group(client: Client, group: ClientGroup, user: User) -> Line:
    """The rule of a group, part by part, for one client."""
    today = today_here()
    return explain(group.rule, client=client, owner=group.owner, reader=user, today=today)


def addable_clients(group: ClientGroup, user: User):  # noqa: ANN201
    """Clients the person may change who are not in the group today."""
    return Client.objects.editable_by(user).exclude(
        pk__in=group.memberships.current().values("client")
    )
