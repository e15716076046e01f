from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.views import page, render_page
from feedback.forms.waves import WaveForm
from feedback.models import Invitation
from feedback.selectors.surveys import published_version, visible_survey
from feedback.selectors.waves import (
    audience,
    figures_of_waves,
    visible_invitation,
    visible_wave,
)
from feedback.services import waves as services

PER_PAGE = 50
REASONS = {
    "inactive": gettext_lazy("No longer active"),
    "no_email": gettext_lazy("No e-mail address"),
    "no_consent": gettext_lazy("Does not agree to e-mail"),
    "no_contact": gettext_lazy("Clients without any contact"),
}


@page("feedback.publish", load=visible_survey, methods=("GET", "HEAD", "POST"))
def wave_create(request, survey):
    form = WaveForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            wave = services.start_wave(
                survey=survey,
                actor=request.user,
                name=data["name"],
                send_at=data["send_at"],
                closes_at=data["closes_at"],
                once_key=data["once_key"],
            )
        except ValidationError as problem:
            form.add_error(None, ValidationError(problem.messages))
        else:
            messages.success(request, _("The wave is on its way: mails leave within a minute."))
            return redirect("feedback:wave_detail", survey_pk=survey.pk, pk=wave.pk)
    asked = audience(survey.client_group)
    context = {
        "survey": survey,
        "form": form,
        "audience": asked,
        "left_out": [(REASONS[row.reason], row) for row in asked.left_out],
        "version": published_version(survey),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "feedback/wave/create", context, status=status)


@page("feedback.view", load=visible_wave)
def wave_detail(request, wave):
    rows = wave.invitations.select_related("contact__client")
    state = request.GET.get("state", "")
    if state in Invitation.State.values:
        rows = rows.filter(state=state)
    context = {
        "wave": wave,
        "survey": wave.survey,
        "figures": figures_of_waves([wave])[wave.pk],
        "invitations": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "states": Invitation.State.choices,
    }
    return render_page(request, "feedback/wave/detail", context)


@page("feedback.publish", load=visible_invitation, methods=("POST",))
def invitation_revoke(request, invitation):
    wave = invitation.wave
    try:
        services.revoke_invitation(invitation=invitation, actor=request.user)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        undo = reverse("feedback:invitation_restore", args=[wave.survey_id, wave.pk, invitation.pk])
        text = _("The link of %(name)s works no more.") % {"name": invitation.contact}
        messages.success(request, text, extra_tags=f"undo:{undo}")
    return redirect("feedback:wave_detail", survey_pk=wave.survey_id, pk=wave.pk)


@page("feedback.publish", load=visible_invitation, methods=("POST",))
def invitation_restore(request, invitation):
    wave = invitation.wave
    services.restore_invitation(invitation=invitation, actor=request.user)
    text = _("The link of %(name)s works again.") % {"name": invitation.contact}
    messages.success(request, text)
    return redirect("feedback:wave_detail", survey_pk=wave.survey_id, pk=wave.pk)
