"""The overview of one project: figures, goals, the top of the board and what happened lately."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import AuditEvent, User
from projects.models import Project, Task
from projects.selectors.board import Board, BoardQuery, board_of
from projects.selectors.goals import GoalNode, Summary, goal_tree, goals_summary
from projects.selectors.history import Happening, tell
from projects.selectors.projects import team_of

CARDS_SHOWN = 3
HAPPENINGS = 5
QUARTER = dt.timedelta(days=90)


@dataclass(frozen=True)
class Delivery:
    """Tasks due in the last ninety days that were done, and how many of them in time."""

    done: int
    in_time: int

    @property
    def share(self) -> float | None:
        return self.in_time / self.done if self.done else None


@dataclass
class Overview:
    team: list[User]
    goals: list[GoalNode]
    summary: Summary
    delivery: Delivery
    open_tasks: int
    done_tasks: int
    board: Board
    happenings: list[Happening]
    today: dt.date

    @property
    def health(self) -> str:
        """The worst pace of the running goals; none without goals that are measured."""
        paces = [("behind", self.summary.behind), ("at_risk", self.summary.at_risk)]
        worst = next((pace for pace, count in paces if count), "")
        return worst or ("on_track" if self.summary.on_track else "")


def overview_of(project: Project, user: User) -> Overview:
    board = board_of(project, user, BoardQuery())
    for lane in board.lanes:
        lane.cards = lane.cards[:CARDS_SHOWN]
    totals = {"todo": 0, "doing": 0, "done": 0, "cancelled": 0}
    for lane in board.lanes:
        totals[lane.column.category] += lane.all
    return Overview(
        team=team_of(project),
        goals=goal_tree(project),
        summary=goals_summary(Project.objects.filter(pk=project.pk)),
        delivery=delivery_of(project),
        open_tasks=totals["todo"] + totals["doing"],
        done_tasks=totals["done"],
        board=board,
        happenings=recent(project),
        today=timezone.localdate(),
    )


def delivery_of(project: Project) -> Delivery:
    """Of the work with a due date that was finished lately, how much was in time."""
    since = timezone.now() - QUARTER
    done = Task.objects.filter(
        project=project, completed_at__gte=since, due_on__isnull=False, archived_at=None
    ).annotate(done_on=TruncDate("completed_at", tzinfo=timezone.get_current_timezone()))
    return Delivery(
        **done.aggregate(done=Count("pk"), in_time=Count("pk", filter=Q(done_on__lte=F("due_on"))))
    )


def recent(project: Project) -> list[Happening]:
    """The latest events of the project's tasks and of the project, as sentences."""
    newest = list(
        Task.objects.filter(project=project)
        .order_by("-updated_at")
        .values_list("pk", "number")[:50]
    )
    numbers = {str(pk): number for pk, number in newest}
    about_tasks = Q(target_type=Task._meta.label_lower, target_id__in=list(numbers))
    about_project = Q(target_type=Project._meta.label_lower, target_id=str(project.pk))
    events = AuditEvent.objects.filter(about_tasks | about_project).select_related("actor")
    return [
        tell(event, number=numbers.get(event.target_id) if "task" in event.target_type else None)
        for event in events[:HAPPENINGS]
    ]
