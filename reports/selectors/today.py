"""The figures of the home page: stored roll-ups and set-based counts, never a live score."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import (
    Case,
    Count,
    DateField,
    Exists,
    F,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from clientgroups.models import Client, ClientGroup
from core.addresses import path_to
from core.prepared import prepared
from feedback.models import Survey
from feedback.selectors.scores import latest_scores, score_series
from projects.models import Goal, Project, Task

PROJECTS_SHOWN = 12
TASKS, GOALS, STEPS = "tasks", "goals", "steps"


@dataclass
class ProjectRow:
    """One line of the table of projects."""

    project: Project
    on_track: int
    at_risk: int
    behind: int
    open_tasks: int
    overdue: int
    next_due: object
    score: object

    @property
    def url(self):
        return path_to("projects:project_detail", self.project.pk)

    @property
    def on_track_label(self):
        return ngettext("%(n)d on track", "%(n)d on track", self.on_track) % {"n": self.on_track}

    @property
    def at_risk_label(self):
        return ngettext("%(n)d at risk", "%(n)d at risk", self.at_risk) % {"n": self.at_risk}

    @property
    def behind_label(self):
        return ngettext("%(n)d behind", "%(n)d behind", self.behind) % {"n": self.behind}


@dataclass
class Counts:
    """Goals by pace and open tasks by lateness, over everything the person may see."""

    on_track: int
    at_risk: int
    behind: int
    unknown: int
    open_tasks: int
    overdue: int

    @property
    def goals(self):
        return self.on_track + self.at_risk + self.behind + self.unknown


def project_rows(user: User) -> list[ProjectRow]:
    """Running projects, the nearest due date first; three queries for any number of rows."""
    projects = _running(user)
    found = {}
    keys = [project.pk for project in projects]
    for kind, key, *figures in _figures_of(keys, timezone.localdate()) if keys else ():
        found[kind, key] = figures
    groups = {project.client_group_id for project in projects}
    scores = latest_scores("group", groups, "csat") if groups else {}
    rows = []
    for project in projects:
        paces = found.get((GOALS, project.pk), [0, 0, 0, None])[:3]
        tasks = found.get((TASKS, project.pk), [None] * 4)
        score = scores.get(project.client_group_id)
        rows.append(ProjectRow(project, *paces, tasks[0], tasks[1], tasks[3], score))
    return rows


@prepared
def _running(user: User) -> QuerySet[Project]:
    return (
        Project.objects.visible_to(user)
        .active()
        .select_related("client_group")
        .only("name", "due_on", "client_group__name")
        .order_by(F("due_on").asc(nulls_last=True), "pk")[:PROJECTS_SHOWN]
    )


@prepared
def _figures_of(projects: list[int], today: dt.date) -> QuerySet:
    """Goals by pace, and open tasks with the next due date, of some projects."""
    goals = Goal.objects.filter(project__in=projects, state=Goal.State.ACTIVE).order_by()
    tasks = Task.objects.open().filter(project__in=projects).order_by()
    paces = [_paced(pace) for pace in ("on_track", "at_risk", "behind")]
    late, coming = Q(due_on__lt=today), Q(due_on__gte=today)
    return _grouped(goals, GOALS, "project", *paces, Cast(Value(None), DateField())).union(
        _grouped(
            tasks,
            TASKS,
            "project",
            Count("pk"),
            Count("pk", filter=late),
            Value(0),
            Min("due_on", filter=coming),
        ),
        all=True,
    )


def _paced(pace):
    return Count("pk", filter=Q(pace=pace))


def _grouped(rows, kind, by, *figures):
    """(kind, key, figures …) of each group of rows."""
    named = {f"figure_{n}": figure for n, figure in enumerate(figures)}
    groups = rows.annotate(kind=Value(kind), key=F(by) if isinstance(by, str) else by)
    return groups.values("kind", "key").annotate(**named).values_list("kind", "key", *named)


@dataclass(frozen=True)
class Totals:
    """Everything of the page that is counted over all a person may see."""

    counts: Counts
    done: tuple[bool, ...]


def totals_of(user: User) -> Totals:
    """Goals by pace, open tasks by lateness, and which first steps are done: one query."""
    found = {kind: figures for kind, _key, *figures in _totals(user, timezone.localdate())}
    tasks = found[TASKS][:2]
    return Totals(Counts(*found[GOALS], *tasks), tuple(map(bool, found[STEPS])))


@prepared
def _totals(user: User, today: dt.date) -> QuerySet:
    running = Q(state=Goal.State.ACTIVE, project__status__in=["planned", "active"])
    goals = Goal.objects.visible_to(user).filter(running).order_by()
    tasks = Task.objects.visible_to(user).open().order_by()
    late = Count("pk", filter=Q(due_on__lt=today))
    nothing, all_rows = Value(0), Value(0)
    paces = ("on_track", "at_risk", "behind", "unknown")
    steps = [
        Case(When(Exists(model.objects.visible_to(user).order_by()), then=1), default=0)
        for model in (Client, ClientGroup, Goal, Survey)
    ]
    person = User.objects.filter(pk=user.pk).order_by()
    return _grouped(tasks, TASKS, all_rows, Count("pk"), late, nothing, nothing).union(
        _grouped(goals, GOALS, all_rows, *map(_paced, paces)),
        person.values_list(Value(STEPS), all_rows, *steps),
        all=True,
    )


def chart_group(user: User, wanted: str) -> tuple[ClientGroup | None, list[ClientGroup]]:
    """The group whose satisfaction the page draws, and the groups to choose from.

    Without a choice: the first by name that has a survey.
    """
    groups = _with_survey(user)
    chosen = next((group for group in groups if str(group.pk) == wanted), None)
    return chosen or next(iter(groups), None), groups


@prepared
def _with_survey(user: User) -> QuerySet[ClientGroup]:
    groups = ClientGroup.objects.visible_to(user).active()
    return groups.filter(pk__in=Survey.objects.values("client_group")).only("pk", "name")[:50]


def score_goal(group: ClientGroup | None, user: User) -> Goal | None:
    """The running goal that the group's satisfaction feeds; its target stands in the chart."""
    return next(iter(_fed_by(user, group.pk)), None) if group else None


