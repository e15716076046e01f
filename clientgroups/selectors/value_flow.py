"""Moves between lifecycle stages by period: where clients came from and where they went."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from clientgroups.models import Client, LifecycleChange
from clientgroups.selectors.value_periods import Period
from clientgroups.selectors.value_scope import Scope, of_kept, rows_of

MOVES = """
WITH {member}
SELECT date_trunc(%(kind)s, l.as_of)::date, l.before, l.after, count(*)
  FROM clientgroups_lifecyclechange l {join}
 WHERE l.as_of BETWEEN %(first)s AND %(last)s
 GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class Way:
    """One way from stage to stage, with its number of moves in each period."""

    before: Client.Stage
    after: Client.Stage
    numbers: list[int]

    @property
    def total(self) -> int:
        return sum(self.numbers)

    @property
    def rises(self) -> bool:
        """Towards loyal; leaving "lapsed" is a rise as well."""
        return RANK[self.after] > RANK[self.before]


@dataclass(frozen=True)
class Flow:
    periods: Sequence[Period]
    ways: list[Way]

    @property
    def nets(self) -> list[tuple[Client.Stage, list[int]]]:
        """How much each stage won or lost in each period."""
        found = []
        for stage in Client.Stage:
            change = [0] * len(self.periods)
            for way in self.ways:
                sign = (way.after == stage) - (way.before == stage)
                change = [had + sign * n for had, n in zip(change, way.numbers, strict=True)]
            found.append((stage, change))
        return found


RANK = {
    Client.Stage.LAPSED: 0,
    Client.Stage.POTENTIAL: 1,
    Client.Stage.EXISTING: 2,
    Client.Stage.LOYAL: 3,
}


def flow_of(scope: Scope, wanted: Sequence[Period]) -> Flow:
    """Moves in periods that follow each other, oldest first; one statement."""
    member, join, names = scope.parts("l.client_id", "l.as_of")
    names |= {"kind": wanted[0].kind, "first": wanted[0].start, "last": wanted[-1].end}
    places = {period.start: place for place, period in enumerate(wanted)}
    ways: dict[tuple[str, str], list[int]] = {}
    for start, before, after, n in rows_of(MOVES.format(member=member, join=join), names):
        ways.setdefault((before, after), [0] * len(wanted))[places[start]] = n
    found = [
        Way(Client.Stage(before), Client.Stage(after), ns) for (before, after), ns in ways.items()
    ]
    return Flow(wanted, sorted(found, key=lambda way: (-RANK[way.after], -RANK[way.before])))


def moves_in(scope: Scope) -> QuerySet[LifecycleChange]:
    """The moves that count, as a queryset for lists."""
    kept = LifecycleChange.objects.filter(of_kept())
    if scope.everybody:
        return kept
    if scope.group is None:
        return kept.filter(client__in=scope.clients.order_by().values("pk"))
    members = scope.group.memberships.filter(
        client=OuterRef("client"), valid_from__lte=OuterRef("as_of")
    )
    ended = Q(valid_to=None) | Q(valid_to__gt=OuterRef("as_of"))
    return kept.filter(Exists(members.filter(ended)))
