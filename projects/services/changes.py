"""How a change of a task is made, told and taken back; shared by the services of tasks.

An audit row holds each change twice where it names a row: `assignee` in words for people to read,
`assignee_id` to take it back. `version` lets a stale editor see what happened since.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import request_address
from accounts.models import AuditEvent, User
from projects.models import BoardColumn, Label, Project, Task
from projects.selectors.projects import people_of

PLAIN = (
    "title",
    "description",
    "priority",
    "is_critical",
    "estimate_hours",
    "progress",
    "start_on",
    "due_on",
)
ROWS = ("column", "assignee", "goal")
# Empty values keep every constraint; the rows behind foreign keys are checked by `check_rows`.
_KNOWN = {
    "project",
    "column",
    "assignee",
    "goal",
    "created_by",
    "external_id",
    "import_batch",
    "external_url",
    "search",
}
_OPTIONAL = ("estimate_hours", "progress", "start_on", "due_on", "description")


def as_json(value: object) -> object:
    """A value as the audit trail stores it."""
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def check_rows(project: Project, changes: dict) -> None:
    """Refuse rows of other projects, and people without a role in this one."""
    column, goal = changes.get("column"), changes.get("goal")
    if column is not None and (column.project_id != project.pk or column.archived_at):
        raise ValidationError({"column": _("Choose a column of this project.")})
    if goal is not None and goal.project_id != project.pk:
        raise ValidationError({"goal": _("Choose a goal of this project.")})
    if any(label.project_id != project.pk for label in changes.get("labels") or ()):
        raise ValidationError({"labels": _("Choose labels of this project.")})
    assignee = changes.get("assignee")
    if assignee is not None and not people_of(project).filter(pk=assignee.pk).exists():
        raise ValidationError(
            {"assignee": _("%(person)s has no role in this project.") % {"person": assignee}}
        )


def clean(task: Task) -> None:
    """`full_clean` without a statement for each foreign key and each empty field."""
    empty = {name for name in _OPTIONAL if not getattr(task, name)}
    task.full_clean(exclude=_KNOWN | empty, validate_unique=False)


def set_fields(task: Task, changes: dict) -> dict:
    """Put new values into a task in memory; the audit pairs of what really changed.

    `column` also keeps `completed_at` in step: set when work arrives in a column of done work,
    cleared when it leaves. Progress is left as people entered it.
    """
    pairs = {}
    for name in PLAIN:
        if name in changes and getattr(task, name) != changes[name]:
            pairs[name] = [as_json(getattr(task, name)), as_json(changes[name])]
            setattr(task, name, changes[name])
    for name in ROWS:
        if name in changes and getattr(task, f"{name}_id") != getattr(changes[name], "pk", None):
            before, after = getattr(task, name), changes[name]
            pairs[name] = [str(before) if before else None, str(after) if after else None]
            pairs[f"{name}_id"] = [getattr(before, "pk", None), getattr(after, "pk", None)]
            setattr(task, name, after)
    if "column" in pairs:
        settle(task)
    return pairs


def settle(task: Task) -> None:
    """Keep the moment of completion in step with the column."""
    if task.column.category != BoardColumn.Category.DONE:
        task.completed_at = None
    elif task.completed_at is None:
        task.completed_at = timezone.now()


def set_labels(task: Task, labels: Iterable[Label]) -> dict:
    """Give a stored task exactly these labels; the audit pairs of it."""
    before = {label.pk: label for label in task.labels.all()}
    after = {label.pk: label for label in labels}
    if before.keys() == after.keys():
        return {}
    task.labels.set(after.values())
    return label_pairs(before.values(), after.values())


def label_pairs(before: Iterable[Label], after: Iterable[Label]) -> dict:
    before, after = list(before), list(after)
    return {
        "labels": [
            ", ".join(label.name for label in before) or None,
            ", ".join(label.name for label in after) or None,
        ],
        "label_ids": [sorted(label.pk for label in each) for each in (before, after)],
    }


def event_of(task: Task, actor: User | None, verb: str, changes: dict) -> AuditEvent:
    """An audit row not stored yet, for changes of many tasks at once."""
    return AuditEvent(
        actor=actor,
        verb=verb,
        target_type=Task._meta.label_lower,
        target_id=str(task.pk),
        target_label=str(task)[:200],
        changes=changes,
        address=request_address.get(),
    )
