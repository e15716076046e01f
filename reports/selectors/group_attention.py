"""What needs somebody first in one client group, over all that is kept about it."""

import datetime as dt

from django.db.models import Case, Count, Exists, IntegerField, Min, OuterRef, QuerySet, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from clientgroups.models import Activity, ActivityInvitation, ClientGroup
from clientgroups.selectors.group_requests import open_of
from clientgroups.selectors.touches import DueTouches, Wanted
from core.addresses import path_to
from core.formats import day as format_day
from core.formats import number
from feedback.models import Answer, Survey
from projects.models import Goal
from projects.selectors.group_goals import goals_for
from reports.selectors.attention import Attention

LOW_ANSWER_DAYS = 30
SOON = dt.timedelta(days=14)
EACH = 4


def group_attention(group: ClientGroup, user: User) -> list[Attention]:
    """The lines of one group, the worst first; seven queries whatever the group holds."""
    now = timezone.now()
    lines = [
        *_rule(group),
        *_requests(group, now),
        *_goals(group, user),
        *_touches(group, user, now),
        *_answers(group, user, now),
        *_activities(group, now),
    ]
    return sorted(lines, key=lambda line: line.rank)


def _rule(group):
    if not group.problem:
        return
    yield Attention(
        "alert-triangle",
        "red",
        _("The rule of this group does not work"),
        group.get_problem_display(),
        path_to("clientgroups:group_edit", group.pk),
        _("Mend it"),
        (0, 0),
    )


def _requests(group, now):
    found = open_of(group, now)
    if not found.late:
        return
    title = ngettext(
        "%(n)s request is later than promised", "%(n)s requests are later than promised", found.late
    )
    total = ngettext("%(n)s request is open", "%(n)s requests are open", found.total)
    yield Attention(
        "headset",
        "red",
        title % {"n": number(found.late)},
        total % {"n": number(found.total)},
        path_to("clientgroups:group_requests", group.pk),
        _("Read"),
        (1, -found.late),
    )


def _goals(group, user):
    slipping = (
        goals_for(group)
        .visible_to(user)
        .filter(state=Goal.State.ACTIVE, pace__in=[Goal.Pace.BEHIND, Goal.Pace.AT_RISK])
    )
    worst = Case(When(pace=Goal.Pace.BEHIND, then=0), default=1, output_field=IntegerField())
    rows = slipping.order_by(worst, "due_on", "pk").values_list(
        "pk", "project", "statement", "pace", "due_on"
    )
    for pk, project, statement, pace, due_on in rows[:EACH]:
        behind = pace == Goal.Pace.BEHIND
        yield Attention(
            "target-arrow",
            "red" if behind else "amber",
            statement,
            _("%(pace)s · due %(day)s")
            % {"pace": Goal.Pace(pace).label, "day": format_day(due_on)},
            path_to("projects:goal_detail", project, pk),
            _("Check in"),
            (2 if behind else 4, due_on.toordinal()),
        )


def _touches(group, user, now):
    if not group.touch_plans.exists():
        return
    late = DueTouches(user, timezone.localdate(now), Wanted(group=group.pk)).count()
    if not late:
        return
    title = ngettext(
        "%(n)s client has not been touched in time",
        "%(n)s clients have not been touched in time",
        late,
    )
    yield Attention(
        "phone",
        "amber",
        title % {"n": number(late)},
        _("By the touch plan of this group"),
        path_to("clientgroups:group_touches", group.pk),
        _("See who"),
        (3, -late),
    )


def _answers(group, user, now):
    """Detractors (NPS 0 to 6) of the last month in surveys of the group, by survey."""
    since = timezone.localdate(now) - dt.timedelta(days=LOW_ANSWER_DAYS)
    surveys = Survey.objects.visible_to(user).filter(client_group=group)
    low = Answer.objects.filter(
        survey__in=surveys, metric="nps", score__lte=6, responded_on__gte=since
    )
    figures = {"unhappy": Count("client", distinct=True), "oldest": Min("responded_on")}
    rows = low.values("survey", "survey__name").annotate(**figures).order_by("oldest")
    for row in rows[:EACH]:
        title = ngettext(
            "%(count)d client would not recommend us",
            "%(count)d clients would not recommend us",
            row["unhappy"],
        )
        yield Attention(
            "message-star",
            "amber",
            title % {"count": row["unhappy"]},
            row["survey__name"],
            path_to("feedback:survey_detail", row["survey"]),
            _("Read"),
            (3, -row["unhappy"]),
        )


def _open_activities(group: ClientGroup, now: dt.datetime) -> QuerySet[Activity]:
    """What begins soon or has begun and is not closed."""
    unnoted = ActivityInvitation.objects.filter(
        activity=OuterRef("pk"), answer="accepted", attended=None
    )
    rows = Activity.objects.filter(
        client_group=group,
        status__in=[Activity.Status.DRAFT, Activity.Status.INVITED],
        starts_at__lt=now + SOON,
    )
    return rows.annotate(unnoted=Exists(unnoted)).order_by("starts_at", "pk")[:EACH]


def _activities(group, now):
    for activity in _open_activities(group, now):
        begun = activity.starts_at <= now
        if begun and activity.unnoted:
            detail, action, tone = _("Who came is not noted yet"), _("Note it"), "amber"
        elif not begun and activity.status == Activity.Status.DRAFT:
            day = {"day": format_day(activity.starts_at)}
            detail, action, tone = (
                _("Begins %(day)s; nobody is invited yet") % day,
                _("Invite"),
                "blue",
            )
        else:
            continue
        yield Attention(
            "calendar-event",
            tone,
            activity.name,
            detail,
            reverse("clientgroups:activity_detail", args=[activity.pk]),
            action,
            (5, activity.starts_at.timestamp()),
        )
