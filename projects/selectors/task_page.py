"""What the page of one task shows."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import QuerySet

from core.prepared import prepared
from projects.models import Attachment, BoardColumn, ChecklistItem, Comment, Label, Task
from projects.selectors.board import columns_of, labels_of
from projects.selectors.history import Happening, history_of
from projects.selectors.projects import people_named


@dataclass
class Checklist:
    name: str
    items: list[ChecklistItem]

    @property
    def done(self) -> int:
        return sum(item.is_done for item in self.items)

    @property
    def percent(self) -> float:
        return 100 * self.done / len(self.items)


@dataclass
class TaskPage:
    """Eight statements, whatever hangs on the task."""

    checklists: list[Checklist]
    comments: list[Comment]
    links: list[Attachment]
    labels: list[Label]
    history: list[Happening]
    columns: list[BoardColumn]
    people: list[dict]
    all_labels: list[Label]


def task_page(task: Task) -> TaskPage:
    items = groupby(_items(task.pk), key=lambda item: item.checklist)
    people = people_named(task.project_id, task.project.client_group_id)
    if task.assignee and task.assignee_id not in {person["pk"] for person in people}:
        people.append({"pk": task.assignee_id, "name": task.assignee.name})
    all_labels = labels_of(task.project_id)
    chosen = {pk for (pk,) in _chosen(task.pk)} if all_labels else set()
    return TaskPage(
        checklists=[Checklist(name, list(rows)) for name, rows in items],
        comments=_comments(task.pk),
        links=_links(task.pk),
        labels=[label for label in all_labels if label.pk in chosen],
        history=history_of(task),
        columns=columns_of(task.project_id),
        people=people,
        all_labels=all_labels,
    )


@prepared
def _items(task: int) -> QuerySet[ChecklistItem]:
    return ChecklistItem.objects.filter(task=task)


@prepared
def _comments(task: int) -> QuerySet[Comment]:
    return Comment.objects.filter(task=task)


@prepared
def _links(task: int) -> QuerySet[Attachment]:
    return Attachment.objects.filter(task=task)


@prepared
def _chosen(task: int) -> QuerySet:
    return Task.labels.through.objects.filter(task=task).order_by().values_list("label_id")
