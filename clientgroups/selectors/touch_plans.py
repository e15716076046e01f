"""When each client is to be touched next, by the touch plans of their groups.

In one group the plan of the client's stage stands before the one for every stage. Of several
groups the strictest counts: the one that asks for the client first. A client nobody has touched
yet is waited for from the day they joined the group. Nobody is late before the plan began.
"""

import datetime as dt

from django.db.models import Q, QuerySet

from accounts.models import User
from clientgroups.models import ClientGroup, TouchPlan
from clientgroups.selectors import child_of, visible_group

DUE_ON = "GREATEST(COALESCE({last_touch}, m.valid_from) + p.every_days, p.begins_on)"
# Who is planned for, by which plan. {facts}: where last_touch_on comes from.
PLANNED = """
  FROM clientgroups_membership m
  JOIN clientgroups_clientgroup g ON g.id = m.client_group_id AND g.archived_at IS NULL
  JOIN clientgroups_client c ON c.id = m.client_id AND c.archived_at IS NULL
  {facts}
  JOIN clientgroups_touchplan p ON p.client_group_id = m.client_group_id
   AND (p.stage = c.stage OR p.stage = '' AND NOT EXISTS (
        SELECT FROM clientgroups_touchplan own
         WHERE own.client_group_id = p.client_group_id AND own.stage = c.stage))
 WHERE m.valid_to IS NULL AND {only}
"""
# One line per client that any plan holds for.
DUE = f"""
SELECT DISTINCT ON (m.client_id)
       m.client_id, p.id AS plan_id, p.client_group_id AS group_id, p.every_days,
       {{last_touch}} AS last_touch_on, {DUE_ON} AS due_on
{PLANNED}
 ORDER BY m.client_id, due_on, p.every_days, p.id
"""  # noqa: S608
# The day alone: groups of clients are added up without sorting them.
DAYS = f"""
SELECT m.client_id, min({DUE_ON}) AS due_on
{PLANNED}
 GROUP BY m.client_id
"""  # noqa: S608
# A part of those days in their order, with the plan behind each, and the number of all of them.
PART = """
SELECT found.client_id, due.plan_id, due.due_on, due.last_touch_on, found.n
  FROM (SELECT days.client_id, days.due_on, count(*) OVER () AS n
          FROM ({days}) days{conditions}
         ORDER BY days.due_on, days.client_id OFFSET %s LIMIT %s) found
  JOIN LATERAL ({due}) due ON TRUE
 ORDER BY found.due_on, found.client_id
"""


def due_sql(*, only: str = "TRUE", last_touch: str = "c.last_touch_on", facts: str = "") -> str:
    """The statement; `only` narrows it, with conditions of ours over m, c, g and p."""
    return DUE.format(only=only, last_touch=last_touch, facts=facts)


def days_sql(*, only: str, until: bool) -> str:
    """The day of each client. `until`: only plans that ask for a client up to a day, which follows
    the parameters of `only`; they decide for whoever is asked for by then.
    """
    last_touch = "c.last_touch_on"
    if until:
        only = f"{only} AND {DUE_ON.format(last_touch=last_touch)} <= %s"
    return DAYS.format(only=only, last_touch=last_touch, facts="")


def part_sql(days: str, conditions: str) -> str:
    """A part of the days with their plans; OFFSET and LIMIT follow the other parameters."""
    return PART.format(
        days=days, conditions=conditions, due=due_sql(only="m.client_id = found.client_id")
    )


def plans_of(group: ClientGroup) -> QuerySet[TouchPlan]:
    """A group's plans, the one for every stage first."""
    return group.touch_plans.order_by("stage")


def plan_of_group(user: User, pk: int, plan: int) -> TouchPlan:
    """A touch plan, through a group the person sees."""
    group = visible_group(user, pk)
    row = child_of(group, group.touch_plans.all(), plan)
    row.client_group = group
    return row


def late_by(due_on: dt.date, today: dt.date) -> int:
    """Days after the day by which the client should have been touched; never below zero."""
    return max((today - due_on).days, 0)


def groups_with_plans(user: User) -> QuerySet[ClientGroup]:
    """Groups of the person that have a plan, for the filter."""
    groups = ClientGroup.objects.visible_to(user).active()
    return groups.filter(Q(pk__in=TouchPlan.objects.values("client_group"))).order_by("name")
