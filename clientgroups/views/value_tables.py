"""The tables of the value pages: what a page draws and what a CSV file holds are the same rows."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clientgroups.models import ClientGroup
from clientgroups.selectors.value_scope import Scope
from core import formats, stats


@dataclass(frozen=True)
class Cell:
    """What a cell shows, what it holds in a file, and where its rows are."""

    text: str
    value: object = None
    url: str = ""
    css: str = ""
    note: str = ""

    @property
    def plain(self) -> object:
        return self.text if self.value is None else self.value


@dataclass(frozen=True)
class Table:
    key: str
    title: str
    sub: str
    head: list[str]
    rows: list[list[Cell]]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Subject:
    """Whose value a page shows: a group's, or that of all clients a person sees."""

    scope: Scope
    group: ClientGroup | None = None

    def url(self, name: str, **query: object) -> str:
        kind = "group" if self.group else "all"
        address = reverse(f"clientgroups:{kind}_{name}", args=[self.group.pk] if self.group else [])
        text = urlencode({key: value for key, value in query.items() if value not in (None, "")})
        return f"{address}?{text}" if text else address


def count_cell(n: int, url: str = "") -> Cell:
    return Cell(formats.number(n), n, url if n else "")


def share_cell(share) -> Cell:  # noqa: ANN001
    """A share with its interval; too few clients are said, and fewer than five give no figure."""
    if share.state == stats.NONE:
        return Cell(formats.NOTHING, "")
    note = f"{formats.percent(share.low)}–{formats.percent(share.high)}"
    if share.state == stats.HIDDEN:
        return Cell(formats.NOTHING, "", note=_("fewer than 5 clients"))
    if share.state == stats.FEW:
        note = _("%(interval)s, too few to compare") % {"interval": note}
    return Cell(formats.percent(share.rate), round(share.rate, 4), note=note)


def retention_table(subject, periods, rows) -> Table:  # noqa: ANN001
    lines = []
    for period, row in zip(periods, rows, strict=True):

        def cell(what, n, period=period):  # noqa: ANN001, ANN202
            link = subject.url("value_clients", what=what, start=period.start, end=period.end)
            return count_cell(n, link)

        lines.append(
            [
                period_cell(period),
                cell("start", row.start_n),
                cell("retained", row.retained),
                cell("lost", row.lost),
                cell("new", row.new_n),
                share_cell(row.share),
                share_cell(row.churned),
                cell("buyers", row.buyers),
                cell("repeat", row.repeaters),
                share_cell(row.repeat),
            ]
        )
    months = rows[0].window_months
    meaning = ngettext(
        "Active on a day: bought in the %(n)s month up to it.",
        "Active on a day: bought in the %(n)s months up to it.",
        months,
    )
    return Table(
        "retention",
        _("Retention, churn and repeat rate"),
        meaning % {"n": months},
        [
            _("Period"),
            _("Active before"),
            _("Kept"),
            _("Lost"),
            _("New or back"),
            _("Retention"),
            _("Churn"),
            _("Bought"),
            _("On 2+ days"),
            _("Repeat rate"),
        ],
        lines[::-1],
    )


def period_cell(period) -> Cell:  # noqa: ANN001
    return Cell(period.label, period.label, note=_("so far") if period.partial else "")


def sales_table(subject, periods, growths, currency) -> Table:  # noqa: ANN001
    lines = []
    for period, growth in zip(periods, growths, strict=True):
        current = growth.current
        lines.append(
            [
                period_cell(period),
                money_cell(subject, current, currency),
                count_cell(current.n),
                money_cell(subject, growth.before, currency),
                growth_cell(growth.pop),
                money_cell(subject, growth.year_ago, currency),
                growth_cell(growth.yoy),
                missing_cell(subject, current),
            ]
        )
    notes = []
    if periods[-1].partial:
        notes.append(
            _(
                "A period that is not over is compared with as many days of the one before, and "
                "with the same dates a year earlier."
            )
        )
    return Table(
        "sales",
        _("Sales growth"),
        _("in %(currency)s, by the rate of the day; refunds are taken off")
        % {"currency": currency},
        [
            _("Period"),
            _("Sales"),
            _("Purchases"),
            _("Period before"),
            _("Growth"),
            _("A year earlier"),
            _("Growth over a year"),
            _("Without a rate"),
        ],
        lines[::-1],
        notes,
    )


