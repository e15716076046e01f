"""The answer page of an invited person: no account, no script, a phone first."""

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils import timezone, translation

from clientgroups.models import Activity
from clientgroups.selectors.activities import invitation_by_token
from clientgroups.selectors.activity_texts import event_of, invitation_text, when_of, zone_of
from clientgroups.services import activity_answers as services
from core.ics import calendar_response
from core.one_click import one_click
from core.public_pages import chosen_language, draw, found_by_token, neutral
from core.views import public

CHOICES = {"accept": True, "decline": False}
CONFLICT = 409
UNKNOWN = "clientgroups/activity/unknown.html"


@public(methods=("GET", "HEAD", "POST"))
def activity_answer(request, token):
    invitation = found_by_token(request, invitation_by_token, token)
    if invitation is None:
        return neutral(request, UNKNOWN)
    language = chosen_language(request, invitation.contact.language)
    if request.method == "POST" and request.POST.get("answer") in CHOICES:
        accept = CHOICES[request.POST["answer"]]
        try:
            services.answer_invitation(invitation=invitation, accept=accept)
        except services.AnswersClosed:
            return answer_page(request, invitation, language, CONFLICT)
        return redirect(f"{invitation.get_absolute_url()}?lang={language}")
    return answer_page(request, invitation, language, 422 if request.method == "POST" else 200)


def answer_page(request, invitation, language, status):
    activity = invitation.activity
    with translation.override(language):
        when = when_of(activity, zone_of(invitation.contact, activity.owner))
    cancelled = activity.status == Activity.Status.CANCELLED
    over = activity.status == Activity.Status.DONE or activity.has_begun(timezone.now())
    seated = invitation.answer == invitation.Answer.ACCEPTED
    # No seats are counted for a page that takes no answers.
    free = None if cancelled or over else services.free_seats(activity)
    context = {
        "invitation": invitation,
        "activity": activity,
        "contact": invitation.contact,
        "text": invitation_text(activity, language),
        "when": when,
        "cancelled": cancelled,
        "open": not (cancelled or over),
        "full": free == 0 and not seated,
        "free": free,
        "calendar": bool(when) and seated,
        "may_stop": invitation.contact.agrees_to(activity.channel),
        "csrf_token": get_token(request),
    }
    return draw("clientgroups/activity/answer.html", context, language, status)


@one_click
@public(methods=("GET", "HEAD", "POST"))
def activity_stop(request, token):
    invitation = found_by_token(request, invitation_by_token, token)
    if invitation is None:
        return neutral(request, UNKNOWN)
    language = chosen_language(request, invitation.contact.language)
    if request.method == "POST":
        with translation.override(language):
            services.take_back_consent(invitation=invitation)
        if request.one_click:
            return HttpResponse()
        return redirect(f"{request.path}?lang={language}")
    context = {
        "invitation": invitation,
        "activity": invitation.activity,
        "contact": invitation.contact,
        "stopped": not invitation.contact.agrees_to(invitation.activity.channel),
        "csrf_token": get_token(request),
    }
    return draw("clientgroups/activity/stop.html", context, language)


@public()
def activity_calendar(request, token):
    invitation = found_by_token(request, invitation_by_token, token)
    known = invitation and invitation.activity.starts_at
    if not known or invitation.answer != invitation.Answer.ACCEPTED:
        return neutral(request, UNKNOWN)
    return calendar_response(event_of(invitation), "event.ics")
