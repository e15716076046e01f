"""Members of groups by rule: brought in line with it, for everybody or for a few clients."""

import datetime as dt
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import FieldError, ValidationError
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg import errors

from clientgroups.models import ClientGroup, ClientMark
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.rules import check_stored, groups_in, in_order, matching
from clientgroups.services.database import sql_of
from clientgroups.services.marks import MOST_MARKS, mark_dynamic_groups_stale

logger = logging.getLogger(__name__)
HOUR = dt.timedelta(hours=1)
# A rule that takes longer is told to its people, and the others go on.
PATIENCE = "2min"
MOST_READ = 50_000
Problem = ClientGroup.Problem

# A row never ends before it began, nor begins before the last one ended: people in other time
# zones may already live on the next day.
LEAVE = """
UPDATE clientgroups_membership m
   SET valid_to = GREATEST(m.valid_from, %s), ended_because = ''
 WHERE m.client_group_id = %s AND m.valid_to IS NULL {among}
   AND NOT EXISTS (SELECT 1 FROM ({matched}) found WHERE found.id = m.client_id)
"""
# What was there before is gathered first. Asked for each new row, it would be sought among all rows
# that this statement has just written.
JOIN = """
INSERT INTO clientgroups_membership
       (client_group_id, client_id, valid_from, valid_to, began_because, ended_because)
SELECT %s, found.id, GREATEST(%s, old.until), NULL, '', ''
  FROM ({matched}) found
  LEFT JOIN (SELECT m.client_id, max(m.valid_to) AS until, bool_or(m.valid_to IS NULL) AS inside
               FROM clientgroups_membership m WHERE m.client_group_id = %s {among}
              GROUP BY m.client_id) old ON old.client_id = found.id
 WHERE old.inside IS NOT TRUE
"""
AMONG = "AND m.client_id = ANY(%s)"


@dataclass(frozen=True)
class Moved:
    """Who came and went; `size` is how many there are when everybody was looked at."""

    joined: int = 0
    left: int = 0
    size: int | None = None

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)


@transaction.atomic
def refresh_group(*, group: ClientGroup, today: dt.date | None = None) -> int:
    """Bring the members of a group in line with its rule; return how many there are.

    Set-based: who no longer matches leaves today, who newly matches joins today, the others keep
    their rows. A rule that can no longer be worked out moves nobody and says so. A listed group is
    only counted. Twice in a row changes nothing.
    """
    started = time.monotonic()
    stored = ClientGroup.objects.select_for_update(of=("self",)).select_related("owner")
    locked = stored.get(pk=group.pk)
    moved = Moved()
    locked.stale_at, locked.problem, locked.problem_at = None, "", None
    if locked.kind == ClientGroup.Kind.DYNAMIC and is_broken(locked):
        locked.problem, locked.problem_at = Problem.RULE, timezone.now()
    else:
        if locked.kind == ClientGroup.Kind.DYNAMIC:
            moved = _follow_rule(locked, today or today_here())
            locked.joined_count, locked.left_count = moved.joined, moved.left
        known = moved.size is not None
        locked.member_count = moved.size if known else locked.memberships.current().count()
        locked.refreshed_at = timezone.now()
        locked.refresh_ms = round((time.monotonic() - started) * 1000)
    _store(locked, group)
    if moved:
        mark_dependants_stale(locked)
    return locked.member_count


FIGURES = (
    "member_count",
    "refreshed_at",
    "stale_at",
    "refresh_ms",
    "joined_count",
    "left_count",
    "problem",
    "problem_at",
)


def _store(locked: ClientGroup, group: ClientGroup) -> None:
    locked.save(update_fields=FIGURES)
    for name in FIGURES:
        setattr(group, name, getattr(locked, name))


def is_broken(group: ClientGroup) -> bool:
    """Whether something that the rule asks for is gone, or the rule asks for its own group."""
    try:
        check_stored(group)
    except ValidationError:
        return True
    return False


def _follow_rule(group: ClientGroup, today: dt.date) -> Moved:
    found = matching(group.rule, owner=group.owner, today=today).values("id")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS rule_matches")
        matched, params = sql_of(found)
        cursor.execute(f"CREATE TEMP TABLE rule_matches ON COMMIT DROP AS {matched}", params)
        size = cursor.rowcount
        cursor.execute("ANALYZE rule_matches")
        # Two sets are compared. While a group fills, what the database knows of its size is old,
        # and comparing each row with each would look cheap to it.
        cursor.execute("SET LOCAL enable_nestloop = off")
        scan = "SELECT id FROM rule_matches"
        cursor.execute(LEAVE.format(matched=scan, among=""), [today, group.pk])
        left = cursor.rowcount
        cursor.execute(JOIN.format(matched=scan, among=""), [group.pk, today, group.pk])
        joined = cursor.rowcount
        cursor.execute("SET LOCAL enable_nestloop = on")
        cursor.execute("DROP TABLE rule_matches")
    return Moved(joined, left, size)


