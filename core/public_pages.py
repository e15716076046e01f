"""Pages for people without an account, opened by a personal link: what all of them share.

The language is chosen without a profile, wrong links are counted by address, and whatever a link
cannot open looks the same for every reason.
"""

from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import get_template
from django.utils import translation
from redis.exceptions import RedisError

from core.network import client_address

LANGUAGES = {"en": "English", "zh-hans": "简体中文"}
SECONDS = 600
# Unknown links from one address, and things sent through one link, in that time.
MISSES, SENT = 30, 20


def chosen_language(request, default=None):
    """The language asked for, else that of the contact, else that of the browser."""
    found = request.POST.get("language") or request.GET.get("lang") or default
    if found in LANGUAGES:
        return found
    return "zh-hans" if translation.get_language() == "zh-hans" else "en"


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


def neutral(request, name):
    """The same page whether a link was used, withdrawn, ran out, or never existed."""
    return draw(name, {}, chosen_language(request), 404)


def found_by_token(request, find, token, *, counter="link"):
    """What a token opens, or None; too many wrong ones from one address find nothing."""
    key = f"{counter}-miss:{client_address(request)}"
    found = None if _counted(key) >= MISSES else find(token)
    if found is None:
        _count(key)
    return found


def sends_too_much(token):
    """Counts one more thing sent through a link; whether that is too many."""
    key = f"link-sent:{token}"
    _count(key)
    return _counted(key) > SENT


# Without the cache nothing is counted and everybody is let in.


def _counted(key):
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
