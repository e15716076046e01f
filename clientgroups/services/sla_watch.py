"""The watch over service levels: warnings before a due time, breaches after it, old ones closed."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.audit import record
from clientgroups.models import ServiceRequest
from clientgroups.selectors.requests import UNANSWERED, WAITS
from clientgroups.selectors.sla import WARN_MINUTES, moments_in
from clientgroups.services.request_mails import tell_due
from clientgroups.services.requests import REOPEN_FOR

Status = ServiceRequest.Status
PORTION = 100
CLOCKS = {
    "answer": ("first_answer_due_at", "answer_breached_at", UNANSWERED),
    "resolution": ("resolution_due_at", "resolution_breached_at", Q()),
}


def watch_service_levels(*, now: dt.datetime | None = None) -> int:
    """Warn 30 open minutes before a due time, and tell when one was missed; how many were told.

    Each due time is told once per person: the dedupe key carries it, and a breach is marked on
    the row. Portions are locked with SKIP LOCKED, so it may run twice, late or together.
    """
    now = now or timezone.now()
    done = 0
    for clock in CLOCKS:
        done += _portions(lambda after, clock=clock: _tell_breaches(clock, now, after))
        done += _portions(lambda after, clock=clock: _warn(clock, now, after))
    return done + _portions(lambda after: _close_old(now, after))


def _portions(work: Callable[[int], tuple[int, int]]) -> int:
    """Repeat `work(after)` by ascending keys until it finds nothing; how much was done."""
    after, done = 0, 0
    while True:
        last, number = work(after)
        if not last:
            return done
        after, done = last, done + number


def _running(after: int) -> QuerySet[ServiceRequest]:
    rows = ServiceRequest.objects.running().exclude(WAITS).filter(pk__gt=after)
    rows = rows.defer("search", "text")
    return rows.select_related("client__owner", "assignee").order_by("pk")


@transaction.atomic
def _tell_breaches(clock: str, now: dt.datetime, after: int) -> tuple[int, int]:
    due, mark, still = CLOCKS[clock]
    rows = _running(after).filter(still, **{f"{due}__lt": now, mark: None})
    found = list(rows.select_for_update(of=("self",), skip_locked=True)[:PORTION])
    for row in found:
        setattr(row, mark, now)
        row.save(update_fields=[mark])
        record(actor=None, verb="request.breached", target=row, clock=[None, clock])
        tell_due(row, clock=clock, late=True)
    return _last(found), len(found)


@transaction.atomic
def _warn(clock: str, now: dt.datetime, after: int) -> tuple[int, int]:
    due, _mark, still = CLOCKS[clock]
    soon = Q(pk__in=[])
    for calendar, moment in moments_in(WARN_MINUTES, now).items():
        soon |= Q(sla__calendar=calendar, **{f"{due}__lte": moment})
    found = list(_running(after).filter(soon, still, **{f"{due}__gte": now})[:PORTION])
    return _last(found), sum(tell_due(row, clock=clock, late=False) for row in found)


@transaction.atomic
def _close_old(now: dt.datetime, after: int) -> tuple[int, int]:
    """Resolved so long ago that the client's next words are a new request."""
    old = ServiceRequest.objects.filter(
        status=Status.RESOLVED, resolved_at__lt=now - REOPEN_FOR, pk__gt=after
    ).order_by("pk")
    found = list(old.select_for_update(skip_locked=True)[:PORTION])
    ServiceRequest.objects.filter(pk__in=[row.pk for row in found]).update(status=Status.CLOSED)
    for row in found:
        record(actor=None, verb="request.closed", target=row, status=[row.status, Status.CLOSED])
    return _last(found), len(found)


def _last(rows: list[ServiceRequest]) -> int:
    return rows[-1].pk if rows else 0