@transaction.atomic
def refresh_clients(
    *, group: ClientGroup, client_ids: Iterable[int], today: dt.date | None = None
) -> Moved:
    """Let a few clients join or leave a group by rule; the others are not looked at."""
    stored = ClientGroup.objects.select_for_update(of=("self",)).select_related("owner")
    locked, keys = stored.get(pk=group.pk), list(client_ids)
    if locked.kind != ClientGroup.Kind.DYNAMIC or is_broken(locked):
        return Moved()
    today = today or today_here()
    found = matching(locked.rule, owner=locked.owner, today=today, among=keys)
    matched, params = sql_of(found.values("id"))
    with connection.cursor() as cursor:
        leave = LEAVE.format(matched=matched, among=AMONG)
        cursor.execute(leave, [today, locked.pk, keys, *params])
        left = cursor.rowcount
        join = JOIN.format(matched=matched, among=AMONG)
        cursor.execute(join, [locked.pk, today, *params, locked.pk, keys])
        moved = Moved(cursor.rowcount, left)
    if moved:
        locked.member_count = locked.memberships.current().count()
        locked.joined_count += moved.joined
        locked.left_count += moved.left
        _store(locked, group)
    return moved


def mark_dependants_stale(group: ClientGroup) -> None:
    """Groups whose rule asks for this one follow in the next sweep."""
    rules = ClientGroup.objects.filter(kind=ClientGroup.Kind.DYNAMIC, stale_at=None)
    asking = [pk for pk, rule in rules.values_list("pk", "rule") if group.pk in groups_in(rule)]
    ClientGroup.objects.filter(pk__in=asking).update(stale_at=timezone.now())


# All groups --------------------------------------------------------------------------------------


def due(now: dt.datetime) -> Q:
    """Groups to be worked out in full: marked, never done, or an hour old.

    One that had a problem is tried again when something changed, or after an hour.
    """
    old = now - HOUR
    waiting = Q(stale_at__isnull=False) | Q(refreshed_at=None) | Q(refreshed_at__lt=old)
    again = Q(problem="") | Q(problem_at__lt=old) | Q(stale_at__isnull=False)
    return waiting & again


def sweep_groups() -> int:
    """Work out every rule that is due, and all rules for the clients that were marked.

    Groups that ask for others come after them, so one sweep brings all up to date. Each group has
    a transaction of its own; one that another worker holds is left to it, one whose rule is slow
    or broken is told apart and the others go on. Returns how many groups were worked out.
    """
    marks = list(ClientMark.objects.order_by("pk").values_list("pk", "client")[:MOST_READ])
    clients = sorted({client for _pk, client in marks})
    if len(clients) > MOST_MARKS:
        mark_dynamic_groups_stale()
        clients = []
    rules = ClientGroup.objects.active().filter(kind=ClientGroup.Kind.DYNAMIC)
    waiting = set(rules.filter(due(timezone.now())).values_list("pk", flat=True))
    complete, done = True, 0
    for group in in_order(list(rules.only("pk", "rule").order_by("refreshed_at", "pk"))):
        asked_moved = groups_in(group.rule) & waiting
        if not clients and group.pk not in waiting and not asked_moved:
            continue
        worked = _work_out(group.pk, clients)
        complete = complete and worked is not None
        if worked:
            waiting.add(group.pk)
            done += 1
    if complete and marks:
        # These only: a mark that was committed meanwhile stays for the next sweep.
        ClientMark.objects.filter(pk__in=[pk for pk, _client in marks]).delete()
    return done


def _work_out(pk: int, clients: list[int]) -> bool | None:
    """Whether the group was worked out; None when another worker holds it."""
    try:
        with transaction.atomic():
            be_fair()
            rows = ClientGroup.objects.active().select_for_update(skip_locked=True, of=("self",))
            group = rows.select_related("owner").filter(pk=pk).first()
            if group is None:
                return None
            if ClientGroup.objects.filter(due(timezone.now()), pk=pk).exists():
                refresh_group(group=group)
                return True
            if clients and not group.problem:
                refresh_clients(group=group, client_ids=clients)
                return True
    except (DatabaseError, FieldError, LookupError, TypeError, ValueError) as problem:
        return note_problem(pk, problem)
    return False


def be_fair() -> None:
    """Let the statements of this transaction take a while, but not all of a sweep's time."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")


def note_problem(pk: int, problem: Exception) -> bool | None:
    """Write down why a group could not be worked out; None when that was only bad luck."""
    logger.warning("The rule of group %s was not worked out: %s", pk, problem)
    cause = problem.__cause__
    if isinstance(problem, OperationalError) and not isinstance(cause, errors.QueryCanceled):
        return None
    kind = Problem.SLOW if isinstance(problem, OperationalError) else Problem.FAILED
    ClientGroup.objects.filter(pk=pk).update(problem=kind, problem_at=timezone.now(), stale_at=None)
    return True


def refresh_soon(group: ClientGroup) -> bool:
    """Work a rule out while somebody waits; False when it takes too long and the sweep will."""
    try:
        with transaction.atomic():
            refresh_group(group=group)
    except OperationalError as problem:
        logger.info("The rule of group %s is left to the sweep: %s", group.pk, problem)
        ClientGroup.objects.filter(pk=group.pk).update(stale_at=timezone.now())
        return False
    return True
