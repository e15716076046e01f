"""What projects keep about a client: tasks made of its requests."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from clientgroups.models import Client
from clientgroups.selectors.personal import PersonalData, register, words_of
from clientgroups.services.personal_scrub import scrub_rows
from projects.models import Comment, Task


def tasks_of(client: Client):  # noqa: ANN201
    return Task.objects.filter(request_link__request__client=client)


def task_rows(client: Client) -> Iterable[dict]:
    rows = tasks_of(client).order_by("pk")
    return rows.values("id", "project__name", "number", "title", "description", "created_at")


def erase_tasks(client: Client) -> int:
    """The task took the words of the request: they go. Elsewhere only the names go."""
    rows = tasks_of(client)
    keys = list(rows.values_list("pk", flat=True))
    for pk, request in list(rows.values_list("pk", "request_link__request_id")):
        Task.objects.filter(pk=pk).update(title=f"#{request}", description="")
    others = Task.objects.exclude(pk__in=keys)
    found = scrub_rows(others, ["title", "description"], words_of(client))
    return len(keys) + found + scrub_rows(Comment.objects.all(), ["body"], words_of(client))


register(PersonalData("tasks", _("Tasks made of requests"), task_rows, erase_tasks))
