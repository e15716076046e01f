from copy import copy

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import selectors, services
from accounts.filters import AuditFilter
from accounts.forms import LanguageForm, ProfileForm, ThemeForm
from accounts.middleware import THEME_COOKIE
from core.views import page, render_page

PAGE_SIZE = 50
YEAR = 365 * 24 * 3600


@page("accounts.profile", methods=("GET", "HEAD", "POST"))
def profile(request):
    # A copy: a form that fails must not change the person that this page is drawn for.
    form = ProfileForm(request.POST or None, instance=copy(request.user))
    if form.is_valid():
        user = services.change_preferences(user=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return remember(redirect("accounts:profile"), user.language, user.theme)
    context = {"form": form, "zones": selectors.time_zones()}
    return render_page(
        request, "accounts/profile/form", context, status=422 if form.is_bound else 200
    )


@page("accounts.profile")
def security(request):
    context = {
        "sessions": selectors.sessions_of(request.user, request.session.session_key),
        "factor": selectors.second_factor_of(request.user),
    }
    return render_page(request, "accounts/profile/security", context)


@page("accounts.profile", load=selectors.own_session, methods=("POST",))
def session_end(request, session):
    services.end_session(session=session, actor=request.user)
    messages.success(request, _("Signed out there."))
    return redirect("accounts:security")


@page("accounts.profile", methods=("POST",))
def session_end_others(request):
    ended = services.end_sessions(
        user=request.user, actor=request.user, keep=request.session.session_key
    )
    text = ngettext("Signed out in %(n)d place.", "Signed out in %(n)d places.", ended)
    messages.success(request, text % {"n": ended})
    return redirect("accounts:security")


@page("accounts.audit")
def audit_list(request):
    chosen = AuditFilter(request.GET, queryset=selectors.audit_events())
    events = Paginator(chosen.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "filter": chosen,
        "page": events,
        "rows": [selectors.audit_row(event) for event in events],
    }
    return render_page(request, "accounts/audit/list", context)


@require_POST
@login_not_required
def set_language(request):
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    if request.user.is_authenticated:
        services.change_preferences(user=request.user, **form.cleaned_data)
    return remember(back(request), language=form.cleaned_data["language"])


@require_POST
@login_not_required
def set_theme(request):
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    if request.user.is_authenticated:
        services.change_preferences(user=request.user, **form.cleaned_data)
    response = HttpResponse(status=204) if request.htmx else back(request)
    return remember(response, theme=form.cleaned_data["theme"])


def back(request):
    """To the page the button stood on, if it is one of ours."""
    for url in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return HttpResponseRedirect(url)
    return redirect("/")


def remember(response, language=None, theme=None):
    """Keep a choice in the browser too: the sign-in page speaks the same language."""
    options = {
        "max_age": YEAR,
        "samesite": "Lax",
        "secure": settings.SESSION_COOKIE_SECURE,
        "httponly": True,
    }
    if language:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **options)
    if theme:
        response.set_cookie(THEME_COOKIE, theme, **options)
    return response
