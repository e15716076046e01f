"""Whose purchases count: everybody's, some clients', or a group's by membership on the day.

A merged client never counts: what stayed behind with it, the client that was kept has as well.
"""

import re
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from clientgroups.models import Client, ClientGroup, Purchase

MERGED = "SELECT id FROM clientgroups_client WHERE merged_into_id IS NOT NULL"
# They are few, so a lookup in a small table costs less than a join with all clients.
KEPT = f" JOIN (VALUES (1)) kept ON {{client}} NOT IN ({MERGED})"
JOIN = """ JOIN (SELECT * FROM member) m ON m.client_id = {client}
   AND {day} >= m.valid_from AND (m.valid_to IS NULL OR {day} < m.valid_to)"""
CLIENTS = (
    "SELECT x.id AS client_id, '-infinity'::date AS valid_from, NULL::date AS valid_to"
    " FROM ({clients}) x(id)"
)
GROUP = (
    "SELECT client_id, valid_from, valid_to FROM clientgroups_membership"  # noqa: S608
    f" WHERE client_group_id = %(scope_group)s AND client_id NOT IN ({MERGED})"
)


def of_kept() -> Q:
    """Rows that do not belong to a merged client."""
    return ~Q(client__in=Client.objects.exclude(merged_into=None).order_by().values("pk"))


def named(queryset: QuerySet, prefix: str) -> tuple[str, dict]:
    """A queryset as SQL with named parameters, to stand inside a larger statement."""
    sql, values = queryset.query.sql_with_params()
    numbers = iter(range(len(values)))

    def name(found: re.Match) -> str:
        return found[0] if found[0] == "%%" else f"%({prefix}{next(numbers)})s"

    text = re.sub(r"%%|%s", name, sql)
    return text, {f"{prefix}{number}": value for number, value in enumerate(values)}


@dataclass(frozen=True)
class Scope:
    """The clients that figures are about. Exactly one of the two is given.

    Clients of a `group` count for the days on which they were members, so that moving somebody
    later changes no past figure.
    """

    clients: QuerySet[Client] | None = None
    group: ClientGroup | None = None

    @classmethod
    def of_user(cls, user: User) -> "Scope":
        return cls(clients=Client.objects.visible_to(user))

    @property
    def everybody(self) -> bool:
        """No condition on clients but that they are not merged: then their table is not joined."""
        return self.clients is not None and not self.clients.query.where

    def members(self) -> tuple[str, dict]:
        """SQL of (client_id, valid_from, valid_to), and its parameters."""
        if self.group is not None:
            return GROUP, {"scope_group": self.group.pk}
        kept = self.clients.filter(merged_into=None)
        sql, names = named(kept.order_by().values("pk"), "scope_")
        return CLIENTS.format(clients=sql), names

    def parts(self, client: str, day: str) -> tuple[str, str, dict]:
        """(WITH item, JOIN, parameters) that narrow rows to the scope on their own day."""
        if self.everybody:
            return "nobody AS (SELECT 1)", KEPT.format(client=client), {}
        sql, names = self.members()
        return f"member AS ({sql})", JOIN.format(client=client, day=day), names

    def purchases(self) -> QuerySet[Purchase]:
        """The purchases that count, as a queryset for lists."""
        kept = Purchase.objects.filter(of_kept())
        if self.everybody:
            return kept
        if self.group is None:
            return kept.filter(client__in=self.clients.order_by().values("pk"))
        members = self.group.memberships.filter(
            client=OuterRef("client"), valid_from__lte=OuterRef("bought_on")
        )
        ended = Q(valid_to=None) | Q(valid_to__gt=OuterRef("bought_on"))
        return kept.filter(Exists(members.filter(ended)))


def rows_of(sql: str, names: dict) -> list[tuple]:
    """Send a statement of ours; its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, names)
        return cursor.fetchall()
