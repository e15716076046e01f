"""The figures of the home page: stored roll-ups and set-based counts, never a live score."""

from dataclasses import dataclass

from django.db.models import Count, F, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from clientgroups.models import Client, ClientGroup
from feedback.models import Survey
from feedback.selectors.scores import latest_scores, score_series
from projects.models import Goal, Project, Task

PROJECTS_SHOWN = 12


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
        return self.project.get_absolute_url()

    @property
    def has_goals(self):
        return bool(self.on_track or self.at_risk or self.behind)

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
    """Running projects, the latest due date first to come; four queries for any number of rows."""
    projects = list(
        Project.objects.visible_to(user)
        .active()
        .select_related("client_group", "lead")
        .order_by(F("due_on").asc(nulls_last=True), "pk")[:PROJECTS_SHOWN]
    )
    keys = [project.pk for project in projects]
    goals = _by_project(
        Goal.objects.filter(project__in=keys, state=Goal.State.ACTIVE),
        **{pace.value: Count("pk", filter=Q(pace=pace)) for pace in Goal.Pace},
    )
    today = timezone.localdate()
    tasks = _by_project(
        Task.objects.open().filter(project__in=keys),
        open=Count("pk"),
        overdue=Count("pk", filter=Q(due_on__lt=today)),
        next_due=Min("due_on", filter=Q(due_on__gte=today)),
    )
    scores = latest_scores("group", {project.client_group_id for project in projects}, "csat")
    return [
        ProjectRow(
            project,
            *(goals.get(project.pk, {}).get(pace, 0) for pace in ("on_track", "at_risk", "behind")),
            *(tasks.get(project.pk, {}).get(name) for name in ("open", "overdue", "next_due")),
            scores.get(project.client_group_id),
        )
        for project in projects
    ]


def _by_project(rows, **figures):
    grouped = rows.order_by().values("project").annotate(**figures)
    return {row["project"]: row for row in grouped}


def counts(user: User) -> Counts:
    """Two queries over the visible rows."""
    goals = (
        Goal.objects.visible_to(user)
        .filter(state=Goal.State.ACTIVE, project__status__in=["planned", "active"])
        .order_by()
        .aggregate(**{pace.value: Count("pk", filter=Q(pace=pace)) for pace in Goal.Pace})
    )
    tasks = (
        Task.objects.visible_to(user)
        .open()
        .order_by()
        .aggregate(open=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=timezone.localdate())))
    )
    paces = ("on_track", "at_risk", "behind", "unknown")
    return Counts(*(goals[pace] for pace in paces), tasks["open"], tasks["overdue"])


def chart_group(user: User, wanted: str) -> tuple[ClientGroup | None, list[ClientGroup]]:
    """The group whose satisfaction the page draws, and the groups to choose from.

    Without a choice: the first by name that has a survey.
    """
    groups = list(
        ClientGroup.objects.visible_to(user)
        .active()
        .filter(pk__in=Survey.objects.values("client_group"))
        .only("pk", "name")[:50]
    )
    chosen = next((group for group in groups if str(group.pk) == wanted), None)
    return chosen or next(iter(groups), None), groups


def score_goal(group: ClientGroup | None, user: User) -> Goal | None:
    """The running goal that the group's satisfaction feeds; its target stands in the chart."""
    if group is None:
        return None
    return (
        Goal.objects.visible_to(user)
        .filter(client_group=group, source=Goal.Source.CSAT, state=Goal.State.ACTIVE)
        .order_by("due_on")
        .first()
    )


def satisfaction_of(group: ClientGroup | None):
    """(latest score, months) of a group; (None, []) without one."""
    if group is None:
        return None, []
    series = score_series("group", group.pk, "csat")
    return (series[-1] if series else None), series


def first_steps(user: User) -> list[dict] | None:
    """The four steps of a first run with what is done; None once all are. Four queries."""
    manages = user.is_manager
    steps = [
        (
            Client,
            "file-import",
            _("Bring in your clients"),
            _("Import their purchases from a file, or enter the first one by hand."),
            reverse("imports:run_create") if manages else "",
            _("Import"),
        ),
        (
            ClientGroup,
            "users-group",
            _("Form a client group"),
            _("List clients by hand, or let a rule such as “loyal” keep the list true."),
            reverse("clientgroups:group_create") if manages else "",
            _("New group"),
        ),
        (
            Goal,
            "target-arrow",
            _("Write a goal that can be measured"),
            _("For example: satisfaction of this group at 85 within six months."),
            reverse("projects:project_list"),
            _("Choose a project"),
        ),
        (
            Survey,
            "message-star",
            _("Ask the group"),
            _("Three questions by e-mail; the answers become a score with an interval."),
            reverse("feedback:survey_list"),
            _("Surveys"),
        ),
    ]
    names = ("icon", "title", "detail", "url", "action")
    shown = [
        dict(zip(names, texts, strict=True)) | {"done": model.objects.visible_to(user).exists()}
        for model, *texts in steps
    ]
    return None if all(step["done"] for step in shown) else shown
