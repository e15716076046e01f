from clientgroups.models import Finding
from tests.journeys.visiting import Visit, each, of_group, of_project

NO_PAGE = {
    "clientgroups:all_value_export": "a CSV file",
    "clientgroups:group_value_export": "a CSV file",
    "clientgroups:rfm_export": "a CSV file",
    "clientgroups:rfm_clients_export": "a CSV file",
}
SPAN = "?start=2025-01-01&end=2026-06-30"


def of_finding(story):
    """The finding with a market share, for the page that shows most."""
    rows = Finding.objects.filter(client_group=story.group).order_by("market_size", "pk")
    return of_group(story) | {"finding": rows.first().pk}


def of_goal(story):
    return of_project(story) | {"goal_pk": story.goal.pk}


VISITS = [
    *each("clientgroups:all_value clientgroups:rfm clientgroups:rate_list"),
    Visit("clientgroups:all_value", query="?by=quarter", note="quarters"),
    Visit("clientgroups:rfm", query="?as_of=2026-01-31&r=1&f=1", note="a past day"),
    Visit("clientgroups:all_value_clients", query=f"{SPAN}&what=repeat"),
    Visit("clientgroups:all_value_purchases", query=SPAN),
    Visit("clientgroups:all_value_moves", query=SPAN),
    *each("clientgroups:group_value clientgroups:group_findings", of_group),
    Visit("clientgroups:group_value_clients", of_group, query=f"{SPAN}&what=retained"),
    Visit("clientgroups:group_value_purchases", of_group, query=SPAN),
    Visit("clientgroups:group_value_moves", of_group, query=SPAN),
    Visit("clientgroups:group_value_moves", of_group, note="nothing asked", status=422),
    Visit("clientgroups:finding_create", of_group),
    *each("clientgroups:finding_detail clientgroups:finding_edit", of_finding),
    Visit("projects:goal_evidence", of_goal),
    Visit("projects:finding_goals", of_finding),
]
