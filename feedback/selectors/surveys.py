from dataclasses import dataclass, field

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import ALLOWED
from clientgroups.models import ClientGroup, GroupAccess
from core import stats
from feedback.models import Answer, Question, Response, Survey, SurveyVersion, Wave


def visible_survey(user: User, pk: int) -> Survey:
    """The survey, or 404 for somebody who has no role in its group or project."""
    surveys = Survey.objects.visible_to(user).select_related("client_group", "project")
    survey = surveys.filter(pk=pk).first()
    if survey is None:
        raise Http404
    return survey


def surveys_for(user: User) -> QuerySet:
    """The list page: every survey with the number of waves, invitations and responses."""
    return (
        Survey.objects.visible_to(user)
        .select_related("client_group", "project")
        .annotate(response_count=_count_of(Response), wave_count=_count_of(Wave))
        .order_by("-created_at", "-pk")
    )


def _count_of(model):
    """Rows of a model per survey; a join over two of them would multiply."""
    rows = model.objects.filter(survey=OuterRef("pk")).order_by().values("survey")
    return Coalesce(Subquery(rows.annotate(times=Count("pk")).values("times")), 0)


def current_version(survey: Survey) -> SurveyVersion:
    """The version that is edited and published next: the one with the highest number."""
    return survey.versions.order_by("-number").first()


def published_version(survey: Survey) -> SurveyVersion | None:
    """The version that a new wave asks with."""
    return survey.versions.exclude(published_at=None).order_by("-number").first()


def shown_version(survey: Survey, number: str | None = None) -> SurveyVersion:
    """The version asked for, else the newest that was answered, else the newest."""
    versions = survey.versions.order_by("-number")
    if number and number.isdecimal():
        found = versions.filter(number=min(int(number), 32_767)).first()
        if found:
            return found
    return versions.exclude(frozen_at=None).first() or versions.first()


def editable_groups(user: User) -> QuerySet:
    """Groups for which the person may write surveys: those they lead."""
    groups = ClientGroup.objects.active()
    if user.sees_everything:
        return groups
    leads = [role for role, names in ALLOWED.items() if "feedback.edit" in names]
    access = GroupAccess.objects.filter(user=user, role__in=leads)
    return groups.filter(pk__in=access.values("client_group"))


def missing_for_publication(survey: Survey, version: SurveyVersion) -> list[str]:
    """Sentences that say what still has to be done; empty when the survey may be published."""
    missing = []
    questions = list(version.questions.all())
    if not survey.title_en and not survey.title_zh:
        missing.append(_("Give the survey a title in at least one language."))
    if not questions:
        missing.append(_("Add at least one question."))
    for number, question in enumerate(questions, 1):
        if survey.title_en and not question.text_en:
            missing.append(_("Question %(number)d has no English wording.") % {"number": number})
        if survey.title_zh and not question.text_zh:
            missing.append(_("Question %(number)d has no Chinese wording.") % {"number": number})
    return missing


@dataclass
class QuestionResult:
    """What came back for one question: counts per point from the lowest up, or comments."""

    question: Question
    n: int
    points: list[tuple[int, int, float]] = field(default_factory=list)
    comments: list[Answer] = field(default_factory=list)
    comment_count: int = 0
    total: int = 0
    is_hidden: bool = False


COMMENTS_SHOWN = 20


def question_results(survey: Survey, version: SurveyVersion) -> list[QuestionResult]:
    """Answers per question of one version; below five clients nothing is shown. Three queries."""
    questions = list(version.questions.all())
    rows = (
        Answer.objects.filter(question__in=questions)
        .order_by()
        .values("question", "score")
        .annotate(times=Count("pk"))
    )
    clients = dict(
        Answer.objects.filter(question__in=questions)
        .order_by()
        .values_list("question")
        .annotate(clients=Count("client", distinct=True))
    )
    counts = {}
    for row in rows:
        counts.setdefault(row["question"], {})[row["score"]] = row["times"]
    results = [
        _result(question, clients.get(question.pk, 0), counts.get(question.pk, {}))
        for question in questions
    ]
    texts = [r for r in results if r.question.kind == Question.Kind.TEXT and not r.is_hidden]
    if texts:
        _fill_comments(texts)
    return results


def _result(question, clients, counts):
    hidden = stats.display_state(clients) == stats.HIDDEN
    result = QuestionResult(question, clients, is_hidden=hidden)
    if question.scale and clients and not hidden:
        low, high = question.scale
        total = result.total = sum(counts.values())
        result.points = [
            (point, counts.get(point, 0), 100 * counts.get(point, 0) / total)
            for point in range(low, high + 1)
        ]
    result.comment_count = counts.get(None, 0)
    return result


def _fill_comments(results):
    by_question = {result.question.pk: result for result in results}
    rows = Answer.objects.filter(question__in=by_question).select_related("client", "response")
    for answer in rows.order_by("-pk")[:COMMENTS_SHOWN]:
        by_question[answer.question_id].comments.append(answer)
