import datetime as dt
import logging

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.http import Http404

from accounts.models import JobRun
from feedback import tasks
from feedback.models import Answer, Response, SatisfactionRollup, StaleScore
from feedback.models.rollup import ALL_TIME
from feedback.scoring import mark_responses
from feedback.selectors.behind import answers_behind, visible_score
from feedback.selectors.scores import (
    latest_score,
    latest_scores,
    score_series,
    scores_of,
    targets_of,
)
from feedback.services.scores import rebuild_scores, sweep_scores
from projects.models import GoalMeasurement
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory, ContactFactory, MembershipFactory
from tests.factories.feedback import ResponseFactory, SurveyFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = dt.date(2026, 10, 15), dt.date(2026, 11, 10)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def group():
    return ClientGroupFactory()


@pytest.fixture
def survey(group):
    return SurveyFactory(open=True, client_group=group)


def answered(survey, scores, day=NOVEMBER, metric="csat"):
    """One member of the survey's group per score, answered on that day; scores not swept yet."""
    made = []
    for score in scores:
        contact = ContactFactory()
        MembershipFactory(
            client_group=survey.client_group, client=contact.client, valid_from=dt.date(2026, 1, 1)
        )
        made.append(
            ResponseFactory(
                survey=survey, contact=contact, responded_on=day, scores={metric: score}
            )
        )
    mark_responses([response.pk for response in made])
    return made


def csat_goal(group, **fields):
    values = {
        "source": "csat",
        "state": "active",
        "metric": "CSAT",
        "unit": "%",
        "baseline": 50,
        "target": 85,
        "start_on": dt.date(2026, 10, 1),
        "due_on": dt.date(2027, 3, 31),
        "owner": UserFactory(),
        "project": ProjectFactory(client_group=group),
    }
    return GoalFactory(**values | fields)


# Reading ---------------------------------------------------------------------------------------


def test_score_nobody_answered_for_is_no_data(group):
    found = latest_score("group", group.pk, "csat")

    assert (found.value, found.n, found.state, found.url) == (None, 0, "none", "")
    assert found.half_width is None
    assert not found.is_shown


def test_score_of_four_clients_is_hidden(survey, group):
    answered(survey, [5, 5, 4, 1])
    sweep_scores()

    found = latest_score("group", group.pk, "csat")

    assert (found.value, found.low, found.n, found.state) == (None, None, 4, "hidden")
    assert found.url.endswith(f"/scores/group/{group.pk}/csat/month/2026-11-01/")


def test_score_of_nine_clients_is_too_few_to_compare(survey, group):
    answered(survey, [5] * 9)
    sweep_scores()

    found = latest_score("group", group.pk, "csat")

    assert (found.value, found.score, found.state, found.unit) == (100, 100, "few", "%")
    assert (found.label, found.decimals) == ("CSAT", 1)


def test_many_agreeing_clients_make_a_score(survey, group):
    answered(survey, [5] * 20 + [1])
    sweep_scores()

    found = latest_score("group", group.pk, "csat")

    assert found.state == "ok"
    assert found.half_width == pytest.approx((found.high - found.low) / 2)


def test_latest_scores_take_one_query_for_any_number(survey, count_queries):
    other = SurveyFactory(open=True)
    for each in (survey, other):
        answered(each, [4] * 5)
        answered(each, [4] * 6, day=OCTOBER)
    sweep_scores()
    ids = [survey.pk, other.pk]

    found = latest_scores("survey", ids, "csat")

    assert {pk: (score.period_start, score.n) for pk, score in found.items()} == {
        pk: (dt.date(2026, 11, 1), 5) for pk in ids
    }
    assert count_queries(lambda: latest_scores("survey", ids, "csat")) == 1


