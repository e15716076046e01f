"""How well clients are served: shares within the service level, times, ratings, and what waits."""

import datetime as dt
from dataclasses import dataclass
from statistics import median

from django.db.models import Avg, Count, F, Q, QuerySet, Variance
from django.db.models.functions import TruncDate, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from clientgroups.models import ClientGroup, RequestType, ServiceRequest
from clientgroups.selectors.sla import calendars, working_time
from core import formats, stats
from core.business_time import minutes_between

# Times are counted for the newest so many; a median of more says the same.
MOST_TIMED = 5000
AGES = [1, 3, 7, 30]


@dataclass(frozen=True)
class Rate:
    """A share or a mean with how many it rests on and its interval; says what may be shown."""

    n: int
    value: float | None
    low: float | None = None
    high: float | None = None
    unit: str = "%"

    @property
    def state(self) -> str:
        points = 1.0 if self.unit == "%" else 25.0
        return stats.display_state(self.n, self.low, self.high, points)

    @property
    def shown(self) -> str:
        """The figure, or a dash where it must not be shown."""
        if self.state not in (stats.OK, stats.FEW):
            return formats.NOTHING
        digits = 0 if self.unit == "%" else 1
        return formats.number(self.value, digits) + (self.unit if self.unit == "%" else "")

    @property
    def note(self) -> str:
        """Why there is no figure, or how far it can be trusted."""
        if self.state == stats.NONE:
            return _("No data yet")
        if self.state == stats.HIDDEN:
            return _("Hidden: fewer than 5 requests")
        about = f"n = {formats.number(self.n)}"
        if self.low is not None:
            about = f"{formats.interval(self.low, self.high)} · {about}"
        if self.state == stats.FEW:
            return _("%(about)s · too few to compare") % {"about": about}
        return about


def share(met: int, n: int) -> Rate:
    """Per cent with Wilson's interval."""
    if not n:
        return Rate(0, None)
    low, high = stats.wilson(met, n)
    return Rate(n, 100 * met / n, 100 * low, 100 * high)


def mean(n: int, value: float | None, variance: float | None) -> Rate:
    """A mean of ratings from 1 to 5 with Student's interval."""
    bounds = stats.mean_interval(n, value, variance) if n else None
    low, high = bounds or (None, None)
    return Rate(n, value, low, high, unit="")


@dataclass(frozen=True)
class Line:
    """Figures of one type, group or month."""

    label: str
    n: int
    answer: Rate
    resolution: Rate
    rating: Rate


@dataclass(frozen=True)
class Figures:
    total: Line
    answer_time: str
    resolution_time: str
    timed: int
    by_type: list[Line]
    by_group: list[Line]
    by_month: list[Line]
    backlog: list[tuple[str, int]]


def sums(now: dt.datetime) -> dict:
    """What is counted of any set of requests, as annotations.

    A clock counts once it is decided: met, or missed by now. What waits for the client is not.
    """
    running = ~Q(status=ServiceRequest.Status.WAITING)
    answered = Q(first_answered_at__isnull=False)
    resolved = Q(resolved_at__isnull=False)
    has_answer, has_end = Q(first_answer_due_at__isnull=False), Q(resolution_due_at__isnull=False)
    return {
        "n": Count("pk"),
        "answers": Count(
            "pk", filter=has_answer & (answered | running & Q(first_answer_due_at__lt=now))
        ),
        "answers_met": Count("pk", filter=Q(first_answered_at__lte=F("first_answer_due_at"))),
        "ends": Count("pk", filter=has_end & (resolved | running & Q(resolution_due_at__lt=now))),
        "ends_met": Count("pk", filter=Q(resolved_at__lte=F("resolution_due_at"))),
        "rated": Count("rating"),
        "rating_mean": Avg("rating"),
        "rating_spread": Variance("rating", sample=True),
    }


def line_of(label: str, found: dict) -> Line:
    return Line(
        label=label,
        n=found["n"],
        answer=share(found["answers_met"], found["answers"]),
        resolution=share(found["ends_met"], found["ends"]),
        rating=mean(found["rated"], found["rating_mean"], found["rating_spread"]),
    )


