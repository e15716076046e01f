"""What asks for rules to be worked out again; the next sweep of groups follows."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from clientgroups.models import ClientGroup
from clientgroups.services.database import sql_of

# More clients than this are cheaper to work out by running every rule once over all.
MOST_MARKS = 5000
MARK = """
INSERT INTO clientgroups_clientmark (client_id, marked_at)
SELECT DISTINCT wanted.id, statement_timestamp()
  FROM ({wanted}) wanted(id) JOIN clientgroups_client c ON c.id = wanted.id
 LIMIT %s
"""


def mark_dynamic_groups_stale() -> int:
    """Ask for every rule to be worked out again by the next sweep; return how many were not yet."""
    groups = ClientGroup.objects.active().filter(kind=ClientGroup.Kind.DYNAMIC, stale_at=None)
    return groups.update(stale_at=timezone.now())


def mark_clients_dirty(client_ids: Iterable[int] | QuerySet) -> int:
    """Ask for every rule to be worked out again for these clients only; return how many they are.

    Call it in the transaction that changes the clients. A queryset is read by the database alone;
    it selects one column, the key. A large batch asks for all rules to be run once over everybody.
    """
    if isinstance(client_ids, QuerySet):
        wanted, params = sql_of(client_ids.values("pk"))
    else:
        keys = list(dict.fromkeys(client_ids))
        if not keys:
            return 0
        wanted, params = "SELECT unnest(%s::bigint[]) AS id", (keys,)
    with connection.cursor() as cursor:
        cursor.execute(MARK.format(wanted=wanted), [*params, MOST_MARKS + 1])
        number = cursor.rowcount
    if number > MOST_MARKS:
        mark_dynamic_groups_stale()
    return number


def mark_rules_of(user: User) -> int:
    """Ask for the rules of a person's groups to be run again: they see other clients now."""
    groups = ClientGroup.objects.active().filter(kind=ClientGroup.Kind.DYNAMIC, stale_at=None)
    return groups.filter(owner=user).update(stale_at=timezone.now())
