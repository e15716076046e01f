"""Research findings that goals rest on, and the goals that rest on a finding."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from accounts.models import User
from clientgroups.models import ClientGroup, Finding
from clientgroups.selectors.findings import findings_of, with_shares
from projects.models import Goal, GoalEvidence, Project
from projects.selectors.goals import visible_goal


@dataclass(frozen=True)
class Evidence:
    """What a person may read of the findings a goal rests on; of `hidden` only the number."""

    links: list[GoalEvidence]
    hidden: int
    group: ClientGroup
    may_see_group: bool


@dataclass(frozen=True)
class OnOffer:
    """A goal, and one finding of its group that the person sees."""

    goal: Goal
    finding: Finding

    def role_of(self, user: User) -> str | None:
        return self.goal.role_of(user)


def group_of(goal: Goal) -> ClientGroup:
    """The client group that research about a goal belongs to."""
    return goal.client_group or goal.project.client_group


def evidence_of(goal: Goal, user: User) -> Evidence:
    """The findings of a goal, market share included; a role in the group is needed to read them."""
    group = group_of(goal)
    seen = ClientGroup.objects.visible_to(user)
    rows = goal.evidence.select_related("finding__client_group", "added_by").order_by("-at", "-pk")
    links = list(rows.filter(finding__client_group__in=seen))
    with_shares(group, [link.finding for link in links])
    return Evidence(
        links=links,
        hidden=goal.evidence.count() - len(links),
        group=group,
        may_see_group=seen.filter(pk=group.pk).exists(),
    )


def findings_on_offer(goal: Goal, user: User) -> QuerySet[Finding]:
    """Findings of the goal's group that the person sees and the goal does not rest on yet."""
    return findings_to_attach(goal, user).exclude(pk__in=goal.evidence.values("finding"))


def findings_to_attach(goal: Goal, user: User) -> QuerySet[Finding]:
    """Those, and what the goal rests on already: a form that is sent twice names one of these."""
    group = group_of(goal)
    if not ClientGroup.objects.visible_to(user).filter(pk=group.pk).exists():
        return Finding.objects.none()
    return findings_of(group)


def goal_and_finding(user: User, pk: int, goal_pk: int, finding_pk: int) -> OnOffer:
    """A goal and a finding of its group, both through what the person sees."""
    goal = visible_goal(user, pk, goal_pk)
    groups = ClientGroup.objects.visible_to(user).filter(pk=group_of(goal).pk)
    finding = Finding.objects.filter(client_group__in=groups, pk=finding_pk).first()
    if finding is None:
        raise Http404
    return OnOffer(goal, finding)


def goals_resting_on(finding: Finding, user: User) -> QuerySet[Goal]:
    """Goals that name a finding as evidence, in projects that the person sees."""
    projects = Project.objects.visible_to(user)
    goals = Goal.objects.filter(evidence__finding=finding, project__in=projects)
    return goals.select_related("project", "owner").order_by("due_on", "pk")
