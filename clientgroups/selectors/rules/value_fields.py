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
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Purchase, RfmScore
from clientgroups.selectors.rules.fields import Field, Leaf, Situation, column, register_field

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


def _days_bought():  # noqa: ANN202
    bought = Purchase.objects.filter(client=OuterRef("pk"), amount__gte=0).order_by()
    return bought.values("client").annotate(
        days=Count("bought_on", distinct=True), span=DaysBetween(Max("bought_on"), Min("bought_on"))
    )


def purchase_days(leaf: Leaf, situation: Situation) -> object:
    """Days with a purchase: the lines of one order count once."""
    return Coalesce(Subquery(_days_bought().values("days"), output_field=IntegerField()), 0)


def purchase_gap(leaf: Leaf, situation: Situation) -> object:
    """Mean days from one day with a purchase to the next; one such day has no next."""
    gap = Cast(F("span"), DAYS) / NullIf(F("days") - 1, 0)
    return Subquery(_days_bought().annotate(gap=gap).values("gap"), output_field=DAYS)


def _number(key: str, label: str, subject: str, figure: object, *, optional: bool = True) -> Field:
    return Field(key, label, "number", figure, section="value", subject=subject, optional=optional)


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
        optional=False,
    ),
    _number(
        "purchase_gap",
        _("Days between purchases"),
        _("the mean number of days between purchases"),
        purchase_gap,
    ),
):
    register_field(_entry)
