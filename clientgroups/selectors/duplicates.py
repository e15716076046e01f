"""Clients that may be one: found by sets, never by comparing each with each.

The reasons: the same name without case, signs and legal form; the same e-mail or phone of a
contact; names that share most of their three-letter pieces. Of many clients, only names that begin
or end alike are compared; of one client, all.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import RANK
from clientgroups.models import Client
from clientgroups.selectors import Part, child_of, visible_client
from core import formats

NAME, EMAIL, PHONE, SIMILAR = "name", "email", "phone", "similar"
# How much of the doubt a reason takes away.
WEIGHTS = {NAME: 0.6, EMAIL: 0.5, PHONE: 0.4, SIMILAR: 0.5}
LIMITS = {
    # Names alike by less are seldom one client; fewer digits are an extension, no number.
    "alike": 0.55,
    "digits": 7,
    # What more clients share is a switchboard, a landlord or a common word.
    "sharing": 5,
    "block": 40,
    "most": 2000,
}

# Shops with a number each are not one shop, however alike their names are.
ALL = r"""
WITH scope AS MATERIALIZED ({scope}),
named AS MATERIALIZED (
    SELECT c.id, c.name_key AS key FROM clientgroups_client c JOIN scope s ON s.id = c.id
), mail AS MATERIALIZED (
    SELECT DISTINCT p.client_id AS id, lower(p.email) AS key
      FROM clientgroups_contact p JOIN scope s ON s.id = p.client_id WHERE p.email <> ''
), phone AS MATERIALIZED (
    SELECT DISTINCT p.client_id AS id, p.phone_key AS key
      FROM clientgroups_contact p JOIN scope s ON s.id = p.client_id
     WHERE length(p.phone_key) >= %(digits)s
), block AS MATERIALIZED (
    SELECT id, key, left(key, 4) || regexp_replace(key, '\D', '', 'g') AS part
      FROM named WHERE length(key) >= 4
    UNION ALL SELECT id, key, '…' || right(key, 4) || regexp_replace(key, '\D', '', 'g')
      FROM named WHERE length(key) >= 6
), found AS (
    SELECT a.id AS first, b.id AS second, 'name' AS reason, 1.0::float AS grade
      FROM (SELECT key FROM named GROUP BY key HAVING count(*) BETWEEN 2 AND %(sharing)s) k
      JOIN named a USING (key) JOIN named b USING (key) WHERE a.id < b.id
    UNION ALL SELECT a.id, b.id, 'email', 1.0
      FROM (SELECT key FROM mail GROUP BY key HAVING count(*) BETWEEN 2 AND %(sharing)s) k
      JOIN mail a USING (key) JOIN mail b USING (key) WHERE a.id < b.id
    UNION ALL SELECT a.id, b.id, 'phone', 1.0
      FROM (SELECT key FROM phone GROUP BY key HAVING count(*) BETWEEN 2 AND %(sharing)s) k
      JOIN phone a USING (key) JOIN phone b USING (key) WHERE a.id < b.id
    UNION ALL SELECT a.id, b.id, 'similar', similarity(a.key, b.key)
      FROM (SELECT part FROM block GROUP BY part HAVING count(*) BETWEEN 2 AND %(block)s) k
      JOIN block a USING (part) JOIN block b USING (part)
     WHERE a.id < b.id AND a.key <> b.key AND similarity(a.key, b.key) >= %(alike)s
)
{shown}"""

# One client against those in scope; the trigram index finds names that are alike.
ONE = """
WITH scope AS ({scope}),
me AS (SELECT id, name_key AS key FROM clientgroups_client WHERE id = %(client)s),
other AS (
    SELECT c.id, 'name' AS reason, 1.0::float AS grade
      FROM clientgroups_client c JOIN me ON c.name_key = me.key WHERE c.id <> me.id
    UNION ALL SELECT p.client_id, 'email', 1.0 FROM clientgroups_contact p
     WHERE p.email <> '' AND p.client_id <> %(client)s AND lower(p.email) IN (
        SELECT lower(email) FROM clientgroups_contact WHERE client_id = %(client)s AND email <> '')
    UNION ALL SELECT p.client_id, 'phone', 1.0 FROM clientgroups_contact p
     WHERE p.phone_key <> '' AND p.client_id <> %(client)s AND p.phone_key IN (
        SELECT phone_key FROM clientgroups_contact
         WHERE client_id = %(client)s AND length(phone_key) >= %(digits)s)
    {similar}
), found AS (
    SELECT least(o.id, %(client)s) AS first, greatest(o.id, %(client)s) AS second, reason, grade
      FROM other o WHERE o.id IN (SELECT id FROM scope)
)
{shown}"""
SIMILAR_ONE = r"""UNION ALL SELECT c.id, 'similar', similarity(c.name_key, me.key)
      FROM clientgroups_client c CROSS JOIN me
     WHERE c.name_key %% me.key AND c.name_key <> me.key AND c.id <> me.id
       AND similarity(c.name_key, me.key) >= %(alike)s
       AND regexp_replace(c.name_key, '\D', '', 'g') = regexp_replace(me.key, '\D', '', 'g')"""
SHOWN = """
SELECT f.first, f.second, array_agg(DISTINCT f.reason ORDER BY f.reason), min(f.grade)
  FROM found f
 WHERE NOT EXISTS (SELECT 1 FROM clientgroups_notduplicate n
                    WHERE n.first_id = f.first AND n.second_id = f.second)
 GROUP BY f.first, f.second
 ORDER BY count(DISTINCT f.reason) DESC, min(f.grade) DESC, f.first, f.second
 LIMIT %(most)s
