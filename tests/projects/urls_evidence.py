from projects.models import GoalEvidence
from tests.factories.goals import GoalFactory
from tests.factories.value import FindingFactory
from tests.url_table import LEAD, VIEW, Url


def evidence():
    """A goal that rests on a finding about the client group of its project."""
    goal = GoalFactory()
    goal.client_group = goal.project.client_group
    goal.save()
    finding = FindingFactory(client_group=goal.client_group)
    return GoalEvidence.objects.create(goal=goal, finding=finding, added_by=goal.owner)


def of_goal(link):
    return {"pk": link.goal.project_id, "goal_pk": link.goal_id}


def of_link(link):
    return of_goal(link) | {"finding_pk": link.finding_id}


def one_more(link):
    finding = FindingFactory(client_group=link.goal.client_group, sized=True)
    GoalEvidence.objects.create(goal=link.goal, finding=finding, added_by=link.goal.owner)


def of_finding(finding):
    return {"pk": finding.client_group_id, "finding": finding.pk}


def goal_on(finding):
    goal = GoalFactory(project__client_group=finding.client_group)
    GoalEvidence.objects.create(goal=goal, finding=finding, added_by=goal.owner)


ROWS = [
    Url("projects:goal_evidence", VIEW, evidence, of_goal, grow=one_more),
    Url("projects:goal_evidence_add", LEAD, evidence, of_goal, {}),
    Url("projects:goal_evidence_attach", LEAD, evidence, of_link, {}),
    Url("projects:goal_evidence_detach", LEAD, evidence, of_link, {}),
    Url("projects:finding_goals", VIEW, FindingFactory, of_finding, grow=goal_on),
]
