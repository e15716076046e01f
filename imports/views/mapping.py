from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from core.views import page, render_page
from imports import services
from imports.forms.contacts import ContactMappingForm
from imports.forms.purchases import MappingForm
from imports.forms.source import SourceForm
from imports.forms.trello import BoardForm
from imports.models import ImportRun
from imports.selectors import linkable_runs, remembered_mapping, same_file, visible_run
from imports.views.report import steps_of


@page("imports.own", load=visible_run, methods=("GET", "POST"))
def run_map(request, run):
    if run.state != ImportRun.State.UPLOADED:
        return redirect("imports:run_detail", run.pk)
    if run.kind == ImportRun.Kind.TRELLO:
        return _map_board(request, run)
    return _map_table(request, run)


def _show(request, run, context, status=200):
    context |= {"run": run, "steps": steps_of(run), "earlier": same_file(run)}
    return render_page(request, "imports/run/map", context, status=status)


# Tables, cards and records -----------------------------------------------------------------------


def _form(run, data=None, **chosen):
    """The form of the kind of import: which column means what."""
    if run.kind == ImportRun.Kind.CONTACTS:
        return ContactMappingForm(data, shape=run.shape, links=linkable_runs(run), **chosen)
    return MappingForm(data, shape=run.shape, **chosen)


def _unsent(request, run):
    """The form with what was chosen for this file, else for one with these headings before."""
    remembered = None
    if not run.mapping and "fresh" not in request.GET:
        remembered = remembered_mapping(run)
    chosen = remembered or run
    options = {**chosen.options, **(_told(run) if remembered else {})}
    form = _form(run, mapping=chosen.mapping or None, options=options)
    return {"form": form, "source": SourceForm(shape=run.shape), "remembered": remembered}


def _told(run):
    """How this file writes its dates and numbers, where it shows that by itself."""
    suggested = run.shape["suggested"]["options"]
    return {name: suggested[name] for name in ("date_order", "decimal") if suggested.get(name)}


def _map_table(request, run):
    if request.method == "GET":
        return _show(request, run, _unsent(request, run))
    source = SourceForm(request.POST, shape=run.shape)
    if not source.is_valid():
        form = _form(run, request.POST)
        return _show(request, run, {"form": form, "source": source}, 422)
    changed = source.changed()
    if changed or "reread" in request.POST:
        return _read_again(request, run, source, changed)
    form = _form(run, request.POST)
    if form.is_valid():
        services.check_run(
            run=run, actor=request.user, mapping=form.mapping(), options=form.options()
        )
        return redirect(run)
    return _show(request, run, {"form": form, "source": source}, 422)


def _read_again(request, run, source, changed):
    """Read with other settings; what was mapped stays when the columns are the same."""
    before = run.shape["columns"]
    try:
        run = services.reread_run(run=run, actor=request.user, **changed)
    except ValidationError as error:
        field = "encoding" if "encoding" in source.fields else None
        source.add_error(field, error)
        form = _form(run, request.POST)
        return _show(request, run, {"form": form, "source": source}, 422)
    kept = run.shape["columns"] == before
    form = _form(run, request.POST if kept else None)
    messages.info(request, _("The file was read again. Look at the sample and the columns."))
    return _show(request, run, {"form": form, "source": SourceForm(shape=run.shape)})


# Boards ------------------------------------------------------------------------------------------


def _map_board(request, run):
    if request.method == "GET":
        form = BoardForm(
            shape=run.shape, project=run.project, mapping=run.mapping, options=run.options
        )
        return _show(request, run, {"form": form})
    place = request.POST.get("board", "")
    place = int(place) if place.isascii() and place.isdigit() and len(place) < 6 else None
    shown = request.POST.get("shown", "")
    if place is not None and shown != str(place):
        form = BoardForm(shape=run.shape, project=run.project, board=place)
        return _show(request, run, {"form": form})
    form = BoardForm(request.POST, shape=run.shape, project=run.project, board=place)
    if form.is_valid():
        services.check_run(
            run=run, actor=request.user, mapping=form.mapping(), options=form.options()
        )
        return redirect(run)
    return _show(request, run, {"form": form}, 422)