def test_series_runs_from_old_to_new(survey):
    answered(survey, [4] * 6, day=OCTOBER)
    answered(survey, [4] * 5)
    answered(survey, [9] * 5, metric="nps")
    sweep_scores()

    series = score_series("survey", survey.pk, "csat")
    assert [score.n for score in series] == [6, 5]
    assert [score.n for score in score_series("survey", survey.pk, "csat", limit=1)] == [5]
    found = scores_of("survey", survey.pk)
    assert {metric: len(each) for metric, each in found.items()} == {"nps": 1, "csat": 2}
    assert len(scores_of("survey", survey.pk, limit=1)["csat"]) == 1


def test_target_is_that_of_the_goal_due_next(group):
    csat_goal(group, target=90, due_on=dt.date(2027, 12, 31))
    csat_goal(group)
    csat_goal(ClientGroupFactory(), client_group=group, source="nps", target=40)
    csat_goal(ClientGroupFactory(), target=60)

    assert targets_of(group.pk) == {"csat": 85, "nps": 40}


# What stands behind a score --------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["group", "survey", "project", "wave"])
@pytest.mark.parametrize("kind", ["month", "quarter", "all"])
def test_answers_behind_a_score_are_those_it_was_computed_from(group, scope, kind):
    survey = SurveyFactory(
        open=True, client_group=group, project=ProjectFactory(client_group=group)
    )
    made = answered(survey, [1, 2, 4, 5, 5])
    again = ResponseFactory(
        survey=survey, contact=made[0].contact, responded_on=OCTOBER, scores={"csat": 5}
    )
    wave = survey.waves.create(
        version=survey.versions.get(),
        name="First",
        send_at=dt.datetime(2026, 10, 1, tzinfo=dt.UTC),
        created_by=UserFactory(),
    )
    Response.objects.update(wave=wave)
    Answer.objects.update(wave=wave)
    mark_responses([again.pk])
    rebuild_scores()
    owner = {"group": group, "survey": survey, "project": survey.project, "wave": wave}[scope]
    admin = UserFactory(admin=True)
    start = {"month": "2026-11-01", "quarter": "2026-12-31", "all": "2026-01-01"}[kind]

    page = visible_score(admin, scope, owner.pk, "csat", kind, start)
    answers = list(answers_behind(page, admin))

    assert [answer.score for answer in answers] == [1, 2, 4, 5, 5]
    assert page.score.n == len(answers)
    assert page.score.value == 60
    assert page.start == {"month": dt.date(2026, 11, 1), "quarter": dt.date(2026, 10, 1)}.get(
        kind, ALL_TIME
    )
    assert (page.client_group, page.project) == (
        group if scope == "group" else None,
        survey.project if scope == "project" else None,
    )


def test_answers_behind_a_hidden_score_stay_hidden(survey):
    answered(survey, [1, 2, 4])
    rebuild_scores()
    admin = UserFactory(admin=True)

    page = visible_score(admin, "survey", survey.pk, "csat", "month", "2026-11-01")

    assert page.score.state == "hidden"
    assert list(answers_behind(page, admin)) == []


@pytest.mark.parametrize(
    ("scope", "metric", "kind", "start"),
    [
        ("client", "csat", "month", "2026-11-01"),
        ("survey", "text", "month", "2026-11-01"),
        ("survey", "csat", "week", "2026-11-01"),
        ("survey", "csat", "month", "2026-13-01"),
        ("wave", "csat", "month", "2026-11-01"),
    ],
)
def test_score_of_nonsense_is_not_found(survey, scope, metric, kind, start):
    with pytest.raises(Http404):
        visible_score(UserFactory(admin=True), scope, survey.pk, metric, kind, start)


