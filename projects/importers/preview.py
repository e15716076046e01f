"""What an imported board would bring to a project."""

from projects.models import Project, Task
from projects.services.boards import BoardData


def preview_board(project: Project, board: BoardData) -> dict:
    """Counts of what is new and what is known already; writes nothing."""
    stored = Task.objects.filter(project=project).exclude(external_id="")
    known = set(stored.values_list("external_id", flat=True))
    fresh = [task for task in board.tasks if task.external_id not in known]
    columns = set(project.columns.values_list("external_id", flat=True))
    labels = set(project.labels.values_list("name", "colour"))
    days = [task.due_on for task in fresh if task.due_on]
    new_columns = [c.name for c in board.columns if not c.existing and c.external_id not in columns]
    new_labels = {(label.name, label.colour) for label in board.labels} - labels
    return {
        "board": board.name,
        "new_tasks": len(fresh),
        "known_tasks": len(board.tasks) - len(fresh),
        "archived_tasks": sum(task.archived for task in fresh),
        "new_columns": new_columns[:200],
        "new_labels": len(new_labels),
        "items": sum(len(task.items) for task in fresh),
        "comments": sum(len(task.comments) for task in fresh),
        "attachments": sum(len(task.attachments) for task in fresh),
        "assigned": sum(task.assignee is not None for task in fresh),
        "first_on": min(days, default=None),
        "last_on": max(days, default=None),
        "usable": bool(board.tasks or new_columns),
    }
