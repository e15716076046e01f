"""The day for which a client's stage holds."""

import datetime as dt

from django.db.models import Case, DateField, F, Q, Subquery, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from clientgroups.models import Client, LifecyclePolicy


def derived_on() -> dt.date | None:
    """The day up to which the stages hold that follow the calendar."""
    return LifecyclePolicy.objects.filter(pk=1).values_list("derived_on", flat=True).first()


def stage_day(client: Client, derived: dt.date | None) -> dt.date | None:
    """The day for which a stage was worked out or set; None when that never happened.

    A stage that follows the calendar is written when it moves; the nightly run says in `derived`
    that it holds for that day too.
    """
    if not client.stage_follows_today or client.stage_fixed_until:
        return client.stage_as_of
    return max(filter(None, (client.stage_as_of, derived)), default=None)


def stage_day_sql() -> Combinable:
    """The same as an expression of querysets of clients."""
    follows = Q(stage_follows_today=True, stage_fixed_until=None)
    derived = Subquery(LifecyclePolicy.objects.order_by().values("derived_on")[:1])
    return Case(
        When(follows, then=Greatest("stage_as_of", derived, output_field=DateField())),
        default=F("stage_as_of"),
        output_field=DateField(),
    )
