"""Taking an answer from a client, and taking it back."""

import datetime as dt
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Channel
from clientgroups.services.clients import change_consent
from feedback.models import Invitation, Question, Response, SurveyVersion
from feedback.scoring import mark_responses
from feedback.selectors.answer import is_open, questions_of

TEXT_LIMIT = 5000


class LinkUsed(ValidationError):
    """The link was answered before, withdrawn, or its survey is over."""


@transaction.atomic
def submit_response(
    *,
    invitation: Invitation,
    answers: dict[int, int | str],
    submission_key: UUID,
    language: str,
    now: dt.datetime | None = None,
) -> Response:
    """Store one answer sheet. Sending the same form again returns the sheet it made first.

    One conditional UPDATE decides who uses the link, so thirty copies at once make one response.
    Skipped questions make no row. Six statements whatever the number of questions.
    """
    now = now or timezone.now()
    if not is_open(invitation) or not _claim(invitation, now):
        return _sent_before(invitation, submission_key)
    wave = invitation.wave
    given = _still_asked(wave.version, _given(answers), now)
    response = Response(
        survey_id=wave.survey_id,
        version_id=wave.version_id,
        wave=wave,
        invitation=invitation,
        client_id=invitation.contact.client_id,
        contact_id=invitation.contact_id,
        language=language,
        responded_on=timezone.localdate(now, timezone.get_default_timezone()),
        submitted_at=now,
        submission_key=submission_key,
    )
    # The form checked the values and constraints check them again; full_clean would ask the
    # database a question per unique field.
    response.save(force_insert=True)
    _store(response, questions_of(invitation), given)
    mark_responses([response.pk])
    return response


@transaction.atomic
def remove_response(*, response: Response, actor: User) -> None:
    """Take an answer sheet back, as if it had never been given; its scores are recomputed."""
    found = Response.objects.select_for_update(of=("self",)).filter(pk=response.pk).first()
    if found is None:
        return
    mark_responses([found.pk])
    record(actor=actor, verb="response.removed", target=found, client=[str(found.client), ""])
    # As if it had never been given: the link works again.
    Invitation.objects.filter(pk=found.invitation_id, state=Invitation.State.ANSWERED).update(
        state=Invitation.State.SENT, answered_at=None
    )
    found.delete()


@transaction.atomic
def stop_asking(*, invitation: Invitation) -> None:
    """The contact asked for no more e-mail; saying so twice changes nothing."""
    source = _("On the page of the survey “%(name)s”") % {"name": invitation.wave.survey.name}
    change_consent(contact=invitation.contact, channel=Channel.EMAIL, granted=False, source=source)


def _claim(invitation, now):
    usable = Invitation.objects.filter(
        pk=invitation.pk, state__in=[Invitation.State.WAITING, Invitation.State.SENT]
    )
    return usable.update(state=Invitation.State.ANSWERED, answered_at=now)


def _sent_before(invitation, submission_key):
    response = Response.objects.filter(invitation=invitation, submission_key=submission_key).first()
    if response is None:
        raise LinkUsed(_("This link cannot be used any more."))
    return response


def _given(answers):
    """Without the skipped ones: an empty text is no answer, but 0 is one."""
    return {
        pk: value
        for pk, value in answers.items()
        if value is not None and (not isinstance(value, str) or value.strip())
    }


def _still_asked(version, given, now):
    """Freeze the version at its first answer; what an editor removed meanwhile is left out."""
    if version.frozen_at:
        return given
    SurveyVersion.objects.filter(pk=version.pk, frozen_at=None).update(frozen_at=now)
    asked = set(Question.objects.filter(version_id=version.pk).values_list("pk", flat=True))
    return {pk: value for pk, value in given.items() if pk in asked}


# One statement however many answers; ten model instances would cost as much as all the rest.
STORE = """
INSERT INTO feedback_answer
  (response_id, question_id, metric, score, text, client_id, survey_id, wave_id, responded_on)
SELECT r.id, given.question, given.metric, given.score, given.text, r.client_id, r.survey_id,
  r.wave_id, r.responded_on
FROM feedback_response r
CROSS JOIN unnest(%s::bigint[], %s::text[], %s::smallint[], %s::text[])
  AS given(question, metric, score, text)
WHERE r.id = %s
"""


def _store(response, questions, given):
    kinds = {question.pk: question.kind for question in questions}
    metrics = [kinds[pk] for pk in given]
    texts = [metric == Question.Kind.TEXT for metric in metrics]
    values = list(zip(given.values(), texts, strict=True))
    scores = [None if is_text else value for value, is_text in values]
    words = [str(value).strip()[:TEXT_LIMIT] if is_text else "" for value, is_text in values]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [list(given), metrics, scores, words, response.pk])