def test_comment_of_a_foreign_survey_is_not_shown(group, survey):
    made = answered(survey, [1, 2, 3, 4, 5])
    foreign = SurveyFactory(open=True)
    ResponseFactory(
        survey=foreign,
        contact=made[0].contact,
        responded_on=NOVEMBER + dt.timedelta(days=1),
        scores={"csat": 1, "text": "Between us"},
    )
    rebuild_scores()
    viewer = UserFactory()
    group.access.create(user=viewer, role="viewer")

    page = visible_score(viewer, "group", group.pk, "csat", "month", "2026-11-01")
    comments = {answer.comment for answer in answers_behind(page, viewer)}
    assert comments == {None}
    admin = UserFactory(admin=True)
    assert "Between us" in {answer.comment for answer in answers_behind(page, admin)}


# Goals -----------------------------------------------------------------------------------------


def test_goal_reads_the_months_of_its_groups_score(group, survey):
    goal = csat_goal(group)
    answered(survey, [5, 5, 4, 4, 1], day=OCTOBER)
    answered(survey, [5] * 6)

    sweep_scores()

    found = goal.measurements.order_by("measured_on")
    assert [(each.measured_on, float(each.value), each.n) for each in found] == [
        (dt.date(2026, 10, 31), 80, 5),
        (dt.date(2026, 11, 23), 100, 6),
    ]
    latest = found.last()
    assert (latest.source_key, latest.source) == ("csat:month:2026-11-01", "CSAT 2026-11")
    assert latest.source_url == latest_score("group", group.pk, "csat").url
    assert latest.low < latest.value <= latest.high


def test_goal_is_measured_once_however_often_scores_are_swept(group, survey):
    goal = csat_goal(group)
    answered(survey, [5] * 5)
    for _ in range(2):
        rebuild_scores()

    assert goal.measurements.count() == 1


def test_goal_written_after_the_answers_gets_its_months(group, survey):
    answered(survey, [5] * 5)
    sweep_scores()
    goal = csat_goal(group)

    sweep_scores()

    assert goal.measurements.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"state": "draft"}, {"source": "manual"}, {"start_on": dt.date(2026, 12, 1)}],
)
def test_goal_that_does_not_read_the_score_is_left_alone(group, survey, fields):
    goal = csat_goal(group, **fields)
    answered(survey, [5] * 5)

    sweep_scores()

    assert goal.measurements.count() == 0


def test_month_that_lost_its_answers_is_no_longer_measured(group, survey):
    goal = csat_goal(group)
    made = answered(survey, [5] * 5)
    goal_by_hand = goal.measurements.create(measured_on=OCTOBER, value=40)
    sweep_scores()
    assert goal.measurements.count() == 2
    mark_responses([made[0].pk])
    made[0].delete()

    sweep_scores()

    assert list(goal.measurements.all()) == [goal_by_hand]


def test_goal_that_refuses_a_value_does_not_stop_the_scores(group, survey, monkeypatch, caplog):
    csat_goal(group)
    answered(survey, [5] * 5)

    def refuse(**values):
        raise ValidationError("closed")

    monkeypatch.setattr("feedback.services.scores.record_measurement", refuse)
    with caplog.at_level(logging.ERROR):
        sweep_scores()

    assert "A goal refused a measurement." in caplog.text
    assert GoalMeasurement.objects.count() == 0
    assert SatisfactionRollup.objects.exists()


# Tasks -----------------------------------------------------------------------------------------


def test_sweep_is_recorded_as_a_job(survey):
    answered(survey, [5])

    assert tasks.sweep_rollups() > 0
    assert tasks.sweep_rollups() == 0
    assert JobRun.objects.get(name="feedback.tasks.sweep_rollups").rows == 0


def test_waves_are_recorded_as_a_job():
    assert tasks.send_due_waves() == 0
    assert JobRun.objects.get(name="feedback.tasks.send_due_waves").error == ""


def test_repair_finds_what_no_mark_told_and_runs_once_a_night(survey):
    answered(survey, [5] * 5)
    StaleScore.objects.all().delete()

    assert tasks.repair_rollups() > 0
    assert tasks.repair_rollups() == 0

    with time_machine.travel(dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC), tick=False):
        assert tasks.repair_rollups() > 0
