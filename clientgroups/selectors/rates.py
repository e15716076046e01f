"""Money of several currencies in the currency of sums.

An amount is worth what the latest rate on or before its day says. Without such a rate it has no
value here: it is left out of the sum, and whoever shows the sum names how many were left out and
in which currency. Amounts of different currencies are never added up as they stand.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from clientgroups.models import ExchangeRate, Purchase, ValuePolicy

MONEY = DecimalField(max_digits=32, decimal_places=10)
# The one policy row may be missing in a new installation; the defaults of the model hold then.
BASE = "(SELECT coalesce(max(base_currency), 'CNY') FROM clientgroups_valuepolicy)"
# Amounts in the currency of sums never look a rate up.
IN_BASE = f"""CASE WHEN {{currency}} = {BASE} THEN {{amount}} ELSE {{amount}} * (
    SELECT r.rate FROM clientgroups_exchangerate r
     WHERE r.base = {BASE} AND r.currency = {{currency}} AND r.valid_from <= {{day}}
     ORDER BY r.valid_from DESC LIMIT 1) END"""  # noqa: S608


@dataclass(frozen=True)
class LeftOut:
    """Purchases of one currency that no rate covers."""

    currency: str
    n: int
    first_on: dt.date | None = None
    last_on: dt.date | None = None
    amount: object = None


def value_policy() -> ValuePolicy:
    """The policy, or its defaults where none was saved; a page may not write one."""
    return ValuePolicy.objects.filter(pk=1).first() or ValuePolicy(pk=1)


def in_base_sql(amount: str, currency: str, day: str) -> str:
    """SQL of an amount in the currency of sums; NULL when no rate covers the day."""
    return IN_BASE.format(amount=amount, currency=currency, day=day)


def in_base(
    amount: str = "amount", currency: str = "currency", day: str = "bought_on"
) -> Combinable:
    """An amount column in the currency of sums, for querysets; NULL when no rate covers the day."""
    policy = ValuePolicy.objects.order_by().values("base_currency")[:1]
    base = Coalesce(Subquery(policy), Value("CNY"), output_field=CharField())
    rates = ExchangeRate.objects.filter(
        base=base, currency=OuterRef(currency), valid_from__lte=OuterRef(day)
    )
    rate = Subquery(rates.order_by("-valid_from").values("rate")[:1], output_field=MONEY)
    return Case(
        When(Q(**{currency: base}), then=F(amount)),
        default=F(amount) * rate,
        output_field=MONEY,
    )


def left_out_of(purchases: QuerySet[Purchase]) -> list[LeftOut]:
    """Which of some purchases no rate covers, by currency; most first."""
    rows = (
        purchases.annotate(worth=in_base())
        .filter(worth=None)
        .order_by()
        .values("currency")
        .annotate(n=Count("pk"), first_on=Min("bought_on"), last_on=Max("bought_on"))
        .order_by("-n", "currency")
    )
    return [LeftOut(**row) for row in rows]


def sum_left_out(rows: Iterable[LeftOut]) -> list[LeftOut]:
    """The same per currency, from rows of several places."""
    numbers: dict[str, int] = {}
    for row in rows:
        numbers[row.currency] = numbers.get(row.currency, 0) + row.n
    found = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    return [LeftOut(currency, n) for currency, n in found if n]


def rates_shown(base: str) -> QuerySet[ExchangeRate]:
    """The rates into a currency, latest first."""
    return ExchangeRate.objects.filter(base=base).order_by("currency", "-valid_from")
