from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.files.refusal import say
from core.files.writing import csv_response
from core.views import page, render_page
from imports import services
from imports.forms.purchases import ConfirmForm
from imports.models import ImportRun
from imports.selectors import issues_of, same_file, visible_run
from imports.views.report import report_of, steps_of

PER_PAGE = 50


@page("imports.list")
def run_list(request):
    runs = ImportRun.objects.visible_to(request.user).select_related("created_by", "project")
    state = request.GET.get("state", "")
    if state in ImportRun.State.values:
        runs = runs.filter(state=state)
    listed = Paginator(runs, PER_PAGE).get_page(request.GET.get("page"))
    return render_page(request, "imports/run/list", {"page": listed, "state": state})


@page("imports.own", load=visible_run)
def run_detail(request, run):
    if run.state == ImportRun.State.UPLOADED:
        return redirect("imports:run_map", run.pk)
    return _detail(request, run)


def _detail(request, run, form=None):
    severity = request.GET.get("severity", "")
    issues = Paginator(issues_of(run, severity), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "steps": steps_of(run),
        "report": report_of(run),
        "issues": issues,
        "severity": severity,
        "earlier": same_file(run) if run.state == ImportRun.State.CHECKED else None,
        "form": form or _confirm_form(request, run),
    }
    status = 422 if form is not None else 200
    return render_page(request, "imports/run/detail", context, status=status)


def _confirm_form(request, run, data=None):
    """Only purchases are asked for a day; a board has nothing to choose any more."""
    if run.kind != ImportRun.Kind.PURCHASES or run.state != ImportRun.State.CHECKED:
        return None
    today = timezone.now().astimezone(request.user.zone).date()
    initial = {"as_of": run.options.get("as_of") or run.summary.get("last_on") or today}
    return ConfirmForm(data, today=today, initial=initial)


@page("imports.own", load=visible_run, methods=("POST",))
def run_confirm(request, run):
    form = _confirm_form(request, run, request.POST)
    if form is not None and not form.is_valid():
        return _detail(request, run, form)
    chosen = {"as_of": form.cleaned_data["as_of"]} if form is not None else {}
    return _do(request, run, services.confirm_run, **chosen)


@page("imports.own", load=visible_run, methods=("POST",))
def run_remap(request, run):
    return _do(request, run, services.remap_run)


@page("imports.own", load=visible_run, methods=("POST",))
def run_undo(request, run):
    return _do(request, run, services.undo_run)


@page("imports.own", load=visible_run, methods=("POST",))
def run_discard(request, run):
    try:
        services.discard_run(run=run, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(run)
    messages.success(request, _("The import was discarded. Nothing was written."))
    return redirect("imports:run_list")


def _do(request, run, service, **chosen):
    try:
        service(run=run, actor=request.user, **chosen)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(reverse("imports:run_detail", args=[run.pk]))


@page("imports.own", load=visible_run)
def run_issues(request, run):
    header = [_("Line"), _("Where"), _("Kind"), _("Found"), _("What is wrong and how to mend it")]
    rows = [
        [
            issue.line,
            issue.place,
            issue.get_severity_display(),
            issue.value,
            say(issue.message, issue.params),
        ]
        for issue in issues_of(run)
    ]
    return csv_response(f"{run.file_name}-report.csv", header, rows)