"""


@dataclass(frozen=True)
class Pair:
    """Two clients that look alike: why, and how sure that is from 0 to 100."""

    first: int
    second: int
    signs: tuple[str, ...]
    grade: float

    @property
    def score(self) -> int:
        doubt = 1.0
        for sign in self.signs:
            doubt *= 1 - WEIGHTS[sign] * (self.grade if sign == SIMILAR else 1)
        return round(100 * (1 - doubt))

    @property
    def reasons(self) -> list[str]:
        """The signs in words."""
        return [said(sign, self.grade) for sign in self.signs]


@dataclass(frozen=True)
class Twin:
    """A client that looks like another one."""

    client: Client
    pair: Pair

    @property
    def reasons(self) -> list[str]:
        return self.pair.reasons


def said(sign: str, grade: float) -> str:
    """One reason as a person reads it."""
    if sign == SIMILAR:
        return _("names are %(share)s alike") % {"share": formats.percent(grade)}
    return {NAME: _("same name"), EMAIL: _("same e-mail"), PHONE: _("same phone")}[sign]


def _pairs(statement: str, scope, **values: object) -> list[Pair]:  # noqa: ANN001
    sql, params = scope.order_by().values("id").query.sql_with_params()
    names = {f"scope{number}": value for number, value in enumerate(params)}
    named = sql.replace("%%", "\x00") % tuple(f"%({name})s" for name in names)
    text = statement.replace("{scope}", named.replace("\x00", "%%")).replace("{shown}", SHOWN)
    with connection.cursor() as cursor:
        cursor.execute(text, {**LIMITS, **names, **values})
        rows = cursor.fetchall()
    found = [Pair(first, second, tuple(signs), grade) for first, second, signs, grade in rows]
    return sorted(found, key=lambda pair: (-pair.score, pair.first, pair.second))


def mergeable(user: User):  # noqa: ANN201
    """Clients that the person may merge with each other."""
    return Client.objects.editable_by(user).active()


def duplicate_pairs(user: User) -> list[Pair]:
    """Pairs among the clients that the person may merge, the surest first; 2,000 at most."""
    return _pairs(ALL, mergeable(user))


def with_clients(pairs: Iterable[Pair]) -> list[tuple[Pair, Client, Client]]:
    """Pairs with their clients, contacts counted by nobody: one query."""
    pairs = list(pairs)
    keys = {pk for pair in pairs for pk in (pair.first, pair.second)}
    rows = Client.objects.filter(pk__in=keys).select_related("owner").defer("search", "note")
    known = {client.pk: client for client in rows}
    return [(pair, known[pair.first], known[pair.second]) for pair in pairs]


def twins_of(client: Client, user: User, *, similar: bool = True) -> list[Twin]:
    """The clients that look like one, the surest first; without similar names it is quicker."""
    statement = ONE.replace("{similar}", SIMILAR_ONE if similar else "")
    pairs = _pairs(statement, mergeable(user), client=client.pk)
    others = {pair.second if pair.first == client.pk else pair.first: pair for pair in pairs}
    rows = Client.objects.filter(pk__in=others).select_related("owner").defer("search", "note")
    known = {row.pk: row for row in rows} if others else {}
    return [Twin(known[pk], pair) for pk, pair in others.items()]


def alike(client: Client, user: User) -> list[Twin]:
    """What the page of a client asks: the sure signs only."""
    return twins_of(client, user, similar=False)


# Pairs that a person named -----------------------------------------------------------------------


@dataclass(frozen=True)
class Couple:
    """Two clients to be compared: who may change both may merge them."""

    client: Client
    other: Client

    def role_of(self, user: User) -> str | None:
        return min(
            (self.client.role_of(user), self.other.role_of(user)), key=lambda role: RANK[role]
        )


def couple(user: User, pk: int, other: int) -> Couple:
    """Two clients that the person sees, or 404."""
    first, second = visible_client(user, pk), visible_client(user, other)
    if first.pk == second.pk:
        raise Http404("A client is no duplicate of itself")
    return Couple(first, second)


def merge_of_client(user: User, pk: int, merge: int) -> Part:
    """A merge into a client that the person sees; what went in is archived and goes with it."""
    client = visible_client(user, pk)
    return Part(client, child_of(client, client.merges.select_related("gone"), merge))
