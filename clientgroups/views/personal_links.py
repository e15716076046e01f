"""What pages for people without an account share: language, headers, and guessed tokens."""

from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import get_template
from django.utils import translation
from redis.exceptions import RedisError

from accounts.addresses import client_address

LANGUAGES = {"en": "English", "zh-hans": "简体中文"}
MISSES = 30
MISS_SECONDS = 600


def chosen_language(request, default=None):
    """The language asked for, else that of the contact, else that of the browser."""
    found = request.POST.get("language") or request.GET.get("lang") or default
    if found in LANGUAGES:
        return found
    return "zh-hans" if translation.get_language() == "zh-hans" else "en"


def found_by_token(request, find, token):
    """What a token opens, or None; too many wrong ones from one address find nothing."""
    found = None if throttled(request) else find(token)
    if found is None:
        count_miss(request)
    return found


def neutral(request):
    """The same page whether a link was withdrawn, ran out, or never existed."""
    return draw("clientgroups/activity/unknown.html", {}, chosen_language(request), 404)


def draw(name, context, language, status=200):
    """Render without the context of signed-in pages: no session, no navigation, no query."""
    other = next(code for code in LANGUAGES if code != language)
    context = context | {
        "language": language,
        "other_language": other,
        "other_language_name": LANGUAGES[other],
    }
    with translation.override(language):
        text = get_template(name).render(context)
    page = HttpResponse(text, status=status)
    page["Cache-Control"] = "no-store"
    page["X-Robots-Tag"] = "noindex, nofollow"
    # The token never leaves in a Referer. Under "no-referrer" browsers would send "Origin: null"
    # with the form, which the CSRF check must refuse.
    page["Referrer-Policy"] = "strict-origin"
    page["Content-Language"] = language
    return page


def throttled(request):
    """Too many unknown tokens from one address; without the cache everybody is let in."""
    try:
        return (cache.get(miss_key(request)) or 0) >= MISSES
    except (RedisError, OSError):
        return False


def count_miss(request):
    """Count an unknown token; without the cache nothing is counted."""
    try:
        cache.add(miss_key(request), 0, MISS_SECONDS)
        cache.incr(miss_key(request))
    except (RedisError, OSError, ValueError):
        return


def miss_key(request):
    return f"link-miss:{client_address(request)}"
