from tests.journeys.visiting import Visit, each, of_group


def of_rule_group(story):
    return {"pk": story.rule_group.pk}


NO_PAGE = {}
VISITS = [
    *each("clientgroups:group_overlap clientgroups:group_moves", of_rule_group),
    Visit("clientgroups:group_moves", of_group, query="?since=2024-01-31&until="),
    Visit("clientgroups:group_members", of_group, query="?on=2026-01-31", note="on a day"),
    Visit("clientgroups:group_members", of_group, query="?on=2999-01-01", note="refused"),
]
