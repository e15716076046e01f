"""The clocks of a request: set, paused, taken up again. Nothing here saves; callers hold the lock.

One formula everywhere: a due time is the moment the request came in, plus the minutes of its
service level, plus the open minutes in which it waited for the client. So changing the priority
or the length of a pause can never make the two clocks disagree.
"""

import datetime as dt

from clientgroups.models import ServiceRequest
from clientgroups.selectors.sla import due_times, policy_for
from core.business_time import minutes_between


def set_clocks(row: ServiceRequest, now: dt.datetime) -> None:
    """Choose the service level by type and priority, and work both due times out anew.

    An answer that was given is judged by the level it was given under, so its due time stays. A
    due time that comes to lie ahead again may be missed again, so its breach is forgotten.
    """
    row.sla = policy_for(row.type, row.priority)
    answer, resolution = due_times(row.sla, row.opened_at, row.paused_minutes)
    if row.first_answered_at is None:
        row.first_answer_due_at = answer
        if answer is None or answer > now:
            row.answer_breached_at = None
    row.resolution_due_at = resolution
    if resolution is None or resolution > now:
        row.resolution_breached_at = None


def pause(row: ServiceRequest, now: dt.datetime) -> None:
    """Stop both clocks: it is the client's turn."""
    row.paused_at = now


def resume(row: ServiceRequest, now: dt.datetime, since: dt.datetime | None = None) -> None:
    """Take both clocks up again; they move on by the open minutes of the pause."""
    since = since or row.paused_at
    row.paused_at = None
    if since is None:
        return
    if row.sla is not None:
        calendar = row.sla.calendar.business_time
        row.paused_minutes += max(0, minutes_between(calendar, since, now))
    set_clocks(row, now)
