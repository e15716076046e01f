"""The pages of a survey for a client: no account, no script, found by a personal link."""

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

from core.one_click import one_click
from core.public_pages import chosen_language, draw, found_by_token, neutral
from core.views import public
from feedback.forms.answer import AnswerForm
from feedback.selectors.answer import invitation_by_token, is_open, questions_of
from feedback.services import responses

NEUTRAL = "feedback/answer/neutral.html"


@public(methods=("GET", "HEAD", "POST"))
def answer(request, token):
    invitation = found_by_token(request, invitation_by_token, token, counter="survey")
    if invitation is None or not (is_open(invitation) or request.method == "POST"):
        return neutral(request, NEUTRAL)
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
        return neutral(request, NEUTRAL)
    return redirect(f"{reverse('feedback:answer_thanks')}?lang={language}")


def answer_page(request, invitation, form, language):
    if not is_open(invitation):
        return neutral(request, NEUTRAL)
    context = {"form": form, "contact": invitation.contact, "csrf_token": get_token(request)}
    context |= texts_of(invitation.wave.survey, language)
    return draw("feedback/answer/form.html", context, language, 422 if form.is_bound else 200)


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
    invitation = found_by_token(request, invitation_by_token, token, counter="survey")
    if invitation is None:
        return neutral(request, NEUTRAL)
    language = chosen_language(request, invitation.contact.language)
    if request.method == "POST":
        responses.stop_asking(invitation=invitation)
        if request.one_click:
            return HttpResponse()
        return redirect(f"{reverse('feedback:answer_thanks')}?lang={language}&stopped=1")
    context = {"contact": invitation.contact, "csrf_token": get_token(request)}
    return draw("feedback/answer/stop.html", context, language)


@public()
def answer_thanks(request):
    context = {"stopped": "stopped" in request.GET}
    return draw("feedback/answer/thanks.html", context, chosen_language(request))