@prepared
def _fed_by(user: User, group: int) -> QuerySet[Goal]:
    goals = Goal.objects.visible_to(user).filter(client_group=group, source=Goal.Source.CSAT)
    return goals.filter(state=Goal.State.ACTIVE).order_by("due_on")[:1]


def satisfaction_of(group: ClientGroup | None):
    """(latest score, months) of a group; (None, []) without one."""
    if group is None:
        return None, []
    series = score_series("group", group.pk, "csat")
    return (series[-1] if series else None), series


def first_steps(user: User, done: tuple[bool, ...]) -> list[dict] | None:
    """The four steps of a first run with what is done; None once all are."""
    if all(done):
        return None
    manages = user.is_manager
    steps = [
        (
            "file-import",
            _("Bring in your clients"),
            _("Import their purchases from a file, or enter the first one by hand."),
            reverse("imports:run_create") if manages else "",
            _("Import"),
        ),
        (
            "users-group",
            _("Form a client group"),
            _("List clients by hand, or let a rule such as “loyal” keep the list true."),
            reverse("clientgroups:group_create") if manages else "",
            _("New group"),
        ),
        (
            "target-arrow",
            _("Write a goal that can be measured"),
            _("For example: satisfaction of this group at 85 within six months."),
            reverse("projects:project_list"),
            _("Choose a project"),
        ),
        (
            "message-star",
            _("Ask the group"),
            _("Three questions by e-mail; the answers become a score with an interval."),
            reverse("feedback:survey_list"),
            _("Surveys"),
        ),
    ]
    names = ("icon", "title", "detail", "url", "action")
    return [
        dict(zip(names, texts, strict=True)) | {"done": is_done}
        for texts, is_done in zip(steps, done, strict=True)
    ]
