"""What rules may ask about purchases. A refund is no purchase; it only lowers sums."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import (
    Avg,
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Purchase
from clientgroups.selectors.rates import in_base
from clientgroups.selectors.rules.conditions import DECIMAL, number_condition
from clientgroups.selectors.rules.fields import Field, Leaf, Situation, column, register_field
from clientgroups.selectors.rules.periods import bounds
from clientgroups.selectors.rules.together import figure_holds, in_question


def in_window(rows: QuerySet[Purchase], leaf: Leaf, situation: Situation) -> QuerySet[Purchase]:
    if leaf.window:
        first, last = bounds(leaf.window, situation.today)
        rows = rows.filter(bought_on__gte=first, bought_on__lte=last)
    return rows.order_by()


@dataclass(frozen=True)
class Sums:
    """An aggregate over the purchases of a client: `nothing` is its value without any of them.

    As a figure it is asked for one client; as a condition it is worked out for all in one pass.
    """

    aggregate: Callable[[object], object]
    output: object
    nothing: int | None = None
    refunds: bool = False
    named: bool = False

    def rows(self, rows: QuerySet[Purchase], leaf: Leaf, situation: Situation) -> QuerySet:
        """Purchases that count, by client, with their `figure`."""
        rows = in_window(rows, leaf, situation)
        if not self.refunds:
            rows = rows.filter(amount__gte=0)
        if self.named:
            rows = rows.exclude(product="")
        if leaf.currency:
            rows = rows.filter(currency=leaf.currency)
        found = self.aggregate(F("amount") if leaf.currency else in_base())
        if self.nothing is not None:
            found = Coalesce(found, Value(self.nothing), output_field=self.output)
        return rows.values("client").annotate(figure=found)

    def figure(self, leaf: Leaf, situation: Situation) -> object:
        own = self.rows(Purchase.objects.filter(client=OuterRef("pk")), leaf, situation)
        figure = Subquery(own.values("figure"), output_field=self.output)
        if self.nothing is None:
            return figure
        return Coalesce(figure, Value(self.nothing), output_field=self.output)

    def holds(self, leaf: Leaf, situation: Situation) -> Q:
        rows = in_question(Purchase.objects.all(), situation)
        return figure_holds(self.rows(rows, leaf, situation), leaf, nothing=self.nothing)


WHOLE = IntegerField()
NUMBER = Sums(lambda amount: Count("pk"), WHOLE, nothing=0)
# What was paid less what was given back.
SUM = Sums(Sum, DECIMAL, nothing=0, refunds=True)
# Without a purchase there is neither a mean nor a biggest one.
AVERAGE = Sums(lambda amount: Avg(amount, output_field=DECIMAL), DECIMAL)
BIGGEST = Sums(Max, DECIMAL)
PRODUCTS = Sums(lambda amount: Count("product", distinct=True), WHOLE, nothing=0, named=True)


def purchase_count(leaf: Leaf, situation: Situation) -> object:
    return NUMBER.figure(leaf, situation) if leaf.window else F("purchase_count")


def count_holds(leaf: Leaf, situation: Situation) -> Q:
    """All purchases ever are counted in the row of the client."""
    if leaf.window:
        return NUMBER.holds(leaf, situation)
    return number_condition(F("purchase_count"), leaf.op, leaf.value)


def bought_product(leaf: Leaf, situation: Situation) -> object:
    own = Purchase.objects.filter(client=OuterRef("pk"), amount__gte=0)
    return Exists(in_window(own, leaf, situation).filter(product__icontains=leaf.value))


for _entry in (
    Field(
        "purchase_count",
        _("Number of purchases"),
        "number",
        purchase_count,
        holds=count_holds,
        windowed=True,
        section="purchases",
        subject=_("the number of purchases"),
        optional=False,
    ),
    Field(
        "purchase_sum",
        _("Sum of purchases"),
        "number",
        SUM.figure,
        holds=SUM.holds,
        windowed=True,
        currency=True,
        section="purchases",
        subject=_("the sum of purchases"),
        optional=False,
    ),
    Field(
        "purchase_average",
        _("Average purchase"),
        "number",
        AVERAGE.figure,
        holds=AVERAGE.holds,
        windowed=True,
        currency=True,
        section="purchases",
        subject=_("the average purchase"),
    ),
    Field(
        "purchase_biggest",
        _("Biggest purchase"),
        "number",
        BIGGEST.figure,
        holds=BIGGEST.holds,
        windowed=True,
        currency=True,
        section="purchases",
        subject=_("the biggest purchase"),
    ),
    Field(
        "purchase_products",
        _("Number of different products"),
        "number",
        PRODUCTS.figure,
        holds=PRODUCTS.holds,
        windowed=True,
        section="purchases",
        subject=_("the number of different products bought"),
        optional=False,
    ),
    Field(
        "product",
        _("Bought a product whose name"),
        "product",
        bought_product,
        windowed=True,
        section="purchases",
        phrases={
            "contains": _("the client bought a product whose name contains %(value)s"),
            "not_contains": _("the client bought no product whose name contains %(value)s"),
        },
    ),
    Field(
        "last_purchase",
        _("Last purchase"),
        "date",
        column("last_purchase_on"),
        section="purchases",
        subject=_("the last purchase"),
    ),
    Field(
        "first_purchase",
        _("First purchase"),
        "date",
        column("first_purchase_on"),
        section="purchases",
        subject=_("the first purchase"),
    ),
):
    register_field(_entry)
