"""What projects keep about a client: tasks made of its requests."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent
from clientgroups.models import Client
from clientgroups.selectors.personal import PersonalData, register
from clientgroups.services.personal_elsewhere import scrub_tables
from clientgroups.services.personal_trail import blank_notices
from projects.models import CheckIn, ChecklistItem, Comment, Goal, Project, Task

TEXTS = {
    Task: ["title", "description"],
    ChecklistItem: ["checklist", "text"],
    Comment: ["body"],
    Goal: ["statement", "relevance", "attainability", "closing_summary"],
    CheckIn: ["note"],
    Project: ["description"],
}


def tasks_of(client: Client):  # noqa: ANN201
    return Task.objects.filter(request_link__request__client=client)


def task_rows(client: Client) -> Iterable[dict]:
    rows = tasks_of(client).order_by("pk")
    return rows.values("id", "project__name", "number", "title", "description", "created_at")


def erase_tasks(client: Client) -> int:
    """The task took the words of the request: they go. Elsewhere only the names go."""
    rows = list(tasks_of(client).only("pk", "project_id", "number"))
    requests = dict(tasks_of(client).values_list("pk", "request_link__request_id"))
    for pk, request in requests.items():
        Task.objects.filter(pk=pk).update(title=f"#{request}", description="")
    told = _erase_trail(requests) + blank_notices(task.get_absolute_url() for task in rows)
    return len(rows) + told + scrub_tables(client, TEXTS)


def _erase_trail(requests: dict[int, int]) -> int:
    """Everything but the words stays in the trail of such a task, and can still be undone."""
    events = list(
        AuditEvent.objects.filter(
            target_type=Task._meta.label_lower, target_id__in=map(str, requests)
        )
    )
    for event in events:
        event.target_label = f"#{requests[int(event.target_id)]}"
        for name in ("title", "description"):
            event.changes.pop(name, None)
    AuditEvent.objects.bulk_update(events, ["target_label", "changes"], batch_size=200)
    return len(events)


register(PersonalData("tasks", _("Tasks made of requests"), task_rows, erase_tasks))
