"""The rows behind each figure of a value page: clients, purchases and moves, as querysets."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Client, Membership, Purchase
from clientgroups.selectors.dates import months_before
from clientgroups.selectors.rates import in_base, value_policy
from clientgroups.selectors.value_periods import DAY, MONTHS, first_day, last_day
from clientgroups.selectors.value_scope import Scope

KINDS = {
    "start": _("Active before the period"),
    "retained": _("Kept: active before and at the end"),
    "lost": _("Lost: active before, not at the end"),
    "new": _("New or back: active at the end only"),
    "buyers": _("Bought in the period"),
    "repeat": _("Bought on two or more days of the period"),
    "cohort": _("Bought for the first time in the period"),
}


@dataclass(frozen=True)
class Asked:
    """Which clients: of what kind, and from which day to which, both inclusive.

    For a cohort, `start` and `end` bound the first purchase, `later` the period they bought again
    in, and `today` is the day whose members count.
    """

    what: str
    start: dt.date
    end: dt.date
    later: tuple[dt.date, dt.date] | None = None
    today: dt.date | None = None


def clients_behind(scope: Scope, asked: Asked) -> QuerySet[Client]:
    """The clients that a figure counts."""
    if asked.what in ("buyers", "repeat"):
        return _buyers(scope, asked)
    if asked.what == "cohort":
        return _cohort(scope, asked)
    months = value_policy().active_months
    before = asked.start - DAY
    was = _active(before, months) & _inside(scope, before)
    still = _active(asked.end, months)
    conditions = {
        "start": was,
        "retained": was & still,
        "lost": was & ~still,
        "new": still & _inside(scope, asked.end) & ~was,
    }
    return _population(scope).filter(conditions[asked.what])


def _population(scope):  # noqa: ANN001, ANN202
    clients = Client.objects.all() if scope.clients is None else scope.clients
    return clients.filter(merged_into=None)


def _active(day, months):  # noqa: ANN001, ANN202
    since = months_before(day, months)
    bought = Purchase.objects.filter(client=OuterRef("pk"), amount__gte=0)
    return Q(Exists(bought.filter(bought_on__gt=since, bought_on__lte=day)))


def _inside(scope, day):  # noqa: ANN001, ANN202
    if scope.group is None:
        return Q()
    rows = Membership.objects.on(day).filter(client=OuterRef("pk"), client_group=scope.group)
    return Q(Exists(rows))


def _buyers(scope, asked):  # noqa: ANN001, ANN202
    rows = purchases_behind(scope, asked.start, asked.end).filter(amount__gte=0)
    counted = rows.order_by().values("client").annotate(days=Count("bought_on", distinct=True))
    least = 2 if asked.what == "repeat" else 1
    return Client.objects.filter(pk__in=counted.filter(days__gte=least).values("client"))


def _cohort(scope, asked):  # noqa: ANN001, ANN202
    found = _population(scope).filter(_inside(scope, asked.today or asked.end))
    found = found.filter(first_purchase_on__range=(asked.start, asked.end))
    if asked.later:
        bought = Purchase.objects.filter(client=OuterRef("pk"), amount__gte=0)
        found = found.filter(Exists(bought.filter(bought_on__range=asked.later)))
    return found


def later_period(kind: str, start: dt.date, offset: int, today: dt.date) -> tuple:
    """First and last day of the period some periods after a cohort's own, up to today."""
    first = first_day(kind, months_before(start, -MONTHS[kind] * offset))
    return first, min(last_day(kind, first), today)


def purchases_behind(
    scope: Scope, start: dt.date, end: dt.date, *, missing: str = ""
) -> QuerySet[Purchase]:
    """The purchases that a sum of sales adds up, or those of a currency that it leaves out."""
    rows = scope.purchases().filter(bought_on__range=(start, end))
    if missing:
        rows = rows.filter(currency=missing).annotate(known=in_base()).filter(known=None)
    return rows


def with_worth(rows: QuerySet[Purchase]) -> QuerySet[Purchase]:
    """Purchases with what each is worth in the currency of sums, latest first."""
    return rows.annotate(worth=in_base()).order_by(F("bought_on").desc(), "-pk")
