from clientgroups.models import CannedAnswer, ServiceRequest
from tests.journeys.visiting import VISITOR, Visit, each, of_client


def request_of(story, **conditions):
    """A request of somebody in the group of the story."""
    rows = ServiceRequest.objects.filter(client__memberships__client_group=story.group)
    return rows.filter(**conditions).order_by("pk").first()


def of_request(**conditions):
    return lambda story: {"pk": request_of(story, **conditions).pk}


def of_link(**conditions):
    return lambda story: {"token": request_of(story, **conditions).token}


def of_canned(_story):
    return {"pk": CannedAnswer.objects.order_by("pk").first().pk}


def of_linked_task(story):
    row = request_of(story, task_links__isnull=False)
    task = row.task_links.first().task
    return {"pk": task.project_id, "number": task.number}


NO_PAGE = {
    "clientgroups:request_rate": "leads back to clientgroups:request_public",
}
VISITS = [
    *each("clientgroups:request_list clientgroups:request_choose_client"),
    Visit("clientgroups:request_list", query="?q=nothing+at+all", note="empty"),
    Visit("clientgroups:request_choose_client", query="?q=a", note="found"),
    Visit("clientgroups:request_figures", query="?days=365"),
    Visit("clientgroups:client_request_create", of_client),
    Visit("clientgroups:request_detail", of_request(status="open")),
    Visit("clientgroups:request_detail", of_request(status="waiting"), note="waiting"),
    Visit("clientgroups:request_detail", of_request(rating__isnull=False), note="rated"),
    *each(
        "clientgroups:request_edit clientgroups:request_resolve projects:request_tasks "
        "projects:request_task_create",
        of_request(status="open"),
    ),
    Visit("projects:task_request", of_linked_task),
    *each("clientgroups:canned_list clientgroups:canned_create"),
    Visit("clientgroups:canned_edit", of_canned),
    Visit("clientgroups:request_public", of_link(status="waiting"), VISITOR),
    Visit("clientgroups:request_public", of_link(status="closed"), VISITOR, note="rating"),
    Visit(
        "clientgroups:request_public",
        lambda _story: {"token": "nothing"},
        VISITOR,
        note="unknown",
        status=404,
    ),
]
