"""Whose purchases count: everybody's, some clients', or a group's by membership on the day."""

import re
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from clientgroups.models import Client, ClientGroup, Purchase

JOIN = """ JOIN (SELECT * FROM member) m ON m.client_id = {client}
   AND {day} >= m.valid_from AND (m.valid_to IS NULL OR {day} < m.valid_to)"""
CLIENTS = (
    "SELECT x.id AS client_id, '-infinity'::date AS valid_from, NULL::date AS valid_to"
    " FROM ({clients}) x(id)"
)
GROUP = (
    "SELECT client_id, valid_from, valid_to FROM clientgroups_membership"
    " WHERE client_group_id = %(scope_group)s"
)


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
        """No condition on clients at all: then no table of them needs to be joined."""
        return self.clients is not None and not self.clients.query.where

    def members(self) -> tuple[str, dict]:
        """SQL of (client_id, valid_from, valid_to), and its parameters."""
        if self.group is not None:
            return GROUP, {"scope_group": self.group.pk}
        sql, names = named(self.clients.order_by().values("pk"), "scope_")
        return CLIENTS.format(clients=sql), names

    def parts(self, client: str, day: str) -> tuple[str, str, dict]:
        """(WITH item, JOIN, parameters) that narrow rows to the scope on their own day."""
        if self.everybody:
            return "nobody AS (SELECT 1)", "", {}
        sql, names = self.members()
        return f"member AS ({sql})", JOIN.format(client=client, day=day), names

    def purchases(self) -> QuerySet[Purchase]:
        """The purchases that count, as a queryset for lists."""
        if self.everybody:
            return Purchase.objects.all()
        if self.group is None:
            return Purchase.objects.filter(client__in=self.clients.order_by().values("pk"))
        members = self.group.memberships.filter(
            client=OuterRef("client"), valid_from__lte=OuterRef("bought_on")
        )
        ended = Q(valid_to=None) | Q(valid_to__gt=OuterRef("bought_on"))
        return Purchase.objects.filter(Exists(members.filter(ended)))


def rows_of(sql: str, names: dict) -> list[tuple]:
    """Send a statement of ours; its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, names)
        return cursor.fetchall()
