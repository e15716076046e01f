"""Goals as pages and other apps read them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Min, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from accounts.models import AuditEvent, User
from clientgroups.models import ClientGroup
from projects.models import Goal, GoalMeasurement, Project
from projects.progress import RollUp, roll_up
from projects.selectors.goal_texts import pace_texts
from projects.selectors.projects import people_of, visible_project


@dataclass
class GoalNode:
    """A goal in its tree; `rollup` says what its live sub-goals come to."""

    goal: Goal
    depth: int
    children: list["GoalNode"] = field(default_factory=list)

    @property
    def rollup(self) -> RollUp:
        return roll_up(node.goal.share for node in self.children if node.goal.is_live)

    @property
    def reasons(self) -> list[str]:
        return pace_texts(self.goal)

    @property
    def percent(self) -> float | None:
        return None if self.goal.progress is None else 100 * float(self.goal.progress)

    @property
    def tone(self) -> str:
        return TONES.get(self.goal.look, "done")

    def walk(self) -> Iterable["GoalNode"]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Summary:
    """Running goals by pace, for tiles; `next_due` is the nearest due date that is not past."""

    on_track: int
    at_risk: int
    behind: int
    unknown: int
    next_due: dt.date | None

    @property
    def total(self) -> int:
        return self.on_track + self.at_risk + self.behind + self.unknown


TONES = {
    Goal.Pace.ON_TRACK: "",
    Goal.Pace.AT_RISK: "risk",
    Goal.Pace.BEHIND: "late",
    Goal.State.ACHIEVED: "",
    Goal.State.MISSED: "late",
}


def visible_goal(user: User, pk: int, goal_pk: int) -> Goal:
    """A goal of the project in the address, or 404: also when it belongs to another project."""
    project = visible_project(user, pk)
    goals = Goal.objects.filter(project=project).select_related("parent", "owner", "client_group")
    goal = goals.filter(pk=goal_pk).first()
    if goal is None:
        raise Http404
    goal.project = project
    return goal


def visible_measurement(user: User, pk: int, goal_pk: int, entry_pk: int) -> GoalMeasurement:
    """A value of a goal that the person may see, or 404."""
    goal = visible_goal(user, pk, goal_pk)
    entry = goal.measurements.filter(pk=entry_pk).first()
    if entry is None:
        raise Http404
    entry.goal = goal
    return entry


@dataclass(frozen=True)
class Removed:
    """A value that was removed from a goal: `event` holds what it was."""

    goal: Goal
    event: AuditEvent

    @property
    def project(self) -> Project:
        return self.goal.project

    def role_of(self, user: User) -> str | None:
        return self.goal.role_of(user)


def removed_measurement(user: User, pk: int, goal_pk: int, event_pk: int) -> Removed:
    """A value that was removed from a goal the person may see, or 404."""
    goal = visible_goal(user, pk, goal_pk)
    event = AuditEvent.objects.filter(
        pk=event_pk,
        verb="goal.measurement_deleted",
        target_type=Goal._meta.label_lower,
        target_id=str(goal.pk),
    ).first()
    if event is None:
        raise Http404
    return Removed(goal, event)


def may_report(user: User, goal: Goal) -> bool:
    """Members report values and check in on goals they own; leads on any."""
    is_own = goal.owner_id == user.pk and user.has_perm("projects.check_in", goal)
    return is_own or user.has_perm("projects.edit_goal", goal)


def open_parent(project: Project, key: str) -> Goal | None:
    """The open goal that a new sub-goal was asked for; None for anything else."""
    goals = Goal.objects.filter(project=project, state__in=["draft", "active"])
    return goals.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None


def goal_tree(project: Project) -> list[GoalNode]:
    """The goals of a project as trees, cancelled ones included; one query.

    A tree is read with tree_filter, so that the database ranks this project's rows alone.
    """
    goals = Goal.objects.with_tree_fields().tree_filter(project=project).filter(project=project)
    roots, nodes = [], {}
    for goal in goals.select_related("owner").defer("search"):
        goal.project = project
        node = nodes[goal.pk] = GoalNode(goal, goal.tree_depth)
        parent = nodes.get(goal.parent_id)
        (parent.children if parent else roots).append(node)
    return roots


def only(nodes: Iterable[GoalNode], wanted: Iterable[int]) -> list[GoalNode]:
    """The branches that lead to wanted goals; what else hangs on them is left out."""
    kept = []
    for node in nodes:
        children = only(node.children, wanted)
        if children or node.goal.pk in wanted:
            kept.append(GoalNode(node.goal, node.depth, children))
    return kept


def sub_goals(goal: Goal) -> list[GoalNode]:
    """The goals right below one, each with those below it."""
    for root in goal_tree(goal.project):
        for node in root.walk():
            if node.goal.pk == goal.pk:
                return _raised(node.children, node.depth + 1)
    return []


def _raised(nodes, by):
    """A branch that is shown alone begins at depth 0."""
    for node in nodes:
        node.depth -= by
        _raised(node.children, by)
    return nodes


def goals_summary(projects: QuerySet[Project]) -> Summary:
    """Running goals of some projects by pace; one query."""
    running = Goal.objects.active().filter(project__in=projects)
    counts = {pace.value: Count("pk", filter=Q(pace=pace)) for pace in Goal.Pace}
    due = Q(due_on__gte=timezone.localdate())
    found = running.aggregate(**counts, next_due=Min("due_on", filter=due))
    return Summary(**{name: found[name] for name in Summary.__dataclass_fields__})


def my_goals(user: User) -> QuerySet[Goal]:
    """Open goals that the person owns in projects that still run, what slips first."""
    running = Project.objects.visible_to(user).active()
    goals = Goal.objects.filter(owner=user, project__in=running)
    return (
        goals.filter(state__in=[Goal.State.ACTIVE, Goal.State.DRAFT])
        .select_related("project__client_group", "owner")
        .order_by("due_on", "pk")
    )


def score_goals(group_ids: Iterable[int], metric: str) -> QuerySet[Goal]:
    """Running goals that read a score of these client groups: their own, or their project's."""
    groups = list(group_ids)
    own = Q(client_group__in=groups)
    inherited = Q(client_group=None, project__client_group__in=groups)
    goals = Goal.objects.active().filter(own | inherited, source=metric)
    # By project, so that two writers lock the trees in the same order.
    return goals.select_related("project").order_by("project", "pk")


