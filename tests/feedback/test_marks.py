import datetime as dt

import pytest
from django.db import connection

from feedback.models import StaleScore
from feedback.scoring import (
    METRICS,
    SWEEP_LOCK,
    mark_all,
    mark_responses,
    mark_stale,
    take_marks,
)
from feedback.services.scores import sweep_scores
from tests.factories.clientgroups import ClientFactory, MembershipFactory
from tests.factories.feedback import (
    QuestionFactory,
    SurveyFactory,
    WaveFactory,
)
from tests.factories.projects import ProjectFactory
from tests.feedback.test_scoring import add_answer, reference, rows

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = dt.date(2026, 10, 15), dt.date(2026, 11, 10)


@pytest.fixture
def survey():
    survey = SurveyFactory(open=True, project=ProjectFactory())
    QuestionFactory(version=survey.versions.get(), kind="ces")
    return survey


# Marks -----------------------------------------------------------------------------------------


def test_response_marks_all_it_counts_for(survey):
    wave = WaveFactory(survey=survey)
    member = MembershipFactory(valid_from=OCTOBER)
    answer = add_answer(survey, member.client, "csat", 4, NOVEMBER, wave)

    mark_responses([answer.response_id])

    marks = StaleScore.objects.values_list("scope", "scope_id", "metric", "month")
    month = NOVEMBER.replace(day=1)
    assert set(marks) == {
        ("survey", survey.pk, "csat", month),
        ("wave", wave.pk, "csat", month),
        ("project", survey.project_id, "csat", month),
        ("group", member.client_group_id, "csat", month),
    }


def test_mark_of_a_scope_covers_its_metrics(survey):
    mark_stale(scope="survey", scope_id=survey.pk, month=NOVEMBER)
    mark_stale(scope="survey", scope_id=survey.pk, metrics=["csat"])

    found = set(StaleScore.objects.values_list("metric", "month"))
    assert found == {(metric, NOVEMBER.replace(day=1)) for metric in METRICS} | {("csat", None)}


def test_mark_must_name_a_first_of_month(survey):
    with pytest.raises(Exception, match="stalescore_month_starts"):
        StaleScore.objects.create(
            scope="survey",
            scope_id=1,
            metric="csat",
            month=NOVEMBER,
            marked_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        )


def test_sweep_clears_marks_and_a_second_one_finds_nothing(survey):
    answer = add_answer(survey, ClientFactory(), "csat", 4, NOVEMBER)
    mark_responses([answer.response_id])

    assert sweep_scores() > 0
    assert StaleScore.objects.count() == 0
    assert sweep_scores() == 0


def test_sweep_works_through_more_marks_than_one_portion(survey, monkeypatch):
    monkeypatch.setattr("feedback.services.scores.PORTION", 2)
    answers = [
        add_answer(survey, ClientFactory(), metric, 4, NOVEMBER) for metric in ("csat", "nps")
    ]
    mark_responses([answer.response_id for answer in answers])

    sweep_scores()

    assert StaleScore.objects.count() == 0
    assert rows().keys() == reference(answers, []).keys()


@pytest.mark.django_db(transaction=True)
def test_sweep_leaves_the_work_to_the_one_that_is_at_it():
    mark_all()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SWEEP_LOCK])

        assert sweep_scores() == 0

        cursor.execute("ROLLBACK")
    other.close()


def test_failed_sweep_keeps_its_marks(survey, monkeypatch):
    mark_stale(scope="survey", scope_id=survey.pk)

    def fail(touched):
        raise RuntimeError("died")

    monkeypatch.setattr("feedback.services.scores.recompute", fail)
    with pytest.raises(RuntimeError, match="died"):
        sweep_scores()

    assert StaleScore.objects.count() == len(METRICS)


def test_marks_are_taken_once(survey):
    mark_stale(scope="survey", scope_id=survey.pk)

    assert len(take_marks()) == len(METRICS)
    assert take_marks() == []
