from projects.models.goal import CheckIn, Goal, GoalMeasurement
from projects.models.project import Project, ProjectAccess
from projects.models.task import (
    Attachment,
    BoardColumn,
    ChecklistItem,
    Comment,
    Label,
    Task,
)

__all__ = [
    "Attachment",
    "BoardColumn",
    "CheckIn",
    "ChecklistItem",
    "Comment",
    "Goal",
    "GoalMeasurement",
    "Label",
    "Project",
    "ProjectAccess",
    "Task",
]
