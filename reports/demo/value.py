"""Exchange rates, a history of stages, RFM scores and market research."""

import datetime as dt
from decimal import Decimal

from django.db.models import DateTimeField, F
from django.db.models.functions import Cast

from clientgroups.models import (
    Client,
    ExchangeRate,
    Finding,
    LifecycleChange,
    Purchase,
    ValuePolicy,
)
from clientgroups.selectors.dates import months_before
from clientgroups.services.lifecycle import derive_lifecycle
from clientgroups.services.rfm import score_clients
from projects.models import Goal, GoalEvidence
from reports.demo.clients import World

RATES = {"USD": ("7.18", "-0.014"), "EUR": ("7.66", "0.021")}
QUARTERS = 12
HISTORY_MONTHS = 18
# Archetype, first and last of its clients that pay in a currency, and the divisor of amounts.
ABROAD = [("harbour", 0, 4, "USD", "7.1"), ("clinic", 0, 5, "EUR", "7.8")]
# A currency without any rate, so that the page shows what is left out.
UNRATED = ("clinic", 5, "GBP")

FINDINGS = [
    # group, title, text, kind, source, confidence, market size in millions, days ago
    (
        0,
        "Shops buy where the call back comes first",
        "12 of 15 owners named the **speed of the answer** before price. Two had changed supplier "
        "after waiting more than a day.",
        "interview",
        "15 interviews along the quay",
        "medium",
        None,
        40,
    ),
    (
        0,
        "Harbour food supply market, yearly volume",
        "Volume of food and equipment supply to independent shops of the harbour district.",
        "report",
        "Harbour Trade Board, yearly report",
        "high",
        "6.4",
        90,
    ),
    (
        0,
        "Orders fall in weeks with late deliveries",
        "Purchase data of 24 months: in the four weeks after a late delivery the order value is "
        "11% lower.",
        "purchases",
        "Own purchase history",
        "low",
        None,
        15,
    ),
    (
        1,
        "学校采购集中在开学前六周",
        "近两个学年的采购记录显示，约 **62%** 的订单发生在开学前六周，回访应当提前。",
        "purchases",
        "自有购买记录",
        "high",
        None,
        30,
    ),
    (
        1,
        "滨江片区教育用品市场规模",
        "片区内学校与培训机构一年的教育用品采购总额估算。",
        "report",
        "滨江教育行业协会年度报告",
        "medium",
        "5.2",
        120,
    ),
    (
        2,
        "Clinics renew when the contact person stays",
        "Of 20 clinics asked, 17 said that a change of the contact person made them ask for other "
        "offers.",
        "study",
        "Own survey among partners",
        "medium",
        None,
        55,
    ),
    (
        2,
        "Market for service contracts in the region",
        "All yearly service contracts of clinics and surgeries in the region.",
        "report",
        "Regional Health Economics Review",
        "low",
        "4.8",
        75,
    ),
]
KEEPERS = {0: "lin", 1: "lin", 2: "omar"}


def make_value(world: World) -> None:
    """Rates, purchases abroad, stages month by month, RFM scores and market research."""
    ValuePolicy.objects.get_or_create(pk=1)
    _rates(world)
    _purchases_abroad(world)
    _stages_month_by_month(world)
    for back in (2, 1, 0):
        score_clients(as_of=months_before(world.today, back))
    _findings(world)


def _rates(world):
    first = months_before(world.today.replace(day=1), 3 * (QUARTERS - 1))
    ExchangeRate.objects.bulk_create(
        ExchangeRate(
            currency=currency,
            base="CNY",
            valid_from=months_before(first, -3 * number),
            rate=Decimal(start) + number * Decimal(step),
            source="Demo rate" if currency == "USD" else "演示汇率",
        )
        for currency, (start, step) in RATES.items()
        for number in range(QUARTERS)
    )


def _purchases_abroad(world):
    for archetype, first, last, currency, divisor in ABROAD:
        rows = Purchase.objects.filter(client__in=world.clients[archetype][first:last])
        rows.update(currency=currency, amount=F("amount") / Decimal(divisor))
    archetype, place, currency = UNRATED
    rows = Purchase.objects.filter(client=world.clients[archetype][place]).order_by("-bought_on")
    Purchase.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:3])).update(
        currency=currency
    )


def _stages_month_by_month(world):
    """As if the product had run for some time; whoever ends elsewhere than now keeps one move."""
    now = dict(Client.objects.values_list("pk", "stage"))
    only = {change.client_id: change for change in LifecycleChange.objects.all()}
    LifecycleChange.objects.all().delete()
    Client.objects.update(stage=Client.Stage.POTENTIAL)
    for back in reversed(range(HISTORY_MONTHS + 1)):
        derive_lifecycle(as_of=months_before(world.today, back))
    other = [c for c in Client.objects.only("stage") if c.stage != now[c.pk]]
    for client in other:
        client.stage = now[client.pk]
    Client.objects.bulk_update(other, ["stage"])
    LifecycleChange.objects.filter(client__in=other).delete()
    LifecycleChange.objects.bulk_create(only[c.pk] for c in other if c.pk in only)
    night = Cast("as_of", DateTimeField()) + dt.timedelta(hours=3)
    LifecycleChange.objects.filter(as_of__lt=world.today).update(at=night)


def _findings(world):
    until = world.today.replace(month=1, day=1) - dt.timedelta(days=1)
    rows = []
    for place, title, text, kind, source, confidence, millions, days in FINDINGS:
        market = {}
        if millions:
            market = {
                "market_size": Decimal(millions) * 1_000_000,
                "currency": "CNY",
                "period_from": until.replace(month=1, day=1),
                "period_to": until,
            }
        rows.append(
            Finding(
                client_group=world.groups[place],
                title=title,
                text=text,
                kind=kind,
                source=source,
                confidence=confidence,
                found_on=world.today - dt.timedelta(days=days),
                created_by=world.people[KEEPERS[place]],
                **market,
            )
        )
    Finding.objects.bulk_create(rows)


def make_evidence(world: World) -> None:
    """The first goal of each project rests on the first finding of its client group."""
    found = {}
    for finding in Finding.objects.order_by("-pk"):
        found[finding.client_group_id] = finding
    rows = {}
    goals = Goal.objects.filter(parent=None).select_related("project").order_by("pk")
    for goal in goals:
        finding = found.get(goal.project.client_group_id)
        if finding and goal.project_id not in rows:
            rows[goal.project_id] = GoalEvidence(
                goal=goal, finding=finding, added_by=finding.created_by
            )
    GoalEvidence.objects.bulk_create(rows.values())
