"""Pages that tie tasks to the requests of clients."""

from tests.factories.projects import TaskFactory
from tests.factories.requests import grouped_request
from tests.url_table import VIEW, WORK, Url


def of_task(task):
    return {"pk": task.project_id, "number": task.number}


REQUEST_ROWS = [
    Url("projects:request_tasks", VIEW, make=grouped_request),
    Url("projects:request_task_create", WORK, make=grouped_request),
    Url("projects:request_task_create", WORK, make=grouped_request, post={}, note="post"),
    Url("projects:task_request", VIEW, make=TaskFactory, kwargs=of_task),
]
