"""Which tasks a person sees, and what a task page shows."""

from django.db.models import QuerySet
from django.http import Http404

from accounts.models import User
from projects.models import Project, Task


def visible_task(user: User, pk: int, number: int) -> Task:
    """Task `number` of project `pk`, or 404 when the person holds no role there."""
    task = (
        Task.objects.filter(project_id=pk, number=number)
        .visible_to(user)
        .select_related("project__client_group", "project__lead", "column", "assignee", "goal")
        .first()
    )
    if task is None:
        raise Http404
    return task


def live_tasks(project: Project) -> QuerySet[Task]:
    """Tasks of a project that are not archived."""
    return Task.objects.filter(project=project).live()
