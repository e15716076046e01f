"""One timeline per client: a register of sources, and one statement per page for all of them.

Each source turns its rows into the same columns; a page is their union, newest first. The place
where a page ends is (instant, source, row), so that new entries never shift what is read next.
Apps above add their sources when they load.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import (
    DateTimeField,
    DecimalField,
    Expression,
    F,
    Func,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from clientgroups.models import Client

PAGE = 30
COLUMNS = (
    "source", "kind", "at", "row", "client", "by", "who", "code", "title", "detail", "amount", "key"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the union: `by` and `who` name the person of ours, `key` the row to open."""

    source: str
    kind: str
    at: dt.datetime
    row: int
    client: int
    by: int
    who: str
    code: str
    title: str
    detail: str
    amount: Decimal | None
    key: int


@dataclass(frozen=True, slots=True)
class Text:
    """What an entry says, in the reader's language."""

    title: str
    detail: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Source:
    """Where entries come from.

    `kinds` maps each kind it gives to (label, icon); `rows(clients, reader)` is a queryset made by
    `columns`; `draw(row)` words one line. A source leaves out what the reader may not know of.
    `dated`: it knows the day alone.
    """

    key: str
    kinds: dict[str, tuple[str, str]]
    rows: Callable[[QuerySet, User], QuerySet]
    draw: Callable[[Row], Text]
    dated: bool = False


SOURCES: dict[str, Source] = {}


def register_source(source: Source) -> None:
    """Add a source; the same key again replaces it."""
    SOURCES[source.key] = source


class Midnight(Func):
    """The instant at which a day begins in a time zone."""

    template = "(%(expressions)s)"
    arg_joiner = "::timestamp AT TIME ZONE "
    output_field = DateTimeField()

    def __init__(self, day: str):
        super().__init__(F(day), Value(timezone.get_current_timezone_name()))


def columns(
    rows: QuerySet,
    *,
    at: str | Expression,
    kind: str | Expression,
    client: str = "client_id",
    by: str | Expression = "",
    who: str = "",
    code: str | Expression = "",
    title: str | Expression = "",
    detail: str | Expression = "",
    amount: str = "",
    key: str = "",
) -> QuerySet:
    """Give rows the columns of the timeline; what a source does not know stays empty."""
    nothing = Cast(Value(None), DecimalField(max_digits=14, decimal_places=2))
    return rows.order_by().annotate(
        t_kind=_text(kind),
        t_at=_column(at),
        t_row=F("pk"),
        t_client=F(client),
        t_by=(F(by) if isinstance(by, str) else by) if by else Value(0),
        t_who=_text(who),
        t_code=_text(code),
        t_title=_text(title),
        t_detail=_text(detail),
        t_amount=F(amount) if amount else nothing,
        t_key=F(key) if key else F("pk"),
    )


def _column(value):
    return F(value) if isinstance(value, str) else value


def _text(value):
    if isinstance(value, str):
        return Cast(F(value), TextField()) if value else Value("", TextField())
    return value


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last entry of a page, and the heading it stood under."""

    at: dt.datetime
    source: str
    row: int
    heading: str = ""

    def __str__(self):
        return f"{self.at.isoformat()}~{self.source}~{self.row}~{self.heading}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """None for what is no cursor: the page then begins at the beginning."""
        parts = text.split("~")
        if len(parts) != 4 or not parts[2].isdecimal() or len(parts[2]) > 18:
            return None
        try:
            at = parse_datetime(parts[0])
        except ValueError:
            return None
        if at is None or timezone.is_naive(at):
            return None
        return cls(at, parts[1], int(parts[2]), parts[3])

    def after(self, source: str) -> Q:
        """The rows of a source that stand behind this entry: older, or later in its order."""
        if source < self.source:
            return Q(t_at__lte=self.at)
        if source > self.source:
            return Q(t_at__lt=self.at)
        return Q(t_at__lt=self.at) | Q(t_at=self.at, t_row__lt=self.row)


@dataclass(frozen=True)
class Page:
    """Entries, newest first, and where the next page begins."""

    rows: list[Row] = field(default_factory=list)
    more: bool = False


def clients_behind(client: Client) -> QuerySet:
    """The client and those merged into it: what stayed with them belongs to its story."""
    return Client.objects.filter(Q(pk=client.pk) | Q(merged_into=client.pk)).order_by().values("pk")


def timeline_of(
    client: Client,
    reader: User,
    *,
    kinds: set[str] | None = None,
    before: Cursor | None = None,
    size: int = PAGE,
) -> Page:
    """A page of a client's timeline: one statement, whatever number of sources there are."""
    clients = clients_behind(client)
    parts = []
    for source in SOURCES.values():
        wanted = set(source.kinds) if kinds is None else kinds & set(source.kinds)
        if not wanted:
            continue
        rows = source.rows(clients, reader)
        if wanted != set(source.kinds):
            rows = rows.filter(t_kind__in=sorted(wanted))
        if before:
            rows = rows.filter(before.after(source.key))
        parts.append(_lines(rows, source.key)[: size + 1])
    if not parts:
        return Page()
    found = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    ordered = found.order_by("-t_at", "-t_source", "-t_row") if len(parts) > 1 else found
    lines = [Row(*line) for line in ordered[: size + 1]]
    return Page(lines[:size], len(lines) > size)


def _lines(rows, source):
    named = [f"t_{name}" for name in COLUMNS]
    rows = rows.annotate(t_source=Value(source, TextField()))
    return rows.order_by("-t_at", "-t_source", "-t_row").values_list(*named)


def kinds_known() -> dict[str, tuple[str, str]]:
    """Every kind of every source: label and icon."""
    return {kind: look for source in SOURCES.values() for kind, look in source.kinds.items()}
