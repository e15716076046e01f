from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Max, Min, Q, Sum
from django.http import Http404
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import AuditEvent, User
from clientgroups.models import Client, ClientGroup, Contact, Membership
from clientgroups.selectors import child_of, visible_client
from clientgroups.selectors.rules.explain import Line, explain

MOST = 10_000


class CappedPaginator(Paginator):
    """Counts no further than 10,000: nobody turns so many pages, and counting all is slow."""

    @cached_property
    def counted(self):
        return self.object_list[: MOST + 1].count()

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


def event_of(target, verb: str, pk: object) -> AuditEvent:  # noqa: ANN001
    """One entry of the trail about a row, to be taken back; 404 for any other."""
    rows = AuditEvent.objects.filter(
        target_type=target._meta.label_lower, target_id=str(target.pk), verb=verb
    )
    found = rows.filter(pk=pk).first() if str(pk).isdecimal() else None
    if found is None:
        raise Http404("No such entry")
    return found


@dataclass(frozen=True)
class Spending:
    """What a client paid in one currency, refunds taken off."""

    currency: str
    total: object
    number: int


def spending_of(client: Client) -> list[Spending]:
    """Sums per currency; amounts in different currencies are never added up."""
    rows = client.purchases.order_by().values("currency").annotate(total=Sum("amount"))
    counted = rows.order_by("-total").values_list("currency", "total")
    return [Spending(currency, total, 0) for currency, total in counted]


def memberships_of(client: Client, user: User) -> list[Membership]:
    """The client's groups that the person may know of, present ones first."""
    groups = ClientGroup.objects.visible_to(user)
    rows = client.memberships.filter(client_group__in=groups).select_related("client_group")
    return sorted(rows, key=lambda row: (row.valid_to is not None, row.client_group.name))


def why_in_group(client: Client, user: User, group_pk: object) -> tuple[ClientGroup, Line]:
    """The rule of a group the person sees, part by part, for one client."""
    groups = ClientGroup.objects.visible_to(user).filter(kind=ClientGroup.Kind.DYNAMIC)
    group = groups.select_related("owner").filter(pk=group_pk).first()
    if group is None:
        raise Http404("No such group")
    today = timezone.localdate()
    return group, explain(group.rule, client=client, owner=group.owner, reader=user, today=today)


def addable_clients(group: ClientGroup, user: User):  # noqa: ANN201
    """Clients the person sees who are not in the group today."""
    return Client.objects.visible_to(user).exclude(
        pk__in=group.memberships.current().values("client")
    )


def stage_days(group: ClientGroup) -> dict:
    """Between which days the stages of a group's clients were worked out."""
    rows = Client.objects.filter(memberships__in=group.memberships.current())
    return rows.aggregate(
        first=Min("stage_as_of", filter=Q(stage_as_of__isnull=False)), last=Max("stage_as_of")
    )
