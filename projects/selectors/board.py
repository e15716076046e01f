"""A board: its columns and the first cards of each, whatever the number of tasks."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.models import User
from core.prepared import prepared
from core.search import search_query
from projects.models import BoardColumn, ChecklistItem, Comment, Label, Project, Task

PER_COLUMN = 50
TONES = {"todo": "grey", "doing": "blue", "done": "teal", "cancelled": "grey"}
OPEN = ("todo", "doing")
COLUMNS_OF_A_CARD = (
    "pk",
    "number",
    "title",
    "priority",
    "is_critical",
    "due_on",
    "assignee_id",
    "column_id",
    "position",
)


@dataclass(frozen=True)
class BoardQuery:
    """What a board is narrowed to; kept in its address."""

    who: str = ""
    due: str = ""
    label: int | None = None
    text: str = ""

    @classmethod
    def read(cls, data: dict) -> "BoardQuery":
        label = str(data.get("label", ""))
        return cls(
            who="mine" if data.get("who") == "mine" else "",
            due="overdue" if data.get("due") == "overdue" else "",
            label=int(label) if label.isdecimal() and len(label) < 18 else None,
            text=str(data.get("q", "")).strip()[:200],
        )

    @property
    def narrows(self) -> bool:
        return bool(self.who or self.due or self.label or self.text)

    def apply(self, tasks: QuerySet[Task], user: User) -> QuerySet[Task]:
        if self.who:
            tasks = tasks.filter(assignee=user)
        if self.due:
            tasks = tasks.filter(due_on__lt=timezone.localdate(), column__category__in=OPEN)
        if self.label:
            tasks = tasks.filter(labels=self.label)
        if self.text:
            words = search_query(self.text)
            tasks = tasks.filter(search=words) if words else tasks.none()
        return tasks


@dataclass(slots=True)
class Card:
    """What a card shows; a page draws `head`, `marks`, `when` and `face` before it shows them."""

    pk: int
    number: int
    title: str
    priority: int
    is_critical: bool
    due_on: dt.date | None
    assignee_id: int | None
    column_id: int
    position: int
    assignee: User | None = None
    chips: list[tuple[str, str]] = field(default_factory=list)
    steps: int = 0
    steps_done: int = 0
    comments: int = 0
    anchor: str = ""
    code: str = ""
    url: str = ""
    head: str = ""
    marks: str = ""
    when: str = ""
    face: str = ""


@dataclass
class Lane:
    """A column with its first cards; `total` counts what the filters let through."""

    column: BoardColumn
    cards: list[Card]
    total: int
    all: int
    tone: str

    @property
    def more(self) -> int:
        return max(0, self.total - len(self.cards))

    @property
    def last(self) -> str:
        """Where the next cards begin."""
        return f"{self.cards[-1].position}_{self.cards[-1].pk}" if self.cards else ""

    @property
    def over_limit(self) -> bool:
        return bool(self.column.wip_limit) and self.all > self.column.wip_limit


@dataclass
class Board:
    lanes: list[Lane]
    tasks: int
    overdue: int


def board_of(
    project: Project, user: User, query: BoardQuery, *, counts_only: bool = False
) -> Board:
    """The whole board in seven statements; or its columns and their counts in two or three."""
    columns = columns_of(project.pk)
    counted = {
        pk: (each, overdue) for pk, each, overdue in _counts(project.pk, timezone.localdate())
    }
    tasks = _live(project.pk)
    cards = defaultdict(list)
    totals = {}
    if counts_only and not query.narrows:
        totals = {pk: each for pk, (each, _late) in counted.items()}
    elif counts_only:
        narrowed = query.apply(tasks, user).order_by().values_list("column_id")
        totals = dict(narrowed.annotate(each=Count("pk")))
    if counts_only:
        rows = []
    elif query.narrows:
        rows = _ranked(query.apply(tasks, user))
    else:
        rows = _all_ranked(project.pk)
    for row in rows:
        *values, total = row
        card = Card(*values)
        cards[card.column_id].append(card)
        totals[card.column_id] = total
    fill([card for lane in cards.values() for card in lane])
    return Board(
        lanes=[
            Lane(
                column=column,
                cards=cards[column.pk],
                total=totals.get(column.pk, 0),
                all=counted.get(column.pk, (0, 0))[0],
                tone=tone_of(column, columns),
            )
            for column in columns
        ],
        tasks=sum(each for each, _late in counted.values()),
        overdue=sum(overdue for _each, overdue in counted.values()),
    )


def _live(project: int) -> QuerySet[Task]:
    return Task.objects.filter(project=project, archived_at=None, column__archived_at=None)


@prepared
def columns_of(project: int) -> QuerySet[BoardColumn]:
    """The columns of a project from left to right, archived ones left out."""
    return BoardColumn.objects.filter(project=project, archived_at=None)


@prepared
def _counts(project: int, today: dt.date) -> QuerySet:
    late = Q(due_on__lt=today, column__category__in=OPEN)
    rows = _live(project).order_by().values_list("column_id")
    return rows.annotate(each=Count("pk"), overdue=Count("pk", filter=late))


@prepared
def _all_ranked(project: int) -> QuerySet:
    return _ranked(_live(project))


def _ranked(tasks: QuerySet[Task]) -> QuerySet:
    order = [F("position").asc(), F("pk").asc()]
    return (
        tasks.annotate(
            place=Window(RowNumber(), partition_by="column_id", order_by=order),
            total=Window(Count("pk"), partition_by="column_id"),
        )
        .filter(place__lte=PER_COLUMN)
        .order_by("column_id", "position", "pk")
        .values_list(*COLUMNS_OF_A_CARD, "total")
    )


def tone_of(column: BoardColumn, columns: list[BoardColumn]) -> str:
    """The colour of a column: a second and later one of running work is told apart."""
    doing = [each.pk for each in columns if each.category == "doing"]
    if column.category == "doing" and column.pk in doing[1:]:
        return "violet"
    return TONES[column.category]


def more_cards(
    column: BoardColumn, user: User, query: BoardQuery, behind: str
) -> tuple[list[Card], str]:
    """The next cards of a column behind "position_pk", and where the ones after them begin."""
    tasks = Task.objects.filter(column=column, archived_at=None)
    position, _sep, pk = behind.partition("_")
    if position.lstrip("-").isdecimal() and pk.isdecimal() and len(behind) < 40:
        start = int(position)
        tasks = tasks.filter(Q(position__gt=start) | Q(position=start, pk__gt=int(pk)))
    rows = query.apply(tasks, user).order_by("position", "pk")
    found = [Card(*row) for row in rows.values_list(*COLUMNS_OF_A_CARD)[: PER_COLUMN + 1]]
    cards = found[:PER_COLUMN]
    fill(cards)
    last = cards[-1] if len(found) > PER_COLUMN else None
    return cards, f"{last.position}_{last.pk}" if last else ""


def card_of(task: Task) -> Card:
    """One card, as the board shows it after a change."""
    card = Card(*[getattr(task, name) for name in COLUMNS_OF_A_CARD])
    fill([card])
    return card


def fill(cards: list[Card]) -> None:
    """Add labels, people and counts to cards: four statements for any number of them."""
    if not cards:
        return
    by_pk = {card.pk: card for card in cards}
    pks = list(by_pk)
    for pk, name, colour in chips_of(pks):
        by_pk[pk].chips.append((name, colour))
    for pk, each, done in _steps(pks):
        by_pk[pk].steps, by_pk[pk].steps_done = each, done
    for pk, each in _comments(pks):
        by_pk[pk].comments = each
    wanted = list({card.assignee_id for card in cards} - {None})
    people = {person.pk: person for person in _people(wanted)} if wanted else {}
    for card in cards:
        card.assignee = people.get(card.assignee_id)


@prepared
def chips_of(tasks: list[int]) -> QuerySet:
    """Task, name and colour of the labels of some tasks."""
    rows = Task.labels.through.objects.filter(task__in=tasks).order_by("label__name", "label_id")
    return rows.values_list("task_id", "label__name", "label__colour")


@prepared
def _steps(tasks: list[int]) -> QuerySet:
    rows = ChecklistItem.objects.filter(task__in=tasks).order_by().values_list("task_id")
    return rows.annotate(each=Count("pk"), done=Count("pk", filter=Q(is_done=True)))


@prepared
def _comments(tasks: list[int]) -> QuerySet:
    rows = Comment.objects.filter(task__in=tasks).order_by().values_list("task_id")
    return rows.annotate(each=Count("pk"))


@prepared
def _people(keys: list[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=keys).only("name", "email").order_by()


@prepared
def labels_of(project: int) -> QuerySet[Label]:
    """The labels of a project by name."""
    return Label.objects.filter(project=project)
