"""Figures made of many rows of a client, worked out for all clients in one pass.

Asked client by client, each condition would look into the rows of every client by itself.
"""

import operator
from decimal import Decimal

from django.db.models import F, Q, QuerySet

from clientgroups.selectors.among import Among, OneOf
from clientgroups.selectors.rules.conditions import number_condition
from clientgroups.selectors.rules.fields import Leaf, Situation

COMPARED = {
    "gte": operator.ge,
    "lte": operator.le,
    "gt": operator.gt,
    "lt": operator.lt,
    "eq": operator.eq,
    "ne": operator.ne,
}


def in_question(rows: QuerySet, situation: Situation) -> QuerySet:
    """Rows of the clients that are asked about; all, unless it is about some only."""
    rows = rows.order_by()
    return rows if situation.among is None else rows.filter(OneOf("client", situation.among))


def figure_holds(figures: QuerySet, leaf: Leaf, *, nothing: int | None = None) -> Q:
    """The condition on `figure` of rows that are grouped by client.

    Who has no row has the figure `nothing`; where that fits, those are found whose rows do not.
    """
    if leaf.op == "empty":
        return ~Q(Among(figures.filter(figure__isnull=False).values("client")))
    fits = number_condition(F("figure"), leaf.op, leaf.value)
    if nothing is None or not holds_for(nothing, leaf):
        return Q(Among(figures.filter(fits).values("client")))
    return ~Q(Among(figures.filter(~fits).values("client")))


def holds_for(number: int, leaf: Leaf) -> bool:
    """Whether a plain number fulfils a condition."""
    if leaf.op == "between":
        return Decimal(leaf.value["low"]) <= number <= Decimal(leaf.value["high"])
    return COMPARED[leaf.op](number, Decimal(leaf.value))
