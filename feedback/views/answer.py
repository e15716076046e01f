"""The only pages of the product for people without an account."""

from django.core.cache import cache
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from redis.exceptions import RedisError

from accounts.addresses import client_address
from core.one_click import one_click
from core.views import public
from feedback.forms.answer import AnswerForm
from feedback.selectors.answer import invitation_by_token, is_open, questions_of
from feedback.services import responses

LANGUAGES = {"en": "English", "zh-hans": "简体中文"}
MISSES = 30
MISS_SECONDS = 600


@public(methods=("GET", "HEAD", "POST"))
def answer(request, token):
    invitation = None if throttled(request) else invitation_by_token(token)
    if invitation is None:
        count_miss(request)
    if invitation is None or not (is_open(invitation) or request.method == "POST"):
        return neutral(request)
    language = chosen_language(request, invitation.contact.language)
    with translation.override(language):
        form = AnswerForm(questions_of(invitation), request.POST or None)
        if not form.is_valid():
            return answer_page(request, invitation, form, language)
    try:
        responses.submit_response(
            invitation=invitation,
            answers=form.answers,
            submission_key=form.cleaned_data["submission_key"],
            language=language,
        )
    except responses.LinkUsed:
        return neutral(request)
    return redirect(f"{reverse('feedback:answer_thanks')}?lang={language}")


def answer_page(request, invitation, form, language):
    if not is_open(invitation):
        return neutral(request)
    context = {"form": form, "contact": invitation.contact, "csrf_token": get_token(request)}
    context |= texts_of(invitation.wave.survey, language)
    return draw("answer/form", context, language, 422 if form.is_bound else 200)


def texts_of(survey, language):
    """Title and introduction in a language, or in the other when this one is empty."""
    pairs = {
        "title": (survey.title_en, survey.title_zh),
        "intro": (survey.intro_en, survey.intro_zh),
    }
    chinese = language == "zh-hans"
    return {name: (zh or en) if chinese else (en or zh) for name, (en, zh) in pairs.items()}


@one_click
@public(methods=("GET", "HEAD", "POST"))
def answer_stop(request, token):
    invitation = None if throttled(request) else invitation_by_token(token)
    if invitation is None:
        count_miss(request)
        return neutral(request)
    language = chosen_language(request, invitation.contact.language)
    if request.method == "POST":
        responses.stop_asking(invitation=invitation)
        if request.one_click:
            return HttpResponse()
        return redirect(f"{reverse('feedback:answer_thanks')}?lang={language}&stopped=1")
    context = {"contact": invitation.contact, "csrf_token": get_token(request)}
    return draw("answer/stop", context, language)


@public()
def answer_thanks(request):
    context = {"stopped": "stopped" in request.GET}
    return draw("answer/thanks", context, chosen_language(request))


def neutral(request):
    """The same page whether a link was used, withdrawn, ran out, or never existed."""
    return draw("answer/neutral", {}, chosen_language(request), 404)


def chosen_language(request, default=None):
    found = request.POST.get("language") or request.GET.get("lang") or default
    if found in LANGUAGES:
        return found
    return "zh-hans" if translation.get_language() == "zh-hans" else "en"


def draw(name, context, language, status=200):
    """Render without the context of signed-in pages: no session, no navigation, no query."""
    other = next(code for code in LANGUAGES if code != language)
    context |= {
        "language": language,
        "other_language": other,
        "other_language_name": LANGUAGES[other],
    }
    with translation.override(language):
        text = get_template(f"feedback/{name}.html").render(context)
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
    try:
        cache.add(miss_key(request), 0, MISS_SECONDS)
        cache.incr(miss_key(request))
    except (RedisError, OSError, ValueError):
        return


def miss_key(request):
    return f"survey-miss:{client_address(request)}"
