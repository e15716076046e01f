import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import AuditEvent
from feedback.models import Question, Survey
from feedback.selectors.surveys import (
    current_version,
    missing_for_publication,
    published_version,
    question_results,
    shown_version,
)
from feedback.services.surveys import (
    close_survey,
    create_survey,
    publish_survey,
    reopen_survey,
    save_survey,
)
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.feedback import QuestionFactory, ResponseFactory, SurveyFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db
ONE = {"kind": "csat", "text_en": "Satisfied?", "text_zh": "满意吗？", "is_required": True}


@pytest.fixture
def actor():
    return UserFactory()


def rows_of(version):
    return list(version.questions.values("id", "kind", "text_en", "text_zh", "is_required"))


def saved(survey, actor, questions, **changes):
    values = {"name": survey.name, "project": survey.project, **changes}
    return save_survey(survey=survey, actor=actor, questions=questions, **values)


def test_new_survey_starts_with_recommendation_satisfaction_and_comment(actor):
    survey = create_survey(actor=actor, client_group=ClientGroupFactory(), name="Pulse")

    questions = current_version(survey).questions.all()
    assert [question.kind for question in questions] == ["nps", "csat", "text"]
    assert all(question.text_en and question.text_zh for question in questions)
    assert survey.state == Survey.State.DRAFT
    assert AuditEvent.objects.get().verb == "survey.created"


def test_project_of_another_group_is_refused(actor):
    group, project = ClientGroupFactory(), ProjectFactory()

    with pytest.raises(ValidationError, match="another client group"):
        create_survey(actor=actor, client_group=group, name="Pulse", project=project)

    with pytest.raises(ValidationError, match="another client group"):
        saved(SurveyFactory(client_group=group), actor, [], project=project)


def test_saving_keeps_keys_and_order_of_questions(actor):
    survey = SurveyFactory(open=True)
    first, second, third = rows_of(current_version(survey))

    saved(survey, actor, [third, first, ONE])

    found = rows_of(current_version(survey))
    assert [row["id"] for row in found[:2]] == [third["id"], first["id"]]
    assert found[2]["text_en"] == "Satisfied?"
    assert not Question.objects.filter(pk=second["id"]).exists()


def test_saving_the_same_twice_changes_nothing(actor):
    survey = SurveyFactory()
    saved(survey, actor, [ONE], name="Renamed")
    again = rows_of(current_version(survey))

    saved(Survey.objects.get(), actor, [ONE], name="Renamed")

    assert rows_of(current_version(survey)) == again
    assert AuditEvent.objects.count() == 1


def test_renaming_alone_leaves_a_trail(actor):
    survey = SurveyFactory()

    saved(survey, actor, [], name="Renamed")

    assert AuditEvent.objects.get().changes == {"name": [survey.name, "Renamed"]}


def test_answered_version_is_frozen_and_edits_make_a_new_one(actor):
    survey = SurveyFactory(open=True)
    version = current_version(survey)
    version.frozen_at = timezone.now()
    version.save()
    before = rows_of(version)

    saved(survey, actor, before[:1])

    assert rows_of(version) == before
    fresh = current_version(survey)
    assert (fresh.number, fresh.published_at) == (2, None)
    assert published_version(survey) == version
    assert [row["id"] for row in rows_of(fresh)] != [before[0]["id"]]


def test_published_version_cannot_be_emptied(actor):
    survey = SurveyFactory(open=True)

    with pytest.raises(ValidationError, match="Add at least one question"):
        saved(survey, actor, [])

    assert current_version(survey).questions.count() == 3


def test_question_without_words_is_refused(actor):
    survey = SurveyFactory()

    with pytest.raises(ValidationError, match="at least one language"):
        saved(survey, actor, [{"kind": "csat"}])


def test_question_shows_the_other_language_when_one_is_missing(settings):
    question = QuestionFactory.build(version=None, text_en="", text_zh="满意吗？")

    assert str(question) == "满意吗？"
    assert question.scale == (1, 5)


def test_publishing_says_all_that_is_missing():
    survey = SurveyFactory(title_en="Title", title_zh="")
    version = current_version(survey)
    assert missing_for_publication(survey, version) == ["Add at least one question."]

    QuestionFactory(version=version, text_en="", text_zh="满意吗？")
    assert missing_for_publication(survey, version) == ["Question 1 has no English wording."]

    survey.title_zh, survey.title_en = "标题", ""
    QuestionFactory(version=version, text_en="Well?", text_zh="", position=1001)
    assert missing_for_publication(survey, version) == ["Question 2 has no Chinese wording."]

    survey.title_zh = ""
    assert missing_for_publication(survey, version) == [
        "Give the survey a title in at least one language."
    ]


def test_publishing_twice_publishes_once(actor):
    survey = create_survey(
        actor=actor, client_group=ClientGroupFactory(), name="Pulse", title_en="Well?"
    )

    publish_survey(survey=survey, actor=actor)
    publish_survey(survey=survey, actor=actor)

    survey.refresh_from_db()
    assert survey.state == Survey.State.OPEN
    assert AuditEvent.objects.filter(verb="survey.published").count() == 1


def test_incomplete_survey_is_not_published(actor):
    survey = SurveyFactory()

    with pytest.raises(ValidationError, match="Add at least one question"):
        publish_survey(survey=survey, actor=actor)

    survey.refresh_from_db()
    assert survey.state == Survey.State.DRAFT


@pytest.mark.parametrize(("is_open", "state"), [(True, "open"), (False, "draft")])
def test_closing_is_undone_by_opening_again(actor, is_open, state):
    survey = SurveyFactory(open=is_open)

    close_survey(survey=survey, actor=actor)
    close_survey(survey=survey, actor=actor)
    assert AuditEvent.objects.count() == 1
    reopen_survey(survey=survey, actor=actor)

    survey.refresh_from_db()
    assert survey.state == state


def test_shown_version_is_the_newest_that_was_answered(actor):
    survey = SurveyFactory(open=True)
    first = current_version(survey)
    first.frozen_at = timezone.now()
    first.save()
    saved(survey, actor, [ONE])

    assert shown_version(survey) == first
    assert shown_version(survey, "2").number == 2
    assert shown_version(survey, "9999999999999") == first
    assert shown_version(survey, "x") == first


def test_results_hide_what_fewer_than_five_clients_answered():
    survey = SurveyFactory(open=True)
    version = survey.versions.get()
    for score in (1, 4, 5, 5):
        ResponseFactory(survey=survey, scores={"csat": score, "text": "Fine"})

    nps, csat, text = question_results(survey, version)
    assert (nps.n, nps.is_hidden, nps.points) == (0, False, [])
    assert (csat.n, csat.is_hidden, csat.points) == (4, True, [])
    assert (text.is_hidden, text.comments) == (True, [])

    ResponseFactory(survey=survey, scores={"csat": 5, "text": "Slow"})
    _nps, csat, text = question_results(survey, version)
    assert csat.points == [(1, 1, 20), (2, 0, 0), (3, 0, 0), (4, 1, 20), (5, 3, 60)]
    assert [answer.text for answer in text.comments] == ["Slow", "Fine", "Fine", "Fine", "Fine"]
    assert text.comment_count == 5
