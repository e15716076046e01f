"""What needs a person first: late work, goals that slip, unhappy clients, imports that wait."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from core.formats import day as format_day
from feedback.models import Answer, Survey
from imports.models import ImportRun
from projects.models import Goal, Project, Task

EACH = 5
LOW_ANSWER_DAYS = 30


@dataclass(frozen=True)
class Attention:
    """One line of the list: what, why now, and where to act."""

    icon: str
    tone: str
    title: str
    detail: str
    url: str
    action: str
    rank: tuple


def attention_of(user: User, project: Project | None = None) -> list[Attention]:
    """The lines for a person, or for one project; four queries, at most twenty lines.

    Ranked by how late it is: overdue work, slipping goals, unhappy clients, then what is due next.
    """
    today = timezone.localdate()
    found = [
        *_tasks(user, project, today),
        *_goals(user, project, today),
        *_low_answers(user, project, today),
        *([] if project else _imports(user)),
    ]
    return sorted(found, key=lambda line: line.rank)


def _tasks(user, project, today):
    rows = Task.objects.due_on_or_before(today + dt.timedelta(days=1)).select_related("project")
    if project:
        rows = rows.filter(project=project, due_on__lt=today)
    else:
        # Access may have ended since the work was assigned.
        rows = rows.visible_to(user).filter(assignee=user)
    for task in rows.order_by("due_on", "-priority", "pk")[:EACH]:
        late = (today - task.due_on).days
        yield Attention(
            "clock",
            "red" if late > 0 else "amber",
            task.title,
            f"{task.project.name} · {_due(task.due_on, today)}",
            task.get_absolute_url(),
            _("View"),
            (0 if late > 0 else 3, -late),
        )


def _due(day, today):
    late = (today - day).days
    if late > 0:
        return ngettext("%(days)d day overdue", "%(days)d days overdue", late) % {"days": late}
    if late == 0:
        return _("due today")
    return _("due %(day)s") % {"day": format_day(day)}


def _goals(user, project, today):
    rows = Goal.objects.filter(
        state=Goal.State.ACTIVE, pace__in=[Goal.Pace.AT_RISK, Goal.Pace.BEHIND]
    ).select_related("project")
    if project:
        rows = rows.filter(project=project)
    else:
        rows = rows.visible_to(user).filter(Q(owner=user) | Q(project__lead=user))
    for goal in rows.order_by("due_on", "pk")[:EACH]:
        behind = goal.pace == Goal.Pace.BEHIND
        yield Attention(
            "target-arrow",
            "red" if behind else "amber",
            goal.statement,
            f"{goal.get_pace_display()} · {_due(goal.due_on, today)}",
            goal.get_absolute_url(),
            _("Check in"),
            (1 if behind else 2, (goal.due_on - today).days),
        )


def _low_answers(user, project, today):
    """Surveys with detractors (NPS 0 to 6) in the last month, the oldest day first."""
    surveys = Survey.objects.visible_to(user)
    if project:
        surveys = surveys.filter(project=project)
    since = today - dt.timedelta(days=LOW_ANSWER_DAYS)
    rows = (
        Answer.objects.filter(
            survey__in=surveys, metric="nps", score__lte=6, responded_on__gte=since
        )
        .values("survey", "survey__name")
        .annotate(unhappy=Count("client", distinct=True), oldest=Min("responded_on"))
        .order_by("oldest")[:EACH]
    )
    for row in rows:
        unhappy, days = row["unhappy"], (today - row["oldest"]).days
        yield Attention(
            "message-star",
            "amber",
            ngettext(
                "%(count)d client would not recommend us",
                "%(count)d clients would not recommend us",
                unhappy,
            )
            % {"count": unhappy},
            _("%(survey)s · oldest answer %(days)d days ago")
            % {"survey": row["survey__name"], "days": days},
            reverse("feedback:survey_detail", args=[row["survey"]]),
            _("Read"),
            (2, -days),
        )


def _imports(user):
    waiting = ImportRun.objects.filter(created_by=user, state=ImportRun.State.CHECKED)
    for run in waiting.order_by("created_at")[:EACH]:
        yield Attention(
            "file-import",
            "blue",
            _("The import of “%(file)s” waits for your decision") % {"file": run.file_name},
            run.get_kind_display(),
            run.get_absolute_url(),
            _("Decide"),
            (3, 0),
        )
