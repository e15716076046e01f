"""Tasks made of service requests, from both sides."""

import datetime as dt

from django.db.models import QuerySet

from accounts.models import User
from clientgroups.models import ServiceRequest
from projects.models import RequestTask, Task


def tasks_of_request(row: ServiceRequest, user: User) -> list[RequestTask]:
    """The tasks of a request, oldest first; `may_open` says whether the person sees one."""
    links = list(
        RequestTask.objects.filter(request=row)
        .select_related("task__project", "task__column", "task__assignee")
        .defer("task__search", "task__project__search")
        .order_by("pk")
    )
    seen = set()
    if links:
        tasks = Task.objects.visible_to(user).filter(pk__in=[link.task_id for link in links])
        seen = set(tasks.values_list("pk", flat=True))
    for link in links:
        link.may_open = link.task_id in seen
    return links


def request_of_task(task: Task, user: User) -> RequestTask | None:
    """What the task was made of; `may_open` says whether the person sees the request."""
    link = RequestTask.objects.filter(task=task).select_related("request__client").first()
    if link is not None:
        seen = ServiceRequest.objects.visible_to(user).filter(pk=link.request_id)
        link.may_open = seen.exists()
    return link


def links_done_since(moment: dt.datetime) -> QuerySet[RequestTask]:
    """Links whose task was done since a moment and stands there still."""
    return (
        RequestTask.objects.filter(task__completed_at__gte=moment)
        .select_related("request__client__owner", "request__assignee")
        .select_related("task__project", "task__assignee", "task__created_by")
        .defer("request__search", "task__search", "task__project__search")
        .order_by("pk")
    )
