from dataclasses import dataclass

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clientgroups.models import ClientGroup
from clientgroups.selectors.value_periods import period_label
from core import charts
from core.files.writing import csv_response
from core.formats import interval, money, number, percent, signed
from core.views import page, render_page
from reports.selectors.compare import (
    FEWEST,
    GROWTH,
    MONEY,
    MOST,
    NUMBER,
    SCORE,
    SHARE,
    SIGNED,
    compare_groups,
    visible_groups,
)

OFFERED = 60


def asked(request):
    """The groups in the address; one that the person does not see is not there at all."""
    groups, hidden = visible_groups(request.user, request.GET.getlist("g"))
    if hidden:
        raise Http404
    return groups


@page("clientgroups.list")
def group_compare(request):
    groups = asked(request)
    enough = FEWEST <= len(groups) <= MOST
    offered = ClientGroup.objects.visible_to(request.user).active().order_by("name")
    context = {
        "groups": groups,
        "chosen": {group.pk for group in groups},
        "offered": list(offered.only("name", "member_count")[:OFFERED]),
        "too_many": len(groups) > MOST,
        "all_time": request.GET.get("period") == "all",
    }
    if enough:
        found = compare_groups(groups, request.user, all_time=context["all_time"])
        context |= drawn(found)
    return render_page(request, "reports/compare/groups", context)


@page("clientgroups.list")
def group_compare_csv(request):
    groups = asked(request)
    if not FEWEST <= len(groups) <= MOST:
        raise Http404
    found = compare_groups(groups, request.user, all_time=request.GET.get("period") == "all")
    header = [_("Measure"), _("Group"), _("Value"), _("Low"), _("High"), "n", _("Note")]
    return csv_response("groups.csv", header, csv_rows(found))


def csv_rows(found):
    """One line per measure and group, then one per comparison; figures stay figures."""
    for measure in found.measures:
        for group, cell in zip(found.groups, measure.cells, strict=True):
            value = None if cell.value is None else cell.value
            bounds = [cell.low, cell.high]
            yield [measure.label, group.name, value, *bounds, cell.n, state_words(cell.state)]
    labels = {measure.key: measure.label for measure in found.measures}
    for verdict in found.tests.made:
        pair = f"{found.groups[verdict.one]} – {found.groups[verdict.other]}"
        note = _("p = %(p)s after correction") % {"p": number(verdict.adjusted, 4)}
        yield [
            labels[verdict.measure],
            pair,
            verdict.difference,
            verdict.low,
            verdict.high,
            None,
            note,
        ]


# What the page says ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One cell as text: the figure, and what stands small below it."""

    value: str
    small: str = ""
    warn: str = ""


@dataclass(frozen=True)
class Line:
    label: str
    hint: str
    cells: list
    verdict: str = ""


def drawn(found):
    """Context of the page, every figure in the reader's language."""
    sections = [
        {
            "label": section.label,
            "lines": [line_of(found, measure) for measure in section.measures],
        }
        for section in found.sections
    ]
    return {
        "found": found,
        "heads": [
            {"group": group, "spark": charts.spark(trend)}
            for group, trend in zip(found.groups, found.trends, strict=True)
        ],
        "sections": sections,
        "sentences": [sentence_of(found, verdict) for verdict in found.tests.holding],
        "verdicts": [verdict_row(found, verdict) for verdict in found.tests.made],
        "period": period_name(found),
        "overlaps": [overlap_of(*pair) for pair in found.overlaps],
    }


def period_name(found):
    """The one period of all scores on the page."""
    if found.period_start is None:
        return _("no scores yet")
    if found.period_kind == "all":
        return _("all time")
    return period_label(found.period_kind, found.period_start)


def line_of(found, measure):
    cells = [shown(measure, cell, found.currency) for cell in measure.cells]
    pairs = list(zip(found.groups, cells, strict=True))
    return Line(measure.label, measure.hint, pairs, verdict_words(found, measure))


