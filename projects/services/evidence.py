from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Finding
from projects.models import Goal, GoalEvidence
from projects.selectors.evidence import group_of


@transaction.atomic
def attach_finding(*, actor: User, goal: Goal, finding: Finding) -> GoalEvidence:
    """Let a goal rest on a finding about its client group; attaching twice keeps one link."""
    goal = (
        Goal.objects.select_for_update(of=("self",))
        .select_related("client_group", "project__client_group")
        .get(pk=goal.pk)
    )
    known = GoalEvidence.objects.filter(goal=goal, finding=finding).first()
    if known:
        return known
    if finding.client_group_id != group_of(goal).pk:
        raise ValidationError({"finding": _("Choose a finding about the goal's client group.")})
    if finding.archived_at:
        raise ValidationError({"finding": _("This finding was put away. Take it back first.")})
    link = GoalEvidence(goal=goal, finding=finding, added_by=actor)
    link.full_clean()
    link.save()
    record(
        actor=actor,
        verb="goal.evidence_added",
        target=goal,
        finding=[None, finding.title],
        finding_id=[None, finding.pk],
    )
    return link


@transaction.atomic
def detach_finding(*, actor: User, goal: Goal, finding: Finding) -> bool:
    """Take a finding away from a goal; False when the goal did not rest on it."""
    links = GoalEvidence.objects.select_for_update().filter(goal=goal, finding=finding)
    if not links.exists():
        return False
    links.delete()
    record(
        actor=actor,
        verb="goal.evidence_removed",
        target=goal,
        finding=[finding.title, None],
        finding_id=[finding.pk, None],
    )
    return True