def requests_of(
    user: User, group: ClientGroup | None = None, type_: RequestType | None = None
) -> QuerySet[ServiceRequest]:
    """What the person sees, of one type, and of clients who were in the group when they asked."""
    rows = ServiceRequest.objects.visible_to(user)
    if type_ is not None:
        rows = rows.filter(type=type_)
    if group is not None:
        rows = rows.filter(was_member(), client__memberships__client_group=group)
    return rows


def was_member() -> Q:
    """The client was in the group on the day of the request; joins memberships once."""
    day = TruncDate("opened_at")
    ended = Q(client__memberships__valid_to=None) | Q(client__memberships__valid_to__gt=day)
    return ended & Q(client__memberships__valid_from__lte=day)


def figures_of(
    user: User,
    *,
    since: dt.datetime,
    group: ClientGroup | None = None,
    type_: RequestType | None = None,
    now: dt.datetime | None = None,
) -> Figures:
    """The figures of the requests that came in since a moment, and what is open today."""
    now = now or timezone.now()
    every = requests_of(user, group, type_)
    rows = every.filter(opened_at__gte=since, opened_at__lte=now)
    counted = sums(now)
    answer_time, resolution_time, timed = _times(rows)
    return Figures(
        total=line_of("", rows.aggregate(**counted)),
        answer_time=answer_time,
        resolution_time=resolution_time,
        timed=timed,
        by_type=_by_type(rows, counted),
        by_group=_by_group(user, rows, counted, group),
        by_month=_by_month(rows, counted),
        backlog=_backlog(every, now),
    )


def _by_type(rows: QuerySet, counted: dict) -> list[Line]:
    names = {each.pk: str(each) for each in RequestType.objects.all()}
    found = rows.order_by().values("type").annotate(**counted).order_by("-n", "type")
    return [line_of(names[each["type"]], each) for each in found]


def _by_group(user: User, rows: QuerySet, counted: dict, group: ClientGroup | None) -> list[Line]:
    if group is not None:
        return []
    # A client in two groups counts in both lines.
    name = "client__memberships__client_group__name"
    seen = ClientGroup.objects.visible_to(user).active()
    rows = rows.filter(was_member(), client__memberships__client_group__in=seen)
    found = rows.order_by().values("client__memberships__client_group", name)
    found = found.annotate(**counted).order_by("-n", name)[:30]
    return [line_of(each[name], each) for each in found]


def _by_month(rows: QuerySet, counted: dict) -> list[Line]:
    months = rows.annotate(month=TruncMonth("opened_at")).order_by().values("month")
    found = months.annotate(**counted).order_by("month")
    return [line_of(formats.month(each["month"].date()), each) for each in found]


def _times(rows: QuerySet) -> tuple[str, str, int]:
    """Median open hours to the first answer and to the resolution, waiting taken off."""
    known = calendars()
    answers, ends = [], []
    columns = ("opened_at", "first_answered_at", "resolved_at", "paused_minutes", "sla__calendar")
    done = rows.filter(first_answered_at__isnull=False, sla__isnull=False)
    for opened, answered, resolved, paused, calendar in done.order_by("-opened_at").values_list(
        *columns
    )[:MOST_TIMED]:
        if calendar not in known:
            continue
        answers.append(minutes_between(known[calendar], opened, answered))
        if resolved:
            ends.append(max(0, minutes_between(known[calendar], opened, resolved) - paused))
    return _median(answers), _median(ends), len(answers)


def _median(minutes: list[int]) -> str:
    if len(minutes) < stats.HIDDEN_BELOW:
        return formats.NOTHING
    return working_time(round(median(minutes)))


def _backlog(rows: QuerySet, now: dt.datetime) -> list[tuple[str, int]]:
    """Open requests by how long ago they came in."""
    edges = [now - dt.timedelta(days=days) for days in AGES]
    bounds = zip([None, *edges], [*edges, None], strict=True)
    conditions = {}
    for number, (younger, older) in enumerate(bounds):
        rule = Q() if younger is None else Q(opened_at__lte=younger)
        conditions[f"b{number}"] = Count(
            "pk", filter=rule & (Q(opened_at__gt=older) if older else Q())
        )
    found = rows.open().aggregate(**conditions)
    labels = [
        _("Under 1 day"),
        _("1 to 3 days"),
        _("3 to 7 days"),
        _("7 to 30 days"),
        _("Over 30 days"),
    ]
    return [(label, found[f"b{number}"]) for number, label in enumerate(labels)]
