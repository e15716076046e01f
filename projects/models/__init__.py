from projects.models.goal import CheckIn, Goal, GoalMeasurement
from projects.models.link import GoalEvidence, ProjectInteraction, RequestTask
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
    "GoalEvidence",
    "GoalMeasurement",
    "Label",
    "Project",
    "ProjectAccess",
    "ProjectInteraction",
    "RequestTask",
    "Task",
]
