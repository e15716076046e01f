"""What rules may ask about a client's recency, frequency and money (RFM)."""

from django.db.models import (
    Count,
    DecimalField,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Purchase, RfmScore
from clientgroups.selectors.rules.fields import Field, Leaf, Situation, column, register_field
from clientgroups.selectors.rules.together import figure_holds, in_question

DAYS = DecimalField(max_digits=12, decimal_places=2)


class DaysBetween(Func):
    """later - earlier, in whole days."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


def recency_days(leaf: Leaf, situation: Situation) -> object:
    """Days since the last purchase; never bought is no number."""
    today = Cast(Value(situation.today), output_field=Purchase._meta.get_field("bought_on"))
    return DaysBetween(today, F("last_purchase_on"))


def _days_bought(rows: QuerySet) -> QuerySet:
    return (
        rows.filter(amount__gte=0)
        .order_by()
        .values("client")
        .annotate(
            days=Count("bought_on", distinct=True),
            span=DaysBetween(Max("bought_on"), Min("bought_on")),
        )
    )


def _own() -> QuerySet:
    return Purchase.objects.filter(client=OuterRef("pk"))


def _gap() -> object:
    return Cast(F("span"), DAYS) / NullIf(F("days") - 1, 0)


def purchase_days(leaf: Leaf, situation: Situation) -> object:
    """Days with a purchase: the lines of one order count once."""
    days = _days_bought(_own()).values("days")
    return Coalesce(Subquery(days, output_field=IntegerField()), 0)


def days_hold(leaf: Leaf, situation: Situation) -> Q:
    rows = _days_bought(in_question(Purchase.objects.all(), situation))
    return figure_holds(rows.annotate(figure=F("days")), leaf, nothing=0)


def purchase_gap(leaf: Leaf, situation: Situation) -> object:
    """Mean days from one day with a purchase to the next; one such day has no next."""
    gaps = _days_bought(_own()).annotate(gap=_gap()).values("gap")
    return Subquery(gaps, output_field=DAYS)


def gap_holds(leaf: Leaf, situation: Situation) -> Q:
    rows = _days_bought(in_question(Purchase.objects.all(), situation))
    return figure_holds(rows.annotate(figure=_gap()), leaf)


def _number(key: str, label: str, subject: str, figure: object, **more: object) -> Field:
    return Field(key, label, "number", figure, section="value", subject=subject, **more)


for _entry in (
    Field(
        "rfm_segment",
        _("RFM group"),
        "choice",
        column("rfm__segment"),
        lambda user: RfmScore.Segment.choices,
        section="value",
        subject=_("the RFM group"),
    ),
    _number("rfm_r", _("Recency score (1–5)"), _("the recency score"), column("rfm__r")),
    _number("rfm_f", _("Frequency score (1–5)"), _("the frequency score"), column("rfm__f")),
    _number("rfm_m", _("Money score (1–5)"), _("the money score"), column("rfm__m")),
    _number(
        "rfm_money",
        _("Money in the months of RFM"),
        _("the money spent in the months of RFM"),
        column("rfm__monetary"),
    ),
    _number(
        "recency_days",
        _("Days since the last purchase"),
        _("the number of days since the last purchase"),
        recency_days,
    ),
    _number(
        "purchase_days",
        _("Days with a purchase"),
        _("the number of days with a purchase"),
        purchase_days,
        holds=days_hold,
        optional=False,
    ),
    _number(
        "purchase_gap",
        _("Days between purchases"),
        _("the mean number of days between purchases"),
        purchase_gap,
        holds=gap_holds,
    ),
):
    register_field(_entry)
