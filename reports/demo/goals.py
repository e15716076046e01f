"""Goals that show every state and pace, with sub-goals, measurements and check-ins."""

import datetime as dt
from dataclasses import dataclass, field

from projects.models import CheckIn, Goal, GoalMeasurement


@dataclass
class Plan:
    """One goal of the demo: dates in days from today, values from the first to the latest."""

    statement: str
    owner: str
    metric: str = ""
    unit: str = ""
    baseline: float | None = None
    target: float | None = None
    days: tuple[int, int] = (-90, 70)
    values: tuple[float, ...] = ()
    source: str = "manual"
    state: str = "active"
    weight: int = 1
    why: str = ""
    summary: str = ""
    note: tuple[str, int] | None = None
    children: list = field(default_factory=list)


PLANS = {
    "HKA": [
        Plan(
            "Raise the satisfaction of the harbour accounts to 85 within six months",
            "lin",
            "Share of satisfied answers (CSAT)",
            "points of 100",
            62,
            85,
            (-110, 69),
            source="csat",
            why="Two of our five largest clients said in spring that they think about leaving.",
            note=("September was the turning point: the duty rota works.", 65),
            children=[
                Plan(
                    "Cut the first response to under 2 hours",
                    "chen",
                    "Median first response",
                    "hours",
                    9,
                    2,
                    (-100, 22),
                    (9, 8, 6, 4.5, 3.1, 2.6),
                    weight=3,
                    children=[
                        Plan(
                            "Weekend duty rota in place",
                            "sun",
                            "Weekends covered",
                            "weekends",
                            0,
                            12,
                            (-90, 5),
                            (1, 4, 7, 9, 11),
                        ),
                        Plan(
                            "Route tickets by client tier",
                            "chen",
                            "Tickets routed without hands",
                            "%",
                            0,
                            90,
                            (-70, 17),
                            (5, 18, 40, 58),
                        ),
                    ],
                ),
                Plan(
                    "Resolve the top five complaint causes",
                    "sara",
                    "Causes resolved",
                    "causes",
                    0,
                    5,
                    (-80, 27),
                    (0, 1),
                    note=("Invoices are harder than we thought.", 40),
                ),
                Plan(
                    "Visit every key account each quarter",
                    "sun",
                    "Accounts visited this quarter",
                    "accounts",
                    0,
                    40,
                    (-60, 53),
                    (6, 15, 22),
                ),
            ],
        ),
        Plan(
            "Keep 95% of the harbour accounts",
            "sara",
            "Accounts kept",
            "%",
            88,
            95,
            (-110, 97),
            (88, 88, 89, 89),
            why="A lost account costs a year of visits.",
        ),
        Plan(
            "Win the pilot of the night delivery",
            "chen",
            "Shops in the pilot",
            "shops",
            0,
            8,
            (-200, -40),
            (2, 5, 8),
            state="achieved",
            summary="Eight shops take part since October.",
        ),
    ],
    "SCH": [
        Plan(
            "学校客户满意度提升到 85 分",
            "lin",
            "满意答复占比（CSAT）",
            "分（满分 100）",
            78,
            85,
            (-90, 110),
            source="csat",
            why="本学期换了三位对接老师，客户意见集中在响应速度。",
            children=[
                Plan(
                    "两小时内首次响应",
                    "zhou",
                    "首次响应时间中位数",
                    "小时",
                    8,
                    2,
                    (-80, 40),
                    (8, 7.5, 7.2, 7),
                ),
                Plan(
                    "每个校区固定一位联系人",
                    "li",
                    "已固定联系人的校区",
                    "个",
                    0,
                    40,
                    (-60, 80),
                    (4, 9, 21, 28),
                ),
            ],
        ),
        Plan("完成二十所学校的走访", "li", "已走访学校", "所", 0, 20, (-100, -6), (3, 9, 14)),
        Plan("发布统一服务标准", "zhou", "已发布章节", "章", 0, 6, (-30, 60), state="draft"),
    ],
    "CLN": [
        Plan(
            "Nobody asks twice in the first month",
            "ana",
            source="subgoals",
            days=(-150, 40),
            why="New clinics judge us by their first four weeks.",
            children=[
                Plan(
                    "Welcome call within two days",
                    "tom",
                    "Calls in time",
                    "%",
                    40,
                    95,
                    (-140, 30),
                    (40, 66, 80, 91),
                    weight=2,
                ),
                Plan(
                    "One contact sheet per clinic",
                    "ana",
                    "Clinics with a sheet",
                    "clinics",
                    0,
                    40,
                    (-120, 35),
                    (5, 20, 33),
                ),
                Plan(
                    "Printed handbook",
                    "tom",
                    "Chapters printed",
                    "chapters",
                    0,
                    9,
                    (-100, 20),
                    state="cancelled",
                ),
            ],
        ),
        Plan(
            "Net promoter score of the clinics at 30",
            "omar",
            "NPS",
            "points",
            5,
            30,
            (-150, 60),
            source="nps",
            why="Clinics recommend us to each other.",
        ),
    ],
    "WIN": [
        Plan(
            "Speak with every lapsed client",
            "omar",
            "Clients reached",
            "clients",
            0,
            18,
            (-30, 75),
            (2, 5, 8),
        ),
        Plan(
            "Learn the three main reasons", "tom", "Reasons confirmed", "reasons", 0, 3, (-28, 30)
        ),
    ],
    "AUD": [
        Plan(
            "Answer every finding of the audit",
            "omar",
            "Findings answered",
            "findings",
            0,
            24,
            (-400, -90),
            (8, 15, 19),
            state="missed",
            summary="Five findings need a new contract; they moved to the onboarding project.",
        ),
    ],
    "VIP": [Plan("拜访全部忠实客户", "chen", "已拜访客户", "家", 0, 40, (10, 100), state="draft")],
}


def make_goals(world) -> None:
    for project in world.projects:
        for position, plan in enumerate(PLANS.get(project.key, [])):
            _goal(world, project, plan, None, position)


def _goal(world, project, plan, parent, position):
    start, due = (world.today + dt.timedelta(days=day) for day in plan.days)
    closed = plan.state in {"achieved", "missed"}
    goal = Goal.objects.create(
        project=project,
        client_group=project.client_group if plan.source in {"csat", "nps"} else None,
        parent=parent,
        position=position,
        statement=plan.statement,
        relevance=plan.why,
        source=plan.source,
        metric=plan.metric,
        unit=plan.unit,
        baseline=plan.baseline,
        target=plan.target,
        owner=world.people[plan.owner],
        weight=plan.weight,
        start_on=start,
        due_on=due,
        state=plan.state,
        closing_summary=plan.summary,
        closed_at=dt.datetime.combine(due, dt.time(9), dt.UTC) if closed else None,
    )
    _values(world, goal, plan, start, due)
    if plan.note:
        CheckIn.objects.create(
            goal=goal, author=goal.owner, note=plan.note[0], confidence=plan.note[1]
        )
    for number, child in enumerate(plan.children):
        _goal(world, project, child, goal, number)


def _values(world, goal, plan, start, due):
    if not plan.values:
        return
    last = min(world.today - dt.timedelta(days=2), due)
    step = (last - start) / max(len(plan.values) - 1, 1)
    GoalMeasurement.objects.bulk_create(
        GoalMeasurement(
            goal=goal,
            measured_on=start + step * index,
            value=value,
            source="",
            recorded_by=goal.owner,
        )
        for index, value in enumerate(plan.values)
    )
