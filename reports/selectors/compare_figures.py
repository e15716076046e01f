"""What is read about groups that are compared, each in as few statements as can be."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, Q

from accounts.models import User
from clientgroups.models import ClientGroup, ServiceRequest
from clientgroups.selectors.group_requests import of_group
from clientgroups.selectors.request_figures import was_member
from clientgroups.selectors.touches import DueTouches, Wanted
from feedback.models import Metric, PeriodKind, SatisfactionRollup
from projects.models import Goal
from projects.selectors.group_goals import goals_for

SLA_DAYS = 90

# One bit per group: how many clients are in exactly these groups.
MASKS = """
SELECT mask, count(*) FROM (
  SELECT client_id, bit_or(1 << (array_position(%(groups)s::bigint[], client_group_id) - 1)) AS mask
    FROM clientgroups_membership
   WHERE valid_to IS NULL AND client_group_id = ANY(%(groups)s)
   GROUP BY client_id) AS clients
 GROUP BY mask
"""
CLIENTS = """
SELECT m.client_group_id, count(*),
       count(*) FILTER (WHERE c.stage = 'potential'), count(*) FILTER (WHERE c.stage = 'existing'),
       count(*) FILTER (WHERE c.stage = 'loyal'), count(*) FILTER (WHERE c.stage = 'lapsed'),
       count(c.engagement), percentile_cont(0.5) WITHIN GROUP (ORDER BY c.engagement),
       count(c.health), percentile_cont(0.5) WITHIN GROUP (ORDER BY c.health)
  FROM clientgroups_membership m JOIN clientgroups_client c ON c.id = m.client_id
 WHERE m.valid_to IS NULL AND m.client_group_id = ANY(%(groups)s)
 GROUP BY m.client_group_id
"""


@dataclass(frozen=True)
class ClientFigures:
    """Stages, and medians of engagement and health with the number of clients that have one."""

    n: int = 0
    potential: int = 0
    existing: int = 0
    loyal: int = 0
    lapsed: int = 0
    engaged_n: int = 0
    engagement: float | None = None
    health_n: int = 0
    health: float | None = None


@dataclass(frozen=True)
class ServiceFigures:
    """Open requests, those later than promised, and how many of the resolved came in time."""

    open: int
    late: int
    resolved: int
    in_time: int


@dataclass(frozen=True)
class GoalFigures:
    running: int
    on_track: int


def client_figures(groups: list[ClientGroup]) -> list[ClientFigures]:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(CLIENTS, {"groups": [group.pk for group in groups]})
        found = {pk: ClientFigures(*numbers) for pk, *numbers in cursor.fetchall()}
    return [found.get(group.pk, ClientFigures()) for group in groups]


def shared_clients(groups: list[ClientGroup]) -> dict[tuple[int, int], int]:
    """How many clients each pair of groups (by their places) has in common; one query."""
    with connection.cursor() as cursor:
        cursor.execute(MASKS, {"groups": [group.pk for group in groups]})
        rows = cursor.fetchall()
    pairs = {}
    for one in range(len(groups)):
        for other in range(one + 1, len(groups)):
            both = 1 << one | 1 << other
            pairs[one, other] = sum(n for mask, n in rows if mask & both == both)
    return pairs


# Satisfaction ------------------------------------------------------------------------------------


def common_period(groups: list[ClientGroup]) -> tuple[str, dt.date | None]:
    """The newest quarter for which most of the groups have a score; (kind, its first day)."""
    keys = [group.pk for group in groups]
    rows = SatisfactionRollup.objects.filter(
        scope="group", scope_id__in=keys, period_kind=PeriodKind.QUARTER
    )
    quarters = rows.values("period_start").annotate(have=Count("scope_id", distinct=True))
    best = quarters.order_by("-have", "-period_start").first()
    return PeriodKind.QUARTER, best["period_start"] if best else None


def rollups(
    groups: list[ClientGroup], kind: str, start: dt.date | None
) -> dict[tuple[int, str], SatisfactionRollup]:
    """The stored scores of one period by group and metric; one query."""
    if start is None:
        return {}
    rows = SatisfactionRollup.objects.filter(
        scope="group",
        scope_id__in=[group.pk for group in groups],
        period_kind=kind,
        period_start=start,
        metric__in=Metric.values,
    )
    return {(row.scope_id, row.metric): row for row in rows}


# Sales, care and goals ---------------------------------------------------------------------------


def service_figures(group: ClientGroup, now: dt.datetime) -> ServiceFigures:
    """Two queries: what is open for today's members, and what was asked while a client was one."""
    found = of_group(group).aggregate(
        open=Count("pk"), late=Count("pk", filter=Q(next_due__lt=now))
    )
    resolved = ServiceRequest.objects.filter(
        was_member(),
        client__memberships__client_group=group,
        resolved_at__gte=now - dt.timedelta(days=SLA_DAYS),
        resolution_due_at__isnull=False,
    )
    kept = resolved.aggregate(
        resolved=Count("pk"),
        in_time=Count("pk", filter=Q(resolved_at__lte=F("resolution_due_at"))),
    )
    return ServiceFigures(**found, **kept)


def goal_figures(group: ClientGroup, user: User) -> GoalFigures:
    """Running goals that the person sees; one query."""
    running = goals_for(group).visible_to(user).filter(state=Goal.State.ACTIVE)
    found = running.aggregate(
        running=Count("pk"), on_track=Count("pk", filter=Q(pace=Goal.Pace.ON_TRACK))
    )
    return GoalFigures(**found)


def overdue_touches(group: ClientGroup, user: User, today: dt.date) -> int | None:
    """Clients that were not touched in time; None where no plan says how often."""
    if not group.touch_plans.exists():
        return None
    return DueTouches(user, today, Wanted(group=group.pk)).count()
