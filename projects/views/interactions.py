from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from clientgroups.forms.touches import TouchForm
from clientgroups.selectors.touches import loggable
from clientgroups.services.touches import log_touch
from core.views import page, render_page
from projects.forms.interactions import ClientChoiceForm
from projects.selectors.interactions import clients_to_log, follow_ups_of, interactions_of
from projects.selectors.projects import visible_project
from projects.views.common import add_errors

PER_PAGE, IN_PANEL = 50, 3
BOTH = ("GET", "HEAD", "POST")


@page("projects.view", load=visible_project)
def project_interactions(request, project):
    rows = interactions_of(project, request.user)
    listed = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    promised = list(follow_ups_of(project, request.user)[:PER_PAGE])
    may_log = loggable(request.user, [row.client_id for row in promised])
    for row in promised:
        row.may_log = row.client_id in may_log
    context = {
        "project": project,
        "page": listed,
        "follow_ups": promised,
        "choice": ClientChoiceForm(project=project, user=request.user),
    }
    return render_page(request, "projects/interaction/list", context)


@page("projects.view", load=visible_project)
def interactions_panel(request, project):
    context = {
        "project": project,
        "rows": interactions_of(project, request.user)[:IN_PANEL],
        "follow_ups": follow_ups_of(project, request.user)[:IN_PANEL],
    }
    return render_page(request, "projects/interaction/panel", context)


@page("projects.comment", load=visible_project, methods=BOTH)
def interaction_create(request, project):
    """First the client, then the form of a touch with the project filled in."""
    client = _client_asked(request, project)
    if client is None:
        asked = request.GET if "client" in request.GET else None
        choice = ClientChoiceForm(asked, project=project, user=request.user)
        context = {"project": project, "choice": choice}
        return render_page(request, "projects/interaction/create", context)
    if not request.user.has_perm("clientgroups.log_touch", client):
        raise PermissionDenied
    form = TouchForm(request.POST or None, client=client, user=request.user, focus=True)
    if "project" in form.fields:
        del form.fields["project"]
    if _saved(form, client, project, request.user):
        messages.success(request, _("The touch was logged."))
        return redirect("projects:project_interactions", project.pk)
    context = {"project": project, "client": client, "form": form}
    status = 422 if form.is_bound else 200
    return render_page(request, "projects/interaction/create", context, status=status)


def _client_asked(request, project):
    """The client named in the address, among those of the project that the person sees."""
    asked = request.GET.get("client", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    return clients_to_log(project, request.user).filter(pk=asked).first()


def _saved(form, client, project, user):
    if not form.is_valid():
        return None
    fields = form.cleaned_data | {"about": {"project": project}}
    try:
        return log_touch(actor=user, client=client, **fields)
    except ValidationError as problem:
        add_errors(form, problem)
        return None
