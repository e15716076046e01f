"""From a checked condition to SQL; each is written so that it asks for its figure only once.

A figure that is missing makes a comparison of numbers or days "no". A missing text or choice is an
empty one: it "is not" everything that somebody names.
"""

import datetime as dt
from decimal import Decimal

from django.db.models import (
    BooleanField,
    Case,
    DateField,
    DecimalField,
    F,
    Func,
    IntegerField,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    IEndsWith,
    In,
    IsNull,
    IStartsWith,
    LessThan,
    LessThanOrEqual,
)

from clientgroups.selectors.rules.periods import ahead, bounds, window_start

# A number larger or finer than any that a rule may name.
DECIMAL = DecimalField(max_digits=30, decimal_places=10)
TEXT_LOOKUPS = {"contains": IContains, "starts": IStartsWith, "ends": IEndsWith, "is": Exact}
NUMBER_LOOKUPS = {
    "gte": GreaterThanOrEqual,
    "lte": LessThanOrEqual,
    "gt": GreaterThan,
    "lt": LessThan,
    "eq": Exact,
}


COMES_ROUND = """(SELECT bool_or(
        came.k > 0
        AND (came.day + make_interval(years => came.k))::date BETWEEN came.low AND came.high)
   FROM (SELECT asked.day, asked.low, asked.high, more.n
              + (date_part('year', asked.low) - date_part('year', asked.day))::int AS k
           FROM (SELECT {} AS day, {} AS low, {} AS high) asked, (VALUES (0), (1)) more(n)) came)"""


class InNumbers(Func):
    """Whether a number lies between two, both included; unknown for none."""

    template = "((%(expressions)s, '[]'))"
    output_field = BooleanField()

    def as_sql(self, compiler, connection, **context):  # noqa: ANN001, ANN003, ANN201
        (figure, one), (low, two), (high, three) = (
            compiler.compile(part) for part in self.source_expressions
        )
        sql = f"(({figure})::numeric <@ numrange({low}::numeric, {high}::numeric, '[]'))"
        return sql, (*one, *two, *three)


class InDays(InNumbers):
    """Whether a day lies between two, both included; unknown for none."""

    def as_sql(self, compiler, connection, **context):  # noqa: ANN001, ANN003, ANN201
        (figure, one), (low, two), (high, three) = (
            compiler.compile(part) for part in self.source_expressions
        )
        return f"(({figure}) <@ daterange({low}, {high}, '[]'))", (*one, *two, *three)


class Anniversary(InNumbers):
    """Whether a day comes round between two others less than a year apart, years after itself.

    The 29th of February comes round on the 28th in common years.
    """

    def as_sql(self, compiler, connection, **context):  # noqa: ANN001, ANN003, ANN201
        parts = [compiler.compile(part) for part in self.source_expressions]
        sql = COMES_ROUND.format(*(part[0] for part in parts))
        return sql, tuple(value for part in parts for value in part[1])


class DaysSince(Func):
    """The number of days from a day to another."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()

    def __init__(self, today: dt.date, day: object):
        super().__init__(Value(today, DateField()), day)


def decided(question: Q, *, no: bool = False) -> Case:
    """True or false, never unknown; `no` turns the answer round."""
    return Case(When(question, then=Value(not no)), default=Value(no), output_field=BooleanField())


def text_condition(expression: object, op: str, value: object) -> Q:
    known = Coalesce(expression, Value(""), output_field=TextField())
    if op in ("empty", "known"):
        same = Q(Exact(known, Value("")))
        return same if op == "empty" else ~same
    if op == "one_of":
        return Q(In(known, value))
    if op in ("not_contains", "is_not"):
        return ~Q((IContains if op == "not_contains" else Exact)(known, value))
    return Q(TEXT_LOOKUPS[op](known, value))


def exact(number: str) -> Value:
    """As a number of its own: beside a whole one, 1.5 would lose what stands behind the point."""
    return Value(Decimal(number), DECIMAL)


def number_condition(expression: object, op: str, value: object) -> Q:
    if op in ("empty", "known"):
        return Q(IsNull(expression, op == "empty"))
    if op == "between":
        low, high = exact(value["low"]), exact(value["high"])
        if isinstance(expression, F):
            return Q(GreaterThanOrEqual(expression, low)) & Q(LessThanOrEqual(expression, high))
        return Q(InNumbers(expression, low, high))
    if op == "ne":
        return ~Q(Exact(expression, exact(value)))
    return Q(NUMBER_LOOKUPS[op](expression, exact(value)))


def date_condition(expression: object, op: str, value: object, today: dt.date) -> Q:
    if op in ("empty", "known"):
        return Q(IsNull(expression, op == "empty"))
    if op == "within":
        first, last = bounds(value, today)
        if isinstance(expression, F):
            return Q(GreaterThanOrEqual(expression, first)) & Q(LessThanOrEqual(expression, last))
        return Q(InDays(expression, Value(first, DateField()), Value(last, DateField())))
    if op == "older":
        return Q(LessThanOrEqual(expression, window_start(value, today)))
    if op == "anniversary":
        until = ahead(value, today)
        return Q(Anniversary(expression, Value(today, DateField()), Value(until, DateField())))
    lookup = GreaterThanOrEqual if op == "from" else LessThan
    return Q(lookup(expression, dt.date.fromisoformat(value)))


def choice_condition(expression: object, op: str, value: object) -> Q:
    if op in ("empty", "known"):
        return Q(IsNull(expression, op == "empty"))
    same = Q(In(expression, value)) if op in ("one_of", "none_of") else Q(Exact(expression, value))
    return same if op in ("is", "one_of") else Q(decided(same, no=True))
