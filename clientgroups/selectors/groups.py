import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import User
from clientgroups.models import Client, ClientGroup, GroupAccess, Membership
from clientgroups.selectors import Part, child_of, visible_group
from clientgroups.selectors.events import events_of
from clientgroups.selectors.group_columns import columns
from clientgroups.selectors.lifecycle import stage_day_sql
from clientgroups.selectors.membership_days import Size
from clientgroups.selectors.value_periods import periods
from core.search import search_query

MONTH = dt.timedelta(days=30)
WEEKS = 13
TRENDS = """
SELECT DISTINCT ON (client_group_id, date_trunc('week', day)) client_group_id, n
  FROM clientgroups_groupsize
 WHERE client_group_id = ANY(%(groups)s) AND day > %(first)s AND day <= %(last)s
 ORDER BY client_group_id, date_trunc('week', day), day DESC
"""


@dataclass(frozen=True)
class Moves:
    """How many memberships began and ended in the last thirty days."""

    joined: int
    left: int

    @property
    def change(self) -> int:
        return self.joined - self.left


def moves_of(group: ClientGroup, today: dt.date) -> Moves:
    """Who came and went in thirty days; one query."""
    since = today - MONTH
    found = group.memberships.aggregate(
        joined=Count("pk", filter=Q(valid_from__gt=since)),
        left=Count("pk", filter=Q(valid_to__gt=since)),
    )
    return Moves(**found)


@dataclass(frozen=True)
class Stages:
    """How many members stand at each lifecycle stage, and for which days that was worked out."""

    counts: dict[str, int]
    first: dt.date | None
    last: dt.date | None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def stages_of(group: ClientGroup) -> Stages:
    """The stage mix of today's members; one query."""
    members = group.memberships.current().values("client")
    rows = list(
        Client.objects.filter(pk__in=members)
        .order_by()
        .values_list("stage")
        .annotate(n=Count("pk"), first=Min(stage_day_sql()), last=Max(stage_day_sql()))
    )
    return Stages(
        counts={stage: n for stage, n, _first, _last in rows},
        first=min((first for *_, first, _last in rows if first), default=None),
        last=max((last for *_, last in rows if last), default=None),
    )


# One pass: memberships of one client never overlap, so beginnings less ends are the clients.
STEPS = """
SELECT day, sum(step)::int FROM (
  SELECT valid_from AS day, 1 AS step FROM clientgroups_membership WHERE client_group_id = %(group)s
   UNION ALL
  SELECT valid_to, -1 FROM clientgroups_membership
   WHERE client_group_id = %(group)s AND valid_to IS NOT NULL) AS steps
 GROUP BY day ORDER BY day
"""


def monthly_sizes(group: ClientGroup, months: int, today: dt.date) -> list[Size]:
    """What `membership_days.size_series` says, in one pass for groups of any size."""
    with connection.cursor() as cursor:
        cursor.execute(STEPS, {"group": group.pk})
        steps = cursor.fetchall()
    ends = [min(period.end, today) for period in periods("month", today, months)]
    series, n, place = [], 0, 0
    for end in ends:
        while place < len(steps) and steps[place][0] <= end:
            n += steps[place][1]
            place += 1
        series.append(Size(end, n if place else None))
    return series


# The list ----------------------------------------------------------------------------------------


def size_trends(pks: Iterable[int], today: dt.date) -> dict[int, list[int]]:
    """Sizes at the end of each of the last weeks, oldest first, by group; one query."""
    values = {"groups": list(pks), "first": today - dt.timedelta(weeks=WEEKS), "last": today}
    with connection.cursor() as cursor:
        cursor.execute(TRENDS, values)
        rows = cursor.fetchall()
    found: dict[int, list[int]] = {}
    for pk, n in rows:
        found.setdefault(pk, []).append(n)
    return found


def fill_rows(groups: Iterable[ClientGroup], today: dt.date) -> list[ClientGroup]:
    """Give each group of a list its `trend` and its `scores` by column; two queries."""
    rows = list(groups)
    pks = [row.pk for row in rows]
    trends = size_trends(pks, today) if pks else {}
    scores = [(column, column.scores(pks)) for column in columns()] if pks else []
    for row in rows:
        row.trend = trends.get(row.pk, [])
        row.grown = row.trend[-1] - row.trend[0] if len(row.trend) > 1 else None
        row.scores = [(column, found.get(row.pk)) for column, found in scores]
    return rows


# Members and people ------------------------------------------------------------------------------


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
