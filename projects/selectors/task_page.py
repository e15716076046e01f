"""What the page of one task shows."""

from dataclasses import dataclass
from itertools import groupby

from accounts.models import User
from projects.models import Attachment, BoardColumn, ChecklistItem, Comment, Label, Task
from projects.selectors.history import Happening, history_of
from projects.selectors.projects import people_of


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
    people: list[User]
    all_labels: list[Label]


def task_page(task: Task) -> TaskPage:
    items = groupby(task.checklist_items.all(), key=lambda item: item.checklist)
    people = list(people_of(task.project))
    if task.assignee and task.assignee not in people:
        people.append(task.assignee)
    all_labels = list(Label.objects.filter(project=task.project_id))
    chosen = set(task.labels.values_list("pk", flat=True))
    return TaskPage(
        checklists=[Checklist(name, list(rows)) for name, rows in items],
        comments=list(task.comments.select_related("author")),
        links=list(task.attachments.all()),
        labels=[label for label in all_labels if label.pk in chosen],
        history=history_of(task),
        columns=list(BoardColumn.objects.filter(project=task.project_id, archived_at=None)),
        people=people,
        all_labels=all_labels,
    )
