from django.http import Http404
from django.shortcuts import render

from clientgroups.forms.value import SHOWN, PeriodForm
from clientgroups.selectors import visible_group
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.rates import left_out_of, value_policy
from clientgroups.selectors.retention import cohorts_of, retention_in
from clientgroups.selectors.sales import growths_in
from clientgroups.selectors.value import group_panel
from clientgroups.selectors.value_flow import flow_of
from clientgroups.selectors.value_periods import periods
from clientgroups.selectors.value_rows import purchases_behind
from clientgroups.selectors.value_scope import Scope
from clientgroups.views import value_charts as pictures
from clientgroups.views import value_tables as tables
from clientgroups.views.value_tables import Subject
from core.files.writing import csv_response
from core.views import page, render_page


def of_group(group):
    return Subject(Scope(group=group), group)


def of_everybody(request):
    return Subject(Scope.of_user(request.user))


class Report:
    """The figures of one page, each worked out when it is asked for."""

    def __init__(self, subject, form):
        self.subject, self.form = subject, form
        self.kind, self.today = form.values()
        self.periods = periods(self.kind, self.today, SHOWN[self.kind])
        self.currency = value_policy().base_currency

    def retention(self):
        spans = [(period.start, period.end) for period in self.periods]
        return retention_in(self.subject.scope, spans)

    def growths(self):
        return growths_in(self.subject.scope, self.periods)

    def table(self, key):
        if key == "retention":
            return tables.retention_table(self.subject, self.periods, self.retention())
        if key == "sales":
            return tables.sales_table(self.subject, self.periods, self.growths(), self.currency)
        if key == "cohorts":
            found = cohorts_of(self.subject.scope, self.kind, self.today, SHOWN[self.kind])
            return tables.cohort_table(self.subject, self.kind, found, self.today)
        if key == "stages":
            return tables.flow_table(self.subject, flow_of(self.subject.scope, self.periods[-6:]))
        raise Http404

    def context(self):
        kept, growths = self.retention(), self.growths()
        subject, spans = self.subject, self.periods
        first, last = spans[0].start, spans[-1].end
        whole = [place for place, period in enumerate(spans) if not period.partial]
        place = whole[-1] if whole else len(spans) - 1
        return {
            "subject": subject,
            "group": subject.group,
            "form": self.form,
            "kind": self.kind,
            "today": self.today,
            "currency": self.currency,
            "period": spans[place],
            "kept": kept[place],
            "growth": growths[place],
            "charts": [
                pictures.retention_chart(spans, kept),
                pictures.sales_chart(spans, growths, self.currency),
            ],
            "tables": [
                tables.retention_table(subject, spans, kept),
                tables.sales_table(subject, spans, growths, self.currency),
                self.table("cohorts"),
                self.table("stages"),
            ],
            "missing": left_out_of(purchases_behind(subject.scope, first, last)),
            "export": subject.url("value_export", by=self.kind, until=self.today),
        }


def value_page(request, subject):
    report = Report(subject, PeriodForm(request.GET))
    return render_page(request, "clientgroups/value/detail", report.context())


def value_export(request, subject):
    """One table of the page as a file; the table is named in the query."""
    report = Report(subject, PeriodForm(request.GET))
    table = report.table(request.GET.get("table", ""))
    rows = [[cell.plain for cell in row] for row in table.rows]
    name = f"{table.key}-{report.kind}-{report.today:%Y-%m-%d}.csv"
    return csv_response(name, table.head, rows)


@page("clientgroups.view", load=visible_group)
def group_value(request, group):
    """The page; asked for by the page of the group, only the card that stands there."""
    if request.htmx and not request.htmx.boosted:
        return render(request, "clientgroups/value/_group.html", panel_of(group, today_here()))
    return value_page(request, of_group(group))


def panel_of(group, today):
    """The card of the group page, its figures linked to their rows."""
    context = group_panel(group, today)
    subject, found = of_group(group), context["value"]
    kept, quarter = found.retention, found.quarter
    spans = {"start": kept.start, "end": kept.end}
    links = {
        what: subject.url("value_clients", what=what, **spans)
        for what in ("retained", "lost", "repeat")
    }
    links["sales"] = subject.url("value_purchases", start=quarter.start, end=quarter.end)
    return context | {"links": links, "moves": tables.flow_table(subject, found.flow)}


@page("clientgroups.list")
def all_value(request):
    return value_page(request, of_everybody(request))


@page("clientgroups.view", load=visible_group)
def group_value_export(request, group):
    return value_export(request, of_group(group))


@page("clientgroups.list")
def all_value_export(request):
    return value_export(request, of_everybody(request))
