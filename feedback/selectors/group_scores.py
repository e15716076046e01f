"""The satisfaction of each group, for the list of groups of the app below."""

from django.utils.translation import gettext_lazy as _

from clientgroups.selectors.group_columns import Column, register_column
from feedback.models import Metric, PeriodKind, SatisfactionRollup
from feedback.selectors.scores import ScoreView, view_of


def latest_by_group(pks: list[int]) -> dict[int, ScoreView]:
    """The newest quarter of CSAT for each group, or of NPS where nobody asks for CSAT."""
    rows = SatisfactionRollup.objects.filter(
        scope="group",
        scope_id__in=pks,
        metric__in=[Metric.CSAT, Metric.NPS],
        period_kind=PeriodKind.QUARTER,
    )
    # "csat" sorts before "nps".
    newest = rows.order_by("scope_id", "metric", "-period_start").distinct("scope_id")
    return {row.scope_id: view_of(row) for row in newest}


register_column(Column("satisfaction", _("Satisfaction"), latest_by_group))
