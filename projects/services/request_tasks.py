"""Making a task of a client's request, and telling the request when the task is done."""

import datetime as dt
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import RequestMessage, ServiceRequest
from notifications.services import in_language_of, notify
from projects.models import Project, RequestTask
from projects.selectors.request_tasks import links_done_since
from projects.services.tasks import create_task

# Names the notes this module writes, so that each is written once.
NOTES = UUID("5d0a4f57-6f0b-4a52-9d1f-3c1c7c0f7a11")
# How long the sweep may have stood still without a note being lost.
LOOK_BACK = dt.timedelta(days=30)


@transaction.atomic
def make_task_of_request(
    *,
    request: ServiceRequest,
    actor: User,
    project: Project,
    title: str,
    submission_key: str,
    **fields: object,
) -> RequestTask:
    """Add a task to a project and tie it to the request it came from.

    The same submission key twice makes one task and one tie.
    """
    task = create_task(
        actor=actor, project=project, title=title, submission_key=submission_key, **fields
    )
    link, made = RequestTask.objects.get_or_create(task=task, defaults={"request": request})
    if link.request_id != request.pk:
        raise ValidationError(_("This task was made of another request."))
    if made:
        record(actor=actor, verb="request.task_made", target=request, task=[None, task.key])
    return link


def echo_done_tasks(*, now: dt.datetime | None = None) -> int:
    """Write an internal note into each request whose task was done; how many were new.

    The key of a note is made of the tie and the moment the task was done: written once however
    often this runs, and once more when the task was taken up again and done later.
    """
    now = now or timezone.now()
    return sum(_echo(link) for link in links_done_since(now - LOOK_BACK).iterator(chunk_size=200))


@transaction.atomic
def _echo(link: RequestTask) -> bool:
    task, row = link.task, link.request
    key = uuid5(NOTES, f"{link.pk}:{task.completed_at.isoformat()}")
    if RequestMessage.objects.filter(submission_key=key).exists():
        return False
    author = task.assignee or row.assignee or task.created_by or row.client.owner
    with translation.override(author.language):
        words = {"key": task.key, "title": task.title, "project": task.project.name}
        text = _("The task %(key)s “%(title)s” in %(project)s is done.") % words
    note = RequestMessage(
        request=row, author=author, is_internal=True, text=text, submission_key=key
    )
    # Two sweeps at once: the second writes nothing.
    RequestMessage.objects.bulk_create([note], ignore_conflicts=True)
    _tell(row, link)
    return True


def _tell(row: ServiceRequest, link: RequestTask) -> None:
    person, task = row.assignee, link.task
    if person is None or person == task.assignee or not row.is_open:
        return
    with in_language_of(person):
        words = {"key": task.key, "title": task.title, "number": row.number, "subject": row.subject}
        notify(
            recipient=person,
            kind="request.task_done",
            subject=_("%(key)s is done: %(title)s") % words,
            body=_("The task made of the request %(number)s, “%(subject)s”, is done.") % words,
            url=reverse("clientgroups:request_detail", args=[row.pk]),
            dedupe_key=f"request.task_done:{link.pk}:{task.completed_at.isoformat()}",
            action=_("Open the request"),
        )
