from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from clientgroups.forms.value import RfmForm
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.rfm_days import Picked, scores_of_day
from clientgroups.selectors.value_scope import Scope
from core.files.writing import csv_response
from core.paging import Sliced
from core.views import page, render_page

PAGE_SIZE, MOST_LINES = 50, 50_000


class Asked:
    """What the address asks for; what cannot be read is said beside its field."""

    def __init__(self, request):
        self.form = RfmForm(request.GET, user=request.user)
        self.form.is_valid()
        found = self.form.cleaned_data
        self.as_of = found.get("as_of") or today_here()
        self.group = found.get("group")
        self.scope = Scope(group=self.group) if self.group else Scope.of_user(request.user)
        scores = {name: self.form.score(name) for name in "rfm"}
        self.picked = Picked(**scores, segment=found.get("segment") or "")

    def scores(self, **cut):
        return scores_of_day(self.scope, self.as_of, self.picked, **cut)


def page_number(request):
    text = request.GET.get("page", "")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 8 else 1


@page("clientgroups.list")
def rfm(request):
    asked = Asked(request)
    number = page_number(request)
    day = asked.scores(offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    pages = -(-day.found // PAGE_SIZE)
    if number > max(pages, 1):
        number = max(pages, 1)
        day = asked.scores(offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    rows = Sliced(lambda: day.found, lambda start, stop: day.lines)
    context = {
        "day": day,
        "form": asked.form,
        "group": asked.group,
        "as_of": asked.as_of,
        "picked": asked.picked,
        "page": Paginator(rows, PAGE_SIZE).page(number),
        "today": today_here(),
    }
    return render_page(request, "clientgroups/rfm/list", context)


@page("clientgroups.list")
def rfm_export(request):
    """The named groups as a file; `table=heat` gives the map."""
    asked = Asked(request)
    day = asked.scores(limit=0)
    if request.GET.get("table") == "heat":
        head = ["R \\ F", "1", "2", "3", "4", "5"]
        rows = [[line[0].r, *(cell.n for cell in line)] for line in day.heat]
        return csv_response(f"rfm-heat-{asked.as_of}.csv", head, rows)
    head = [_("RFM group"), _("Clients"), _("Share"), _("Money"), _("Currency")]
    rows = [
        [line.segment.label, line.n, round(line.share, 4), line.money, day.method.currency]
        for line in day.named
    ]
    return csv_response(f"rfm-{asked.as_of}.csv", head, rows)


@page("clientgroups.export_list")
def rfm_clients_export(request):
    """The clients that the page lists, up to 50,000 of them."""
    asked = Asked(request)
    day = asked.scores(limit=MOST_LINES)
    head = [
        _("Client"),
        _("RFM code"),
        "R",
        "F",
        "M",
        _("RFM group"),
        _("Days since the last purchase"),
    ]
    head += [_("Days with a purchase"), _("Money"), _("Currency"), _("As of")]
    rows = (
        [
            *(line.name, line.code, line.r, line.f, line.m, line.segment.label, line.recency),
            *(line.frequency, line.monetary, day.method.currency, asked.as_of.isoformat()),
        ]
        for line in day.lines
    )
    return csv_response(f"rfm-clients-{asked.as_of}.csv", head, rows)