def money_cell(subject, sales, currency) -> Cell:  # noqa: ANN001
    if sales.total is None:
        return Cell(formats.NOTHING, "")
    link = subject.url("value_purchases", start=sales.start, end=sales.end)
    return Cell(formats.money(sales.total, currency), sales.total, link)


def growth_cell(share) -> Cell:  # noqa: ANN001
    if share is None:
        return Cell(_("n/a"), "", css="value-na")
    text = formats.signed(share * 100, 1) + "%"
    return Cell(text, round(share, 4), css="value-up" if share > 0 else "value-down")


def missing_cell(subject, sales) -> Cell:  # noqa: ANN001
    """How many purchases no rate covers, and of which currencies."""
    if not sales.missing:
        return Cell(formats.NOTHING, 0)
    first = sales.missing[0].currency
    link = subject.url("value_purchases", start=sales.start, end=sales.end, missing=first)
    text = ", ".join(f"{formats.number(row.n)} {row.currency}" for row in sales.missing)
    return Cell(text, text, link, css="value-missing")


def cohort_table(subject, kind, cohorts, today) -> Table:  # noqa: ANN001
    widest = max((len(cohort.cells) for cohort in cohorts), default=0)
    lines = []
    for cohort in cohorts:
        span = {"what": "cohort", "start": cohort.period.start, "end": cohort.period.end}
        span |= {"by": kind, "until": today}
        line = [
            period_cell(cohort.period),
            count_cell(cohort.size, subject.url("value_clients", **span)),
        ]
        for cell in cohort.cells:
            link = subject.url("value_clients", **span, later=cell.offset) if cell.n else ""
            note = ngettext("%(n)s client", "%(n)s clients", cell.n)
            if cell.partial:
                note = ngettext("%(n)s client so far", "%(n)s clients so far", cell.n)
            note = note % {"n": formats.number(cell.n)}
            css = f"value-h{cell.step}"
            line.append(Cell(formats.percent(cell.share), round(cell.share, 4), link, css, note))
        line += [Cell("", "")] * (widest - len(cohort.cells))
        lines.append(line)
    return Table(
        "cohorts",
        _("Cohorts"),
        _("Clients by their first purchase, and the share of them that bought in later periods."),
        [_("First purchase"), _("Clients"), *(f"+{n}" for n in range(widest))],
        lines,
    )


def flow_table(subject, flow) -> Table:  # noqa: ANN001
    lines = []
    for way in flow.ways:
        line = [Cell(f"{way.before.label} → {way.after.label}")]
        for period, n in zip(flow.periods, way.numbers, strict=True):
            link = subject.url(
                "value_moves",
                start=period.start,
                end=period.end,
                before=way.before.value,
                after=way.after.value,
            )
            line.append(count_cell(n, link))
        span = {"start": flow.periods[0].start, "end": flow.periods[-1].end}
        stages = {"before": way.before.value, "after": way.after.value}
        line.append(count_cell(way.total, subject.url("value_moves", **span, **stages)))
        lines.append(line)
    if flow.ways:
        for stage, numbers in flow.nets:
            title = _("%(stage)s: more or fewer") % {"stage": stage.label}
            cells = [Cell(formats.signed(n, 0), n, css="value-net") for n in numbers]
            total = sum(numbers)
            lines.append(
                [
                    Cell(title, css="value-net"),
                    *cells,
                    Cell(formats.signed(total, 0), total, css="value-net"),
                ]
            )
    heads = [period.label for period in flow.periods]
    if flow.periods[-1].partial:
        heads[-1] = _("%(period)s so far") % {"period": heads[-1]}
    return Table(
        "stages",
        _("Moves between lifecycle stages"),
        _("How many clients went from one stage to another; members on the day of the move."),
        [_("Stage move"), *heads, _("Together")],
        lines,
    )
