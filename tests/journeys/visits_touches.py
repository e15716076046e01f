"""Pages of touches: which row of the demo each one is opened with."""

from clientgroups.models import Interaction, TouchPlan
from tests.journeys.visiting import Visit, each, of_client, of_group, of_project

NO_PAGE = {}


def promised(story):
    """A touch whose follow-up the person promised."""
    rows = Interaction.objects.filter(follow_up_by=story.user)
    return {"pk": rows.awaiting_follow_up().order_by("follow_up_on", "pk").first().pk}


def a_plan(story):
    plan = TouchPlan.objects.filter(client_group=story.group).first()
    return {"pk": plan.client_group_id, "plan": plan.pk}


VISITS = [
    *each("clientgroups:touch_list clientgroups:touch_create"),
    *each("clientgroups:silent_list clientgroups:follow_up_list"),
    Visit("clientgroups:touch_list", query="?show=all", note="all"),
    Visit("clientgroups:follow_up_list", query="?who=all", note="of everybody"),
    Visit("clientgroups:touch_create", query="?q=a", note="found"),
    *each("clientgroups:touch_detail clientgroups:touch_edit", promised),
    *each("clientgroups:client_log clientgroups:client_timeline", of_client),
    Visit("clientgroups:client_timeline", of_client, query="?kind=purchase", note="of a kind"),
    Visit("clientgroups:client_health", of_client),
    *each("clientgroups:plan_list clientgroups:plan_create", of_group),
    Visit("clientgroups:group_touches", of_group),
    Visit("clientgroups:plan_edit", a_plan),
    *each("projects:project_interactions projects:interaction_create", of_project),
    Visit("projects:interactions_panel", of_project),
]
