"""Querysets that are compiled once per process and asked with other values from then on.

Building and compiling a scoped queryset costs five to ten times as much as sending it and reading
a few rows. Statements of pages that are opened all the time are therefore written as functions:

    @prepared
    def places(user: User, day: date):
        return Project.objects.visible_to(user).filter(due_on__lt=day)[:40]

    places(request.user, timezone.localdate())    # a list, as list(queryset) would give

The function runs with stand-ins for its values, once per shape of the arguments; afterwards the
statement is sent with the real ones. What the function may do with a value is to hand it on:

- int, str, date, datetime, UUID: a value of the statement;
- list of int or str: for `__in`, of any length (an empty one decides about the shape);
- model row: its key, and what its PREPARED_BY names (a person's role decides about scopes);
- None, bool, tuple, enumeration: decides about the shape, each value has a statement of its own.

A stand-in that is computed with, compared, or not used at all is noticed while compiling.
"""

import copy
import datetime as dt
from functools import wraps
from types import SimpleNamespace
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections, models

# Shapes kept per function; more than a page has, and few enough to hold for good.
SHAPES = 200
STANDS_FOR = {
    int: lambda n: 2_013_570_000 + n,
    str: lambda n: f"\ue000{n}",
    dt.date: lambda n: dt.date(9000, 1, 1) + dt.timedelta(days=n),
    dt.datetime: lambda n: dt.datetime(9000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=n),
    UUID: lambda n: UUID(int=2**120 + n),
}


def prepared(build):
    """Make a function that builds a queryset one that returns its rows."""
    plans = {}

    @wraps(build)
    def ask(*values):
        shape = tuple(map(shape_of, values))
        plan = plans.get(shape)
        if plan is None:
            if len(plans) >= SHAPES:
                plans.clear()
            plan = plans[shape] = Plan(build, values)
        return plan.rows([value for value in map(sent, values) if value is not LITERAL])

    ask.cache_clear = plans.clear
    return ask


LITERAL = object()


def shape_of(value):
    """What of an argument decides about the text of the statement."""
    if type(value) in STANDS_FOR:
        return type(value)
    if type(value) is list:
        return (list, type(value[0])) if value else list
    if isinstance(value, models.Model):
        return value._meta.model, *decisive(value).values()
    return value


def decisive(row):
    return {name: getattr(row, name) for name in getattr(row, "PREPARED_BY", ())}


def sent(value):
    """What of an argument is sent beside the statement."""
    if isinstance(value, models.Model):
        return value.pk
    return value if type(value) in STANDS_FOR or is_list(value) else LITERAL


def is_list(value):
    return type(value) is list and bool(value)


def stand_in(value, number):
    """(what the function gets, what will stand in the statement) for one argument."""
    if isinstance(value, models.Model):
        sign = STANDS_FOR[int](number)
        # The class of the row, not of the lazy object that `request.user` is.
        return value._meta.model(pk=sign, **decisive(value)), sign
    if is_list(value):
        sign = STANDS_FOR[type(value[0])](number)
        return [sign], sign
    if type(value) in STANDS_FOR:
        sign = STANDS_FOR[type(value)](number)
        return sign, sign
    return value, LITERAL


class Plan:
    """The compiled statement of one shape, and where its values go."""

    def __init__(self, build, values):
        first, signs = self._compile(build, values, 1)
        second, others = self._compile(build, values, 5001)
        self.queryset, self.compiler, self.sql, params = first
        if self.sql is None:
            return
        if self.sql != second[2]:
            raise TypeError(f"{build.__qualname__}: a value changes the text of the statement")
        self.params, self.slots = list(params), []
        for place, (one, other) in enumerate(zip(params, second[3], strict=True)):
            number = next((n for n, sign in enumerate(signs) if same(one, sign)), None)
            if number is not None and same(other, others[number]):
                self.slots.append((place, number, type(one) if isinstance(one, int) else None))
            elif one != other:
                raise TypeError(f"{build.__qualname__}: a value is computed with: {one!r}")
        dynamic = [value for value in values if sent(value) is not LITERAL]
        used = {number for _place, number, _kind in self.slots}
        for number, value in enumerate(dynamic):
            # Who sees everything is asked for by no scope.
            if number not in used and not isinstance(value, models.Model):
                raise TypeError(f"{build.__qualname__}: a value is not used in the statement")
        lists = [place for place, number, _kind in self.slots if is_list(dynamic[number])]
        self.sql = any_of(self.sql, lists)

    @staticmethod
    def _compile(build, values, start):
        pairs = [stand_in(value, start + n) for n, value in enumerate(values)]
        queryset = build(*(given for given, _sign in pairs))
        signs = [sign for _given, sign in pairs if sign is not LITERAL]
        if queryset._prefetch_related_lookups:
            raise TypeError(f"{build.__qualname__}: prefetch_related cannot be prepared")
        compiler = queryset.query.get_compiler(queryset.db)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            sql, params = None, ()
        return (queryset, compiler, sql, params), signs

    def rows(self, values):
        """Send the statement with these values; the rows as the queryset would give them."""
        if self.sql is None:
            return []
        params = self.params.copy()
        for place, number, kind in self.slots:
            value = values[number]
            params[place] = value if kind is None or type(value) is list else kind(value)
        return list(self.queryset._iterable_class(Sender(self, params)))


def same(value, sign):
    """Equal and of the same kind: 1 is not True, a date is not a datetime."""
    return value == sign and isinstance(value, type(sign))


def any_of(sql, places):
    """`x IN (%s)` becomes `x = ANY(%s)`, which takes a list of any length."""
    pieces = sql.split("%s")
    for place in places:
        before, after = pieces[place], pieces[place + 1]
        if not (before.endswith(" IN (") and after.startswith(")")):
            raise TypeError("a list stands outside of __in")
        pieces[place] = before.removesuffix(" IN (") + " = ANY("
    return "%s".join(pieces)


class Sender:
    """What Django's row readers ask of a queryset, with a statement that is compiled already."""

    def __init__(self, plan, params):
        found = plan.queryset
        self.db, self.model, self._fields = found.db, found.model, found._fields
        self._known_related_objects = found._known_related_objects
        compiler = copy.copy(plan.compiler)
        compiler.connection = connections[found.db]
        compiler.execute_sql = lambda *_args, **_kwargs: [fetched(compiler, plan.sql, params)]
        query = found.query
        self.query = SimpleNamespace(
            get_compiler=lambda *_args, **_kwargs: compiler,
            selected=query.selected,
            extra_select=query.extra_select,
            values_select=query.values_select,
            annotation_select=query.annotation_select,
        )


def fetched(compiler, sql, params):
    with compiler.connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    # Columns that only sort stand behind those that were asked for.
    return [row[: compiler.col_count] for row in rows] if compiler.has_extra_select else rows