def verdict_words(found, measure):
    """What the tests say about one measure, in a few words; nothing where nothing is tested."""
    made = found.tests.of(measure.key)
    few = found.tests.too_few.get(measure.key, [])
    if not made:
        return _("Too few to compare") if few else ""
    holding = sum(verdict.holds for verdict in made)
    if not holding:
        return _("No difference beyond chance")
    text = ngettext("%(n)d difference holds", "%(n)d differences hold", holding)
    return text % {"n": holding}


def shown(measure, cell, currency):
    """A figure with its interval and n; no data is a dash, too few is said."""
    if cell.state in ("none", "hidden") or cell.value is None:
        warn = _("Hidden: fewer than 5 answers") if cell.state == "hidden" else ""
        return Shown("–", "", warn)
    warn = _("Too few to compare") if cell.state == "few" else ""
    return Shown(WRITERS[measure.kind](measure, cell, currency), small_of(measure, cell), warn)


def _plain(measure, cell, currency):
    if measure.key == "goals":
        return _("%(part)s of %(all)s") % {"part": number(cell.value), "all": number(cell.n)}
    value = round(cell.value, 1) if isinstance(cell.value, float) else cell.value
    return number(value)


def _score(measure, cell, currency):
    return f"{number(cell.value, 1)} {measure.unit}".strip()


WRITERS = {
    SHARE: lambda measure, cell, currency: percent(cell.value),
    NUMBER: _plain,
    SIGNED: lambda measure, cell, currency: signed(cell.value, 0),
    MONEY: lambda measure, cell, currency: money(round(cell.value), currency),
    SCORE: _score,
    GROWTH: lambda measure, cell, currency: f"{signed(100 * cell.value, 0)}%",
}


def small_of(measure, cell):
    """What stands below a figure: its interval and n, or what it leaves out."""
    if measure.kind == SHARE:
        return f"{percent(cell.low)}–{percent(cell.high)}, n = {number(cell.n)}"
    if measure.kind == SCORE:
        return f"{interval(cell.low, cell.high)}, n = {number(cell.n)}"
    if measure.kind == MONEY and cell.part:
        text = ngettext(
            "%(n)s purchase left out: no rate", "%(n)s purchases left out: no rate", cell.part
        )
        return text % {"n": number(cell.part)}
    if measure.key == "open" and cell.part:
        return _("%(n)s later than promised") % {"n": number(cell.part)}
    if measure.key in ("engagement", "health"):
        return f"n = {number(cell.n)}"
    return ""


def sentence_of(found, verdict):
    """One difference that holds, as a sentence."""
    one, other = found.groups[verdict.one], found.groups[verdict.other]
    if verdict.difference < 0:
        one, other = other, one
    measure = next(row for row in found.measures if row.key == verdict.measure)
    words = {
        "measure": measure.label,
        "more": one,
        "less": other,
        "points": number(abs(verdict.difference), 1),
        "p": small_p(verdict.adjusted),
    }
    return (
        _("%(measure)s: %(more)s is %(points)s points above %(less)s (%(p)s after correction).")
        % words
    )


def small_p(p):
    return "p < 0.001" if p < 0.001 else f"p = {number(p, 3)}"


def verdict_row(found, verdict):
    measure = next(row for row in found.measures if row.key == verdict.measure)
    return {
        "measure": measure.label,
        "one": found.groups[verdict.one],
        "other": found.groups[verdict.other],
        "difference": signed(verdict.difference, 1),
        "interval": _("%(low)s to %(high)s")
        % {"low": signed(verdict.low, 1), "high": signed(verdict.high, 1)},
        "p": small_p(verdict.p),
        "adjusted": small_p(verdict.adjusted),
        "holds": verdict.holds,
        "shared": verdict.shared,
    }


def overlap_of(one, other, n):
    smaller = min(one.member_count, other.member_count)
    share = percent(n / smaller) if smaller else "–"
    text = ngettext(
        "%(one)s and %(other)s share %(n)s client (%(share)s of the smaller group).",
        "%(one)s and %(other)s share %(n)s clients (%(share)s of the smaller group).",
        n,
    )
    return text % {"one": one, "other": other, "n": number(n), "share": share}


def state_words(state):
    return {
        "none": _("no data"),
        "hidden": _("hidden: fewer than 5"),
        "few": _("too few to compare"),
    }.get(state, "")
