"""Building, publishing and closing surveys."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from accounts.once import once
from clientgroups.models import ClientGroup
from feedback.models import Question, Survey, SurveyVersion
from feedback.selectors.surveys import current_version, missing_for_publication
from feedback.services import wordings
from projects.models import Project

# What a client reads above the questions until somebody words it better.
STANDARD_TEXTS = {
    "title_en": wordings.TITLE_EN,
    "title_zh": wordings.TITLE_ZH,
    "intro_en": wordings.INTRO_EN,
    "intro_zh": wordings.INTRO_ZH,
}


@once
@transaction.atomic
def create_survey(
    *,
    actor: User,
    client_group: ClientGroup,
    name: str,
    project: Project | None = None,
    questions: Iterable[dict] | None = None,
    **texts: str,
) -> Survey:
    """Start a draft; without questions it begins with recommendation, satisfaction, comment."""
    if project and project.client_group_id != client_group.pk:
        raise ValidationError({"project": _("This project works for another client group.")})
    survey = Survey(
        client_group=client_group, project=project, name=name, created_by=actor, **texts
    )
    survey.full_clean()
    survey.save()
    version = SurveyVersion.objects.create(survey=survey, number=1)
    rows = wordings.STARTS["relationship"] if questions is None else questions
    _write_questions(version, rows)
    record(actor=actor, verb="survey.created", target=survey, name=["", survey.name])
    return survey


@transaction.atomic
def save_survey(
    *,
    survey: Survey,
    actor: User,
    name: str,
    questions: Iterable[dict],
    project: Project | None = None,
    **texts: str,
) -> Survey:
    """Save name, texts and the list of questions in the order given.

    A version that has an answer is frozen: then the questions go into a new version, which is a
    draft until it is published. Saving the same again changes nothing.
    """
    locked = Survey.objects.select_for_update(of=("self",)).select_related("client_group")
    survey = locked.get(pk=survey.pk)
    if project and project.client_group_id != survey.client_group_id:
        raise ValidationError({"project": _("This project works for another client group.")})
    changes = _assign(survey, {"name": name, "project": project, **texts})
    survey.full_clean()
    survey.save()
    # Locked against the first answer, which freezes it.
    version = survey.versions.select_for_update().order_by("-number").first()
    rows = list(questions)
    if _same(version, rows):
        if changes:
            record(actor=actor, verb="survey.changed", target=survey, **changes)
        return survey
    before = version.number
    if version.frozen_at:
        version = SurveyVersion.objects.create(survey=survey, number=before + 1)
    _write_questions(version, rows)
    if version.published_at and (missing := missing_for_publication(survey, version)):
        raise ValidationError(missing)
    record(
        actor=actor,
        verb="survey.changed",
        target=survey,
        version=[before, version.number],
        **changes,
    )
    return survey


@transaction.atomic
def publish_survey(*, survey: Survey, actor: User) -> Survey:
    """Open the survey with its current version; what is missing is said in sentences."""
    survey = Survey.objects.select_for_update(of=("self",)).get(pk=survey.pk)
    version = current_version(survey)
    if survey.state == Survey.State.OPEN and version.published_at:
        return survey
    missing = missing_for_publication(survey, version)
    if missing:
        raise ValidationError(missing)
    before, survey.state = survey.state, Survey.State.OPEN
    survey.save(update_fields=["state"])
    if not version.published_at:
        version.published_at = timezone.now()
        version.save(update_fields=["published_at"])
    record(
        actor=actor,
        verb="survey.published",
        target=survey,
        state=[before, survey.state],
        version=[None, version.number],
    )
    return survey


@transaction.atomic
def close_survey(*, survey: Survey, actor: User) -> Survey:
    """Stop accepting answers; every open link turns neutral. Closing twice changes nothing."""
    return _set_state(survey, actor, Survey.State.CLOSED, "survey.closed")


@transaction.atomic
def reopen_survey(*, survey: Survey, actor: User) -> Survey:
    """Undo closing: to open when a version was published, else to draft."""
    published = survey.versions.exclude(published_at=None).exists()
    state = Survey.State.OPEN if published else Survey.State.DRAFT
    return _set_state(survey, actor, state, "survey.reopened")


def _set_state(survey, actor, state, verb):
    survey = Survey.objects.select_for_update(of=("self",)).get(pk=survey.pk)
    if survey.state == state:
        return survey
    before, survey.state = survey.state, state
    survey.save(update_fields=["state"])
    record(actor=actor, verb=verb, target=survey, state=[before, state])
    return survey


def _assign(survey, values):
    changes = {}
    for name, value in values.items():
        before = getattr(survey, name)
        if before != value:
            changes[name] = [str(before or ""), str(value or "")]
            setattr(survey, name, value)
    return changes


def _fields(row):
    return {
        "kind": row["kind"],
        "text_en": row.get("text_en", "").strip(),
        "text_zh": row.get("text_zh", "").strip(),
        "is_required": bool(row.get("is_required")),
    }


def _same(version, rows):
    names = ("kind", "text_en", "text_zh", "is_required")
    return [_fields(row) for row in rows] == list(version.questions.values(*names))


def _write_questions(version, rows):
    """Rows that name a question of this version change it, the others are new, the rest goes.

    A question keeps its key, so that somebody who has the form open can still send it.
    """
    known = {question.pk: question for question in version.questions.all()}
    kept = []
    for position, row in enumerate(rows):
        question = known.pop(row.get("id"), None) or Question(version=version)
        for name, value in _fields(row).items():
            setattr(question, name, value)
        question.position = position
        question.full_clean(exclude=["version"])
        question.save()
        kept.append(question)
    Question.objects.filter(pk__in=known).delete()
    return kept