def owners_of(project: Project, present: int | None = None) -> QuerySet[User]:
    """Who may own a goal: people with a role, the project's lead, administrators.

    The `present` owner may keep it, whatever became of the role.
    """
    entitled = (
        Q(pk__in=people_of(project).values("pk"))
        | Q(pk=project.lead_id)
        | Q(role=User.Role.ADMIN)
        | Q(is_superuser=True)
    )
    people = User.objects.filter(Q(entitled, is_active=True) | Q(pk=present))
    return people.order_by("name", "pk")


def task_counts(goal: Goal) -> tuple[int, int]:
    """(done, all) of the goal's live tasks; cancelled work is neither."""
    live = goal.tasks.live().exclude(column__category="cancelled")
    found = live.aggregate(done=Count("pk", filter=Q(column__category="done")), total=Count("pk"))
    return found["done"], found["total"]


def possible_parents(goal: Goal) -> QuerySet[Goal]:
    """Open goals of the project that a goal may be moved below."""
    goals = Goal.objects.filter(project=goal.project, state__in=["draft", "active"])
    if goal.pk:
        below = [node.goal.pk for child in sub_goals(goal) for node in child.walk()]
        goals = goals.exclude(pk__in=[goal.pk, *below])
    return goals.order_by("position", "pk")


def goal_groups(user: User, project: Project) -> QuerySet[ClientGroup]:
    """Client groups that a goal may serve: the project's own, and others the person may see."""
    seen = ClientGroup.objects.visible_to(user).active().values("pk")
    return ClientGroup.objects.filter(Q(pk=project.client_group_id) | Q(pk__in=seen))
