from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import retarget

from clientgroups.forms.touches import TouchForm
from clientgroups.models import Client
from clientgroups.selectors import visible_client
from clientgroups.selectors.client_health import health_of, silence_words
from clientgroups.selectors.timeline_page import read_timeline
from clientgroups.selectors.touches import recent_clients, touch_event, visible_touch
from clientgroups.services import follow_ups as follow_up_services
from clientgroups.services import touches as services
from clientgroups.views.health import trend_chart
from core.search import search_query
from core.views import page, render_page

BOTH = ("GET", "HEAD", "POST")
IN_PANEL, FOUND = 12, 20
# Where a form of a touch stands: on a page of its own, in the panel of a client, in a list.
PAGE, PANEL, ROW = "page", "panel", "row"


def next_of(request):
    """The page to return to, if it is one of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, hosts, request.is_secure()) else ""


def back(request, default):
    return redirect(next_of(request) or default)


def undo_tag(touch, event):
    return f"undo:{reverse('clientgroups:touch_undo', args=[touch.pk, event.pk])}"


def add_errors(form, problem):
    """Put what a service refused beside the fields that it names."""
    if hasattr(problem, "error_dict"):
        for name, errors in problem.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(None, problem.messages)


# The panel of a client's page ---------------------------------------------------------------------


def panel_context(request, client, form=None):
    """What `_panel.html` and `_health.html` need of a client."""
    may_log = client.archived_at is None and request.user.has_perm("clientgroups.log_touch", client)
    health = health_of(client)
    return {
        "client": client,
        "form": (form or TouchForm(client=client, user=request.user)) if may_log else None,
        "timeline": read_timeline(client, request.user, size=IN_PANEL),
        "health": health,
        "health_chart": trend_chart(health),
        "silence": health.silence and silence_words(health.silence, timezone.localdate()),
        "place": PANEL,
        "slot": f"client-{client.pk}-touches",
    }


# Log ----------------------------------------------------------------------------------------------


@page("clientgroups.list")
def touch_create(request):
    text = request.GET.get("q", "").strip()
    rows = []
    if text:
        query = search_query(text)
        clients = Client.objects.visible_to(request.user).active().select_related("owner")
        rows = list(clients.filter(search=query)[:FOUND]) if query is not None else []
    context = {
        "text": text,
        "rows": rows if text else recent_clients(request.user),
        "most": FOUND,
        "next": next_of(request),
    }
    return render_page(request, "clientgroups/touch/create", context)


@page("clientgroups.log_touch", load=visible_client, methods=BOTH)
def client_log(request, client):
    if client.archived_at:
        raise PermissionDenied
    asked = request.POST if request.method == "POST" else request.GET
    place = asked.get("place") if asked.get("place") in (PANEL, ROW) else PAGE
    focus = place != PANEL
    form = TouchForm(request.POST or None, client=client, user=request.user, focus=focus)
    touch = _logged(form, client, request.user)
    if touch is None:
        return _log_form(request, client, form, place)
    messages.success(request, _("The touch was logged."))
    if not request.htmx:
        return back(request, client.get_absolute_url())
    if place == PANEL:
        client = visible_client(request.user, client.pk)
        return render(request, "clientgroups/touch/_panel.html", panel_context(request, client))
    context = {"client": client, "touch": touch}
    return retarget(render_page(request, "clientgroups/touch/logged", context), f"#due-{client.pk}")


def _logged(form, client, user):
    if not form.is_valid():
        return None
    try:
        return services.log_touch(actor=user, client=client, **form.cleaned_data)
    except ValidationError as problem:
        add_errors(form, problem)
        return None


def _log_form(request, client, form, place):
    status = 422 if form.is_bound else 200
    if place == PANEL and request.htmx:
        context = panel_context(request, client, form)
        return render(request, "clientgroups/touch/_panel.html", context, status=status)
    slot = f"due-{client.pk}-log" if place == ROW else f"log-{client.pk}"
    context = {
        "client": client, "form": form, "place": place, "slot": slot, "next": next_of(request)
    }  # fmt: skip
    return render_page(request, "clientgroups/touch/log", context, status=status)


# One touch ----------------------------------------------------------------------------------------


@page("clientgroups.view", load=visible_touch)
def touch_detail(request, touch):
    context = {
        "touch": touch,
        "client": touch.client,
        "may_change": services.may_change(touch, request.user)
        and request.user.has_perm("clientgroups.log_touch", touch),
        "today": timezone.localdate(),
        "next": next_of(request),
    }
    return render_page(request, "clientgroups/touch/detail", context)


@page("clientgroups.log_touch", load=visible_touch, methods=BOTH)
def touch_edit(request, touch):
    if not services.may_change(touch, request.user):
        raise PermissionDenied
    form = TouchForm(request.POST or None, client=touch.client, user=request.user, touch=touch)
    if form.is_valid():
        data = form.cleaned_data
        del data["submission_key"]
        data["happened_at"] = data["happened_at"] or touch.happened_at
        try:
            services.change_touch(touch=touch, actor=request.user, **data)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, _("Saved."))
            return back(request, touch.client.get_absolute_url())
    context = {"touch": touch, "client": touch.client, "form": form, "next": next_of(request)}
    status = 422 if form.is_bound else 200
    return render_page(request, "clientgroups/touch/edit", context, status=status)


@page("clientgroups.log_touch", load=visible_touch, methods=("POST",))
def touch_delete(request, touch):
    event = services.delete_touch(touch=touch, actor=request.user)
    if event:
        text = _("The touch was deleted.")
        messages.success(request, text, extra_tags=undo_tag(touch, event))
    return back(request, touch.client.get_absolute_url())


@page("clientgroups.log_touch", load=touch_event, methods=("POST",))
def touch_undo(request, part):
    touch, event = part.parent, part.row
    try:
        if event.verb == "touch.deleted":
            services.restore_touch(touch=touch, actor=request.user)
        else:
            follow_up_services.undo_follow_up(touch=touch, event=event, actor=request.user)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        messages.success(request, _("Undone."))
    return back(request, touch.client.get_absolute_url())
