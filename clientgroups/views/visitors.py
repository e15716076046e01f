"""What the public pages of clients share: they are found by a personal link, nobody signs in."""

from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import get_template
from django.utils import translation
from redis.exceptions import RedisError

from accounts.addresses import client_address

LANGUAGES = {"en": "English", "zh-hans": "简体中文"}
SECONDS = 600
# Unknown links from one address, and things sent through one link, in ten minutes.
MISSES, SENT = 30, 20


def chosen_language(request, default=None):
    found = request.POST.get("language") or request.GET.get("lang") or default
    if found in LANGUAGES:
        return found
    return "zh-hans" if translation.get_language() == "zh-hans" else "en"


def draw_public(name, context, language, status=200):
    """Render without the context of signed-in pages: no session, no navigation, no query."""
    other = next(code for code in LANGUAGES if code != language)
    context |= {
        "language": language,
        "other_language": other,
        "other_language_name": LANGUAGES[other],
    }
    with translation.override(language):
        text = get_template(f"clientgroups/{name}.html").render(context)
    page = HttpResponse(text, status=status)
    page["Cache-Control"] = "no-store"
    page["X-Robots-Tag"] = "noindex, nofollow"
    # The token never leaves in a Referer. Under "no-referrer" browsers would send "Origin: null"
    # with the form, which the CSRF check must refuse.
    page["Referrer-Policy"] = "strict-origin"
    page["Content-Language"] = language
    return page


def guesses_too_much(request):
    """Too many unknown links from one address; without the cache everybody is let in."""
    return _number(_miss_key(request)) >= MISSES


def count_guess(request):
    _count(_miss_key(request))


def sends_too_much(token):
    """Counts one more thing sent through a link; whether that is too many."""
    key = f"link-sent:{token}"
    _count(key)
    return _number(key) > SENT


def _miss_key(request):
    return f"link-miss:{client_address(request)}"


def _number(key):
    try:
        return cache.get(key) or 0
    except (RedisError, OSError):
        return 0


def _count(key):
    try:
        cache.add(key, 0, SECONDS)
        cache.incr(key)
    except (RedisError, OSError, ValueError):
        return
