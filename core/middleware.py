"""What every page of the shell needs: where the person is, and answers that htmx understands."""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

PLACE_COOKIE = "place"
PLACE_SALT = "core.place"
PLACE_AGE = 60 * 60 * 24 * 30


class FrontendMiddleware:
    """Turn a redirect to sign-in into one htmx follows, bring messages along with fragments, and
    remember the project or group that the shell showed last.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if getattr(request, "htmx", None):
            if asks_to_sign_in(request, response):
                return sign_in_again(request)
            add_messages(request, response)
        remember_place(request, response)
        return response


def asks_to_sign_in(request, response):
    target = urlsplit(response.get("Location", "")).path
    return (
        response.status_code == 302
        and not request.user.is_authenticated
        and target == resolve_url(settings.LOGIN_URL)
    )


def sign_in_again(request):
    """The session ended under an open page: sign in, then come back to that page."""
    page = urlsplit(request.htmx.current_url_abs_path or "/")
    back = page.path + (f"?{page.query}" if page.query else "")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def add_messages(request, response):
    """Messages of a request that answers a fragment are shown now, not on the next page."""
    kind = response.get("Content-Type", "")
    if (
        response.streaming
        or response.status_code not in (200, 422)
        or not kind.startswith("text/html")
        or "HX-Redirect" in response
        or "HX-Refresh" in response
        or b"<html" in response.content[:200]
        or not len(get_messages(request))
    ):
        return
    context = {"messages": get_messages(request), "oob": True}
    response.content += render_to_string("components/_toasts.html", context, request).encode()


def place_of(row):
    """("p" or "g", key) of the project or client group that a row is or belongs to."""
    label = getattr(getattr(row, "_meta", None), "label_lower", "")
    if label in ("projects.project", "clientgroups.clientgroup"):
        return ("p" if label == "projects.project" else "g"), row.pk
    for sign, name in (("p", "project_id"), ("g", "client_group_id")):
        if getattr(row, name, None):
            return sign, getattr(row, name)
    return None


def current_place(request):
    """Where the page says it is, else where the person was last: ("p" or "g", key) or None."""
    named = (
        getattr(request, "nav_project", None)
        or getattr(request, "nav_group", None)
        or getattr(request, "page_object", None)
    )
    return place_of(named) or remembered_place(request)


def remembered_place(request):
    value = request.get_signed_cookie(PLACE_COOKIE, default="", salt=PLACE_SALT, max_age=PLACE_AGE)
    if value[:1] in ("p", "g") and value[1:].isdecimal():
        return value[0], int(value[1:])
    return None


def remember_place(request, response):
    """Write the cookie when the shell was rendered for another place than the cookie names."""
    place = getattr(request, "shown_place", None)
    if not place or response.status_code != 200 or place == remembered_place(request):
        return
    response.set_signed_cookie(
        PLACE_COOKIE,
        f"{place[0]}{place[1]}",
        salt=PLACE_SALT,
        max_age=PLACE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
