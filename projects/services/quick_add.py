"""A task from one line."""

import uuid

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from projects.models import Project, Task
from projects.selectors.quick_add import read_line
from projects.services.columns import save_label
from projects.services.tasks import create_task


@transaction.atomic
def add_from_line(
    *,
    actor: User,
    project: Project,
    text: str,
    create_labels: bool = False,
    key: uuid.UUID | None = None,
) -> Task:
    """Create the task that a line describes, exactly as its preview showed it.

    Labels that the project does not have are created only when the person said so. The same
    `key` twice makes one task.
    """
    found = read_line(text, project)
    problems = [*found.problems]
    if found.new_labels and not create_labels:
        problems += [
            _("There is no label “%(label)s” yet. Create it, or take it out.") % {"label": name}
            for name in found.new_labels
        ]
    if problems:
        raise ValidationError({"text": problems})
    labels = [
        *found.labels,
        *(
            save_label(project=project, actor=actor, name=name, colour="grey")
            for name in found.new_labels
        ),
    ]
    return create_task(
        actor=actor,
        project=project,
        title=found.title,
        assignee=found.assignee,
        priority=found.priority,
        due_on=found.due_on,
        labels=labels,
        submission_key=str(key) if key else "",
    )
