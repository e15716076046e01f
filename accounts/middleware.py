from django.conf import settings
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control

from accounts.audit import request_address
from accounts.models import User
from accounts.refusals import note_refusal
from core.network import client_address

THEME_COOKIE = "theme"


class PreferencesMiddleware:
    """Serve each request in the language, time zone and theme of the person who sent it.

    Who is not signed in has the language of the cookie or the browser (LocaleMiddleware) and the
    theme of a cookie. Pages of a signed-in person are never kept by a cache.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        token = request_address.set(client_address(request))
        try:
            if request.user.is_authenticated:
                return self.serve_person(request)
            theme = request.COOKIES.get(THEME_COOKIE)
            request.theme = theme if theme in User.Theme.values else User.Theme.SYSTEM
            return self.get_response(request)
        finally:
            request_address.reset(token)

    def serve_person(self, request):
        user = request.user
        request.theme = user.theme
        with translation.override(user.language), timezone.override(user.zone):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            # LocaleMiddleware would write the language of the cookie.
            response.headers.setdefault("Content-Language", translation.get_language())
        if not response.has_header("Cache-Control") and not request.path.startswith(
            settings.STATIC_URL
        ):
            patch_cache_control(response, private=True, no_store=True)
        return response


class RefusalMiddleware:
    """Have refusals recorded once the answer is there: by then nothing is read-only any more."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code in (403, 404) and request.user.is_authenticated:
            note_refusal(request, response)
        return response
