"""The page of one request for the client: found by a personal link, without an account."""

from django.core.exceptions import ValidationError
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clientgroups.forms.requests import ClientAnswerForm, RatingForm
from clientgroups.selectors.requests import request_by_token, visible_conversation
from clientgroups.services import request_messages as services
from core.public_pages import chosen_language, draw, found_by_token, neutral, sends_too_much
from core.views import public

BOTH = ("GET", "HEAD", "POST")
NEUTRAL = "clientgroups/request/public_neutral.html"


@public(methods=BOTH)
def request_public(request, token):
    row = found_by_token(request, request_by_token, token)
    if row is None:
        return neutral(request, NEUTRAL)
    language = language_of(request, row)
    with translation.override(language):
        form = ClientAnswerForm(request.POST if request.method == "POST" else None)
        if request.method != "POST":
            return show(request, row, language)
        if sends_too_much(token):
            form.add_error("text", too_often())
        elif form.is_valid():
            kept = kept_by(form, services.write_as_client, request=row, **form.cleaned_data)
            if kept:
                return back(kept, language, "sent")
        return show(request, row, language, answer=form)


@public(methods=BOTH)
def request_rate(request, token):
    row = found_by_token(request, request_by_token, token)
    if row is None:
        return neutral(request, NEUTRAL)
    language = language_of(request, row)
    if request.method != "POST":
        return back(row, language)
    with translation.override(language):
        form = RatingForm(request.POST)
        if sends_too_much(token):
            form.add_error("rating", too_often())
        elif form.is_valid():
            given = {
                "rating": form.cleaned_data["rating"],
                "text": form.cleaned_data["rating_text"],
            }
            if kept_by(form, services.rate_request, request=row, **given):
                return back(row, language, "rated")
        return show(request, row, language, rating=form)


def kept_by(form, service, **fields):
    """Call a service; what it refuses stands beside the first field of the form."""
    try:
        return service(**fields)
    except ValidationError as problem:
        form.add_error(next(iter(form.fields)), problem.messages)
        return None


def too_often():
    return _("That was very often in a short time. Please wait ten minutes; nothing is lost.")


def show(request, row, language, *, answer=None, rating=None):
    now = timezone.now()
    zone = row.contact and row.contact.time_zone or (row.sla and row.sla.calendar.time_zone)
    with timezone.override(zone or timezone.get_default_timezone_name()):
        return draw(*drawn(request, row, language, now, answer, rating))


def drawn(request, row, language, now, answer, rating):
    context = {
        "row": row,
        "conversation": visible_conversation(row),
        "answer": answer or ClientAnswerForm(),
        "rating": rating,
        "chosen": str(rating.data.get("rating", "")) if rating else str(row.rating or ""),
        "rating_text": rating.data.get("rating_text", "") if rating else row.rating_text,
        "may_rate": services.may_rate(row, now),
        "reopens": not row.is_open and row.resolved_at > now - services.REOPEN_FOR,
        "said": request.GET.get("said", ""),
        "limit": services.CLIENT_TEXT_LIMIT,
        "csrf_token": get_token(request),
    }
    return "clientgroups/request/public.html", context, language, 422 if answer or rating else 200


def back(row, language, said=""):
    address = reverse("clientgroups:request_public", args=[row.token])
    return redirect(f"{address}?lang={language}" + (f"&said={said}" if said else ""))


def language_of(request, row):
    return chosen_language(request, row.contact.language if row.contact else None)
