"""What rules may ask about purchases. A refund is no purchase; it only lowers sums."""

from django.db.models import (
    Avg,
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Purchase
from clientgroups.selectors.rates import in_base
from clientgroups.selectors.rules.conditions import DECIMAL
from clientgroups.selectors.rules.fields import Field, Leaf, Situation, column, register_field
from clientgroups.selectors.rules.periods import bounds


def purchases(leaf: Leaf, situation: Situation) -> QuerySet[Purchase]:
    rows = Purchase.objects.filter(client=OuterRef("pk"))
    if leaf.window:
        first, last = bounds(leaf.window, situation.today)
        rows = rows.filter(bought_on__gte=first, bought_on__lte=last)
    return rows.order_by()


def bought(leaf: Leaf, situation: Situation) -> QuerySet[Purchase]:
    return purchases(leaf, situation).filter(amount__gte=0)


def paid(leaf: Leaf, rows: QuerySet[Purchase]) -> tuple[QuerySet[Purchase], object]:
    """The rows and amounts that count: of one currency, or all in the currency of sums."""
    if leaf.currency:
        return rows.filter(currency=leaf.currency), F("amount")
    return rows, in_base()


def one_figure(rows: QuerySet[Purchase], aggregate: object, output: object) -> Subquery:
    """An aggregate over a client's rows; none when there are no rows."""
    return Subquery(
        rows.values("client").annotate(figure=aggregate).values("figure"), output_field=output
    )


def purchase_count(leaf: Leaf, situation: Situation) -> object:
    if not leaf.window:
        return F("purchase_count")
    number = one_figure(bought(leaf, situation), Count("pk"), IntegerField())
    return Coalesce(number, 0)


def purchase_sum(leaf: Leaf, situation: Situation) -> object:
    """What was paid less what was given back; nothing bought is 0."""
    rows, amount = paid(leaf, purchases(leaf, situation))
    return Coalesce(one_figure(rows, Sum(amount), DECIMAL), Value(0), output_field=DECIMAL)


def purchase_average(leaf: Leaf, situation: Situation) -> object:
    """The mean of a purchase; without one there is no mean."""
    rows, amount = paid(leaf, bought(leaf, situation))
    return one_figure(rows, Avg(amount, output_field=DECIMAL), DECIMAL)


def purchase_biggest(leaf: Leaf, situation: Situation) -> object:
    rows, amount = paid(leaf, bought(leaf, situation))
    return one_figure(rows, Max(amount), DECIMAL)


def purchase_products(leaf: Leaf, situation: Situation) -> object:
    rows = bought(leaf, situation).exclude(product="")
    return Coalesce(one_figure(rows, Count("product", distinct=True), IntegerField()), 0)


def bought_product(leaf: Leaf, situation: Situation) -> object:
    return Exists(bought(leaf, situation).filter(product__icontains=leaf.value))


for _entry in (
    Field(
        "purchase_count",
        _("Number of purchases"),
        "number",
        purchase_count,
        windowed=True,
        section="purchases",
        subject=_("the number of purchases"),
        optional=False,
    ),
    Field(
        "purchase_sum",
        _("Sum of purchases"),
        "number",
        purchase_sum,
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
        purchase_average,
        windowed=True,
        currency=True,
        section="purchases",
        subject=_("the average purchase"),
    ),
    Field(
        "purchase_biggest",
        _("Biggest purchase"),
        "number",
        purchase_biggest,
        windowed=True,
        currency=True,
        section="purchases",
        subject=_("the biggest purchase"),
    ),
    Field(
        "purchase_products",
        _("Number of different products"),
        "number",
        purchase_products,
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
