"""Survey scores of a client, offered to the rules of client groups.

Only answers that carry a client can be asked for; what was answered without a name stays out of
reach of rules, and so does every text.
"""

from collections.abc import Callable

from django.db.models import DateField, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from clientgroups.selectors.rules import Field, Leaf, Situation, register_field
from clientgroups.selectors.rules.conditions import DaysSince
from clientgroups.selectors.rules.periods import bounds
from feedback.models import Answer, Invitation, Metric, Response

LATEST = ("-responded_on", "-pk")


def answers(leaf: Leaf, situation: Situation, metric: str) -> QuerySet[Answer]:
    rows = Answer.objects.filter(client=OuterRef("pk"), metric=metric, score__isnull=False)
    if leaf.window:
        first, last = bounds(leaf.window, situation.today)
        rows = rows.filter(responded_on__gte=first, responded_on__lte=last)
    return rows


def latest(metric: str) -> Callable:
    """The client's latest score, within a time span when the condition names one."""

    def figure(leaf: Leaf, situation: Situation) -> object:
        rows = answers(leaf, situation, metric).order_by(*LATEST).values("score")
        return Subquery(rows[:1], output_field=IntegerField())

    return figure


def score_of_last_wave(leaf: Leaf, situation: Situation) -> object:
    """The score given in the latest wave that asked the client; none when they did not answer."""
    asked = Invitation.objects.filter(contact__client=OuterRef("client"), sent_at__isnull=False)
    wave = asked.order_by("-wave__send_at", "-wave").values("wave")[:1]
    rows = Answer.objects.filter(
        client=OuterRef("pk"), metric=Metric.NPS, score__isnull=False, wave=Subquery(wave)
    )
    return Subquery(rows.order_by(*LATEST).values("score")[:1], output_field=IntegerField())


def responses(leaf: Leaf, situation: Situation) -> QuerySet[Response]:
    return Response.objects.filter(client=OuterRef("pk"))


def days_since_answer(leaf: Leaf, situation: Situation) -> object:
    rows = responses(leaf, situation).order_by("-responded_on").values("responded_on")
    return DaysSince(situation.today, Subquery(rows[:1], output_field=DateField()))


def has_answered(leaf: Leaf, situation: Situation) -> object:
    return Exists(responses(leaf, situation))


for _entry in (
    Field(
        "nps",
        _("Latest recommendation (NPS, 0 to 10)"),
        "number",
        latest(Metric.NPS),
        windowed=True,
        section="surveys",
        subject=_("the latest NPS answer"),
    ),
    Field(
        "csat",
        _("Latest satisfaction (CSAT, 1 to 5)"),
        "number",
        latest(Metric.CSAT),
        windowed=True,
        section="surveys",
        subject=_("the latest CSAT answer"),
    ),
    Field(
        "ces",
        _("Latest effort (CES, 1 to 7)"),
        "number",
        latest(Metric.CES),
        windowed=True,
        section="surveys",
        subject=_("the latest CES answer"),
    ),
    Field(
        "wave_nps",
        _("Recommendation in the last wave (NPS)"),
        "number",
        score_of_last_wave,
        section="surveys",
        subject=_("the NPS answer in the last wave that asked the client"),
    ),
    Field(
        "days_since_answer",
        _("Days since the last answer"),
        "number",
        days_since_answer,
        section="surveys",
        subject=_("the number of days since the last answer"),
    ),
    Field(
        "answered",
        _("Ever answered a survey"),
        "yes_no",
        has_answered,
        section="surveys",
        phrases={
            "yes": _("the client has answered a survey"),
            "no": _("the client has never answered a survey"),
        },
    ),
):
    register_field(_entry)
