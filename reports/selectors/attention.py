"""What needs a person first: late work, promises to clients, goals that slip, unhappy and silent
clients, imports that wait.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, DateField, F, Min, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Extract, NullIf
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from clientgroups.models import Client, ClientSilence, Interaction, ServiceRequest
from clientgroups.selectors.requests import with_next_due
from core.addresses import path_to
from core.formats import day as format_day
from core.prepared import prepared
from feedback.models import Answer, Survey
from imports.models import ImportRun
from projects.models import Goal, Project, Task

EACH = 5
SHOWN = 8
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
    """The lines for a person, or for one project; one query, at most twenty lines.

    Ranked by how late it is: overdue work, slipping goals, unhappy clients, then what is due next.
    """
    today = timezone.localdate()
    since = today - dt.timedelta(days=LOW_ANSWER_DAYS)
    if project:
        rows = _of_project(user, project.pk, today, since)
    else:
        soon = timezone.now() + dt.timedelta(days=1)
        rows = _of_person(user, today + dt.timedelta(days=1), since, soon)
    lines = [LINES[kind](today, *values) for kind, *values in rows]
    return sorted(filter(None, lines), key=lambda line: line.rank)


# What is asked: (kind, title, text, parent, key, day, number) -------------------------------------


@prepared
def _of_person(user: User, until: dt.date, since: dt.date, soon: dt.datetime) -> QuerySet:
    # Access may have ended since the work was assigned.
    tasks = Task.objects.due_on_or_before(until).visible_to(user).filter(assignee=user)
    goals = Goal.objects.visible_to(user).filter(Q(owner=user) | Q(project__lead=user))
    imports = ImportRun.objects.filter(created_by=user, state=ImportRun.State.CHECKED)
    promises = _promises(user)
    promises = promises.filter(follow_up_by=user, follow_up_on__lte=until)
    silent = ClientSilence.objects.filter(client__in=Client.objects.visible_to(user).active())
    return _tasks(tasks).union(
        _goals(goals),
        _answers(Survey.objects.visible_to(user), since),
        _imports(imports),
        _follow_ups(promises),
        _silent(silent.filter(since__gte=since)),
        _requests(ServiceRequest.objects.running().filter(assignee=user), soon),
        all=True,
    )


@prepared
def _of_project(user: User, project: int, today: dt.date, since: dt.date) -> QuerySet:
    tasks = Task.objects.open().filter(project=project, due_on__lt=today)
    surveys = Survey.objects.visible_to(user).filter(project=project)
    goals = Goal.objects.filter(project=project)
    promises = _promises(user)
    promises = promises.filter(project_link__project=project, follow_up_on__lt=today)
    return _tasks(tasks).union(
        _goals(goals), _answers(surveys, since), _follow_ups(promises), all=True
    )


def _promises(user: User) -> QuerySet[Interaction]:
    """Nobody calls a client that was put away, or merged into another."""
    promised = Interaction.objects.visible_to(user).awaiting_follow_up()
    return promised.filter(client__archived_at=None)


def _tasks(rows):
    return rows.order_by("due_on", "-priority", "pk").values_list(
        Value("task"), "title", "project__name", "project", "number", "due_on", Value(0)
    )[:EACH]


def _goals(rows):
    slipping = rows.filter(state=Goal.State.ACTIVE, pace__in=[Goal.Pace.AT_RISK, Goal.Pace.BEHIND])
    return slipping.order_by("due_on", "pk").values_list(
        Value("goal"), "statement", "pace", "project", F("pk") + 0, "due_on", Value(0)
    )[:EACH]


def _answers(surveys, since):
    """Surveys with detractors (NPS 0 to 6) in the last month, the oldest day first."""
    low = Answer.objects.filter(
        survey__in=surveys, metric="nps", score__lte=6, responded_on__gte=since
    )
    figures = {"unhappy": Count("client", distinct=True), "oldest": Min("responded_on")}
    found = low.values("survey", "survey__name").annotate(**figures).order_by("oldest")
    return found.values_list(
        Value("answers"), "survey__name", Value(""), Value(0), "survey", "oldest", "unhappy"
    )[:EACH]


def _imports(rows):
    nothing = Cast(Value(None), DateField())
    return rows.order_by("created_at").values_list(
        Value("import"), "file_name", "kind", Value(0), F("pk") + 0, nothing, Value(0)
    )[:EACH]


def _follow_ups(rows):
    what = Coalesce(NullIf("follow_up_note", Value("")), "summary")
    return rows.order_by("follow_up_on", "pk").values_list(
        Value("follow_up"), what, "client__name", Value(0), F("pk") + 0, "follow_up_on", Value(0)
    )[:EACH]


def _silent(rows):
    """One line for all clients who fell silent in the last month; a number of 0 is no line."""
    found = rows.order_by().annotate(kind=Value("silent")).values("kind")
    found = found.annotate(first=Min("since"), number=Count("pk"))
    return found.values_list("kind", Value(""), Value(""), Value(0), Value(0), "first", "number")[
        :EACH
    ]


def _requests(rows, soon):
    """Requests that are late or due within a day; the last column is the moment, in seconds."""
    seconds = Cast(Extract("next_due", "epoch", tzinfo=dt.UTC), BigIntegerField())
    found = with_next_due(rows).filter(next_due__lte=soon).order_by("next_due", "pk")
    nothing = Cast(Value(None), DateField())
    return found.values_list(
        Value("request"), "subject", "client__name", Value(0), F("pk") + 0, nothing, seconds
    )[:EACH]


# What is said -------------------------------------------------------------------------------------


def _task(today, title, project, parent, number, day, _number):
    late = (today - day).days
    return Attention(
        "clock",
        "red" if late > 0 else "amber",
        title,
        f"{project} · {_due(day, today)}",
        path_to("projects:task_detail", parent, number),
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


def _goal(today, statement, pace, project, pk, day, _number):
    behind = pace == Goal.Pace.BEHIND
    return Attention(
        "target-arrow",
        "red" if behind else "amber",
        statement,
        f"{Goal.Pace(pace).label} · {_due(day, today)}",
        path_to("projects:goal_detail", project, pk),
        _("Check in"),
        (1 if behind else 2, (day - today).days),
    )


def _low_answers(today, survey, _text, _parent, pk, oldest, unhappy):
    days = (today - oldest).days
    title = ngettext(
        "%(count)d client would not recommend us",
        "%(count)d clients would not recommend us",
        unhappy,
    )
    return Attention(
        "message-star",
        "amber",
        title % {"count": unhappy},
        _("%(survey)s · oldest answer %(days)d days ago") % {"survey": survey, "days": days},
        path_to("feedback:survey_detail", pk),
        _("Read"),
        (2, -days),
    )


def _import(_today, file_name, kind, _parent, pk, _day, _number):
    return Attention(
        "file-import",
        "blue",
        _("The import of “%(file)s” waits for your decision") % {"file": file_name},
        ImportRun.Kind(kind).label,
        path_to("imports:run_detail", pk),
        _("Decide"),
        (3, 0),
    )


def _follow_up(today, what, client, _parent, pk, day, _number):
    late = (today - day).days
    return Attention(
        "phone",
        "red" if late > 0 else "amber",
        what,
        f"{client} · {_due(day, today)}",
        path_to("clientgroups:touch_detail", pk),
        _("Follow up"),
        (0 if late > 0 else 3, -late),
    )


def _fallen_silent(today, _title, _text, _parent, _pk, first, number):
    if not number:
        return None
    title = ngettext("%(count)d client fell silent", "%(count)d clients fell silent", number)
    return Attention(
        "bell",
        "amber",
        title % {"count": number},
        _("Much longer than their own habit, since %(day)s") % {"day": format_day(first)},
        path_to("clientgroups:silent_list"),
        _("Look"),
        (2, -(today - first).days),
    )


def _request(today, subject, client, _parent, pk, _day, seconds):
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    late, day = moment < timezone.now(), timezone.localtime(moment).date()
    when = _("overdue since today") if late and day == today else _due(day, today)
    return Attention(
        "headset",
        "red" if late else "amber",
        subject,
        f"{client} · {when}",
        path_to("clientgroups:request_detail", pk),
        _("Answer"),
        (0 if late else 3, (day - today).days),
    )


LINES = {
    "task": _task,
    "goal": _goal,
    "answers": _low_answers,
    "import": _import,
    "follow_up": _follow_up,
    "silent": _fallen_silent,
    "request": _request,
}
