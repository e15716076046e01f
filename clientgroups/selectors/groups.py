import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from accounts.models import User
from clientgroups.models import Client, ClientGroup, GroupAccess, Membership, Purchase
from clientgroups.selectors import Part, child_of, visible_group
from clientgroups.selectors.dates import months_before
from clientgroups.selectors.events import events_of
from core.search import search_query

MONTH = 30


@dataclass(frozen=True)
class Figures:
    """What the page of a group says about its clients of today."""

    stages: dict
    stages_from: dt.date | None
    stages_to: dt.date | None
    spending: list
    buyers: int
    since: dt.date
    joined: int
    left: int

    @property
    def change(self):
        return self.joined - self.left


def figures_of(group: ClientGroup, today: dt.date) -> Figures:
    """Stage mix, purchases of twelve months by currency, and who came and went in 30 days."""
    members = group.memberships.current()
    stages = dict(
        Client.objects.filter(pk__in=members.values("client"))
        .order_by()
        .values_list("stage")
        .annotate(n=Count("pk"))
    )
    days = Client.objects.filter(pk__in=members.values("client")).aggregate(
        first=Min("stage_as_of"), last=Max("stage_as_of")
    )
    since = months_before(today, 12)
    bought = Purchase.objects.filter(
        client__in=members.values("client"), bought_on__gt=since, bought_on__lte=today
    ).order_by()
    spending = list(
        bought.values("currency")
        .annotate(total=Sum("amount"), number=Count("pk", filter=Q(amount__gte=0)))
        .order_by("-total")
    )
    month = today - dt.timedelta(days=MONTH)
    moves = group.memberships.aggregate(
        joined=Count("pk", filter=Q(valid_from__gt=month)),
        left=Count("pk", filter=Q(valid_to__gt=month)),
    )
    return Figures(
        stages=stages,
        stages_from=days["first"],
        stages_to=days["last"],
        spending=spending,
        buyers=bought.filter(amount__gte=0).values("client").distinct().count(),
        since=since,
        **moves,
    )


def members_of(group: ClientGroup, *, former: bool = False, text: str = "") -> QuerySet[Membership]:
    """Today's members by name, or who was one and when; `text` searches their names."""
    rows = group.memberships.exclude(valid_to=None) if former else group.memberships.current()
    rows = rows.select_related("client")
    if text.strip():
        query = search_query(text)
        rows = rows.filter(client__search=query) if query is not None else rows.none()
    return (
        rows.order_by("-valid_to", "client__name", "pk")
        if former
        else rows.order_by("client__name", "pk")
    )


def member_of_group(user: User, pk: int, member: int) -> Membership:
    """A membership, through a group the person sees."""
    group = visible_group(user, pk)
    row = child_of(group, group.memberships.select_related("client"), member)
    row.client_group = group
    return row


def access_of_group(user: User, pk: int, access: int) -> GroupAccess:
    """A person's role, through a group the person sees."""
    group = visible_group(user, pk)
    row = child_of(group, group.access.select_related("user"), access)
    row.client_group = group
    return row


def access_event(user: User, pk: int, event: int) -> Part:
    """A change of somebody's role in a group, to be taken back."""
    group = visible_group(user, pk)
    return Part(group, child_of(group, events_of(group, "group.access_changed"), event))
