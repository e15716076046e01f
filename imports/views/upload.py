from django.core.exceptions import ValidationError
from django.shortcuts import redirect

from core.views import page, render_page
from imports import services
from imports.forms.upload import ProjectFileForm, UploadForm
from imports.models import ImportRun
from projects.selectors.projects import visible_project


def _too_large(request):
    """Ask for the body first: the upload handler only knows once the request has been read."""
    _ = request.POST
    return getattr(request, "too_large", False)


@page("imports.run", methods=("GET", "POST"))
def run_create(request):
    if request.method == "GET":
        initial = {name: request.GET[name] for name in ("kind", "project") if name in request.GET}
        if "project" in initial:
            initial.setdefault("kind", ImportRun.Kind.TRELLO)
        form = UploadForm(user=request.user, initial=initial)
        return render_page(request, "imports/run/create", {"form": form})
    form = UploadForm(request.POST, request.FILES, user=request.user, too_large=_too_large(request))
    if form.is_valid():
        cleaned = form.cleaned_data
        run = _started(request, form, kind=cleaned["kind"], project=cleaned["project"])
        if run:
            return redirect(run)
    return render_page(request, "imports/run/create", {"form": form}, status=422)


@page("imports.into_project", load=visible_project, methods=("GET", "POST"))
def project_import(request, project):
    if request.method == "GET":
        context = {"form": ProjectFileForm(), "project": project}
        return render_page(request, "imports/run/board", context)
    form = ProjectFileForm(request.POST, request.FILES, too_large=_too_large(request))
    if form.is_valid():
        run = _started(request, form, kind=ImportRun.Kind.TRELLO, project=project)
        if run:
            return redirect(run)
    context = {"form": form, "project": project}
    return render_page(request, "imports/run/board", context, status=422)


def _started(request, form, **fields):
    """The new import; None when the file was refused, with the sentence beside the field."""
    try:
        return services.start_run(
            actor=request.user,
            upload=form.cleaned_data["file"],
            encoding=form.cleaned_data.get("encoding", ""),
            once_key=form.cleaned_data["once_key"],
            **fields,
        )
    except ValidationError as error:
        form.add_error("file", error)
        return None
