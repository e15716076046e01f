"""The goals that work for one client group."""

from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, Q, QuerySet, When

from accounts.models import User
from clientgroups.models import ClientGroup
from projects.models import Goal
from projects.selectors.goals import GoalNode

SHOWN = 8
# What slips stands first, then what is due next.
URGENCY = Case(
    When(state="active", pace="behind", then=0),
    When(state="active", pace="at_risk", then=1),
    When(state="active", then=2),
    default=3,
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class GroupGoals:
    """The most pressing open goals as nodes without children, and how many there are."""

    nodes: list[GoalNode]
    total: int


def goals_for(group: ClientGroup) -> QuerySet[Goal]:
    """Goals about the group itself, or of a project that serves it."""
    return Goal.objects.filter(
        Q(client_group=group) | Q(client_group=None, project__client_group=group)
    )


def group_goals(group: ClientGroup, user: User) -> GroupGoals:
    """Open top goals that the person sees, what slips first; two queries."""
    rows = goals_for(group).visible_to(user).filter(parent=None, state__in=["draft", "active"])
    shown = rows.select_related("owner", "project").defer("search")
    nodes = [
        GoalNode(goal, 0)
        for goal in shown.order_by(URGENCY, F("due_on").asc(nulls_last=True), "pk")[:SHOWN]
    ]
    return GroupGoals(nodes, rows.count())
