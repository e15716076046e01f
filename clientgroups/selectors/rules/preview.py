"""What a rule would choose, before it is stored: how many, who, and who else has them."""

from dataclasses import dataclass, field

from django.db import connection

from accounts.models import User
from clientgroups.models import Client, ClientGroup
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.rules.query import matching, may_change_rule, population
from clientgroups.selectors.rules.tree import check_rule

SAMPLE, MOST_OVERLAPS = 8, 6
# The rule is worked out once for all three questions.
FOUND = """
WITH found AS MATERIALIZED ({matched})
SELECT 0 AS pk, count(*) AS shared,
       (SELECT array_agg(first.id ORDER BY first.name, first.id)
          FROM (SELECT c.id, c.name FROM found JOIN clientgroups_client c ON c.id = found.id
                 ORDER BY c.name, c.id LIMIT %s) first) AS sample
  FROM found
UNION ALL
SELECT m.client_group_id, count(*), NULL
  FROM found JOIN clientgroups_membership m ON m.client_id = found.id
 WHERE m.valid_to IS NULL AND m.client_group_id = ANY(%s)
 GROUP BY m.client_group_id
"""


@dataclass(frozen=True)
class Overlap:
    """How far two sets of clients are the same: `shared` of `size` in the group, of `own` here."""

    group: ClientGroup
    shared: int
    size: int
    own: int

    @property
    def share(self) -> float | None:
        """The part of the clients here that the group has as well."""
        return self.shared / self.own if self.own else None

    @property
    def jaccard(self) -> float | None:
        """Shared clients as a part of all clients of both; 1 when both are the same."""
        together = self.own + self.size - self.shared
        return self.shared / together if together else None


@dataclass(frozen=True)
class Preview:
    """How many clients a rule holds for today, the first few of them by name, and overlaps."""

    count: int
    sample: list[Client]
    total: int
    overlaps: list[Overlap] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        return self.count / self.total if self.total else None


def preview_rule(*, rule: object, actor: User, group: ClientGroup | None = None) -> Preview:
    """Try a rule without storing anything; ValidationError when it cannot be worked out.

    It is worked out over the clients of the group's owner. Others count and meet only those of them
    whom they see themselves; overlaps are told of groups that the person who asks may see.
    """
    owner = group.owner if group and group.pk else actor
    checked = check_rule(rule, actor=owner, group=group, reader=actor)
    found = matching(checked, owner=owner, today=today_here())
    total = population(owner)
    if group and group.pk and not may_change_rule(actor, group):
        seen = Client.objects.visible_to(actor).order_by().values("pk")
        found, total = found.filter(pk__in=seen), total.filter(pk__in=seen)
    others = other_groups(actor, group)
    rows = counted(found.values("id"), [other.pk for other in others])
    _pk, count, sample = rows.pop(0)
    people = {client.pk: client for client in Client.objects.filter(pk__in=sample or [])}
    return Preview(
        count,
        [people[pk] for pk in sample or []],
        total.count(),
        largest(rows, others, count),
    )


def other_groups(reader: User, group: ClientGroup | None) -> list[ClientGroup]:
    groups = ClientGroup.objects.visible_to(reader).active().only("pk", "name", "member_count")
    return list(groups.exclude(pk=group.pk) if group and group.pk else groups)


def counted(found: object, groups: list[int]) -> list[tuple]:
    """(group, shared clients, sample) of groups that share some, the set itself first."""
    matched, params = found.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(FOUND.format(matched=matched), [*params, SAMPLE, groups])
        return sorted(cursor.fetchall())


def largest(rows: list[tuple], groups: list[ClientGroup], count: int) -> list[Overlap]:
    known = {group.pk: group for group in groups}
    found = []
    for pk, shared, _none in rows:
        # The stored size; while a group is being worked out it may be a moment older.
        size = max(known[pk].member_count, shared)
        found.append(Overlap(known[pk], shared, size, count))
    return sorted(found, key=lambda one: (-one.jaccard, one.group.name))[:MOST_OVERLAPS]


def overlaps_of(group: ClientGroup, reader: User) -> list[Overlap]:
    """Which other groups that a person sees have today's members of a group as well."""
    others = other_groups(reader, group)
    members = Client.objects.filter(pk__in=group.memberships.current().values("client"))
    rows = counted(members.order_by().values("id"), [other.pk for other in others])
    return largest(rows[1:], others, rows[0][1])
