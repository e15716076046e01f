import datetime as dt
from collections import defaultdict

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import stats
from feedback.models import Answer, Question, Response, SatisfactionRollup
from feedback.models.rollup import ALL_TIME
from feedback.scoring import (
    METRICS,
    Touched,
    figures,
    mark_responses,
    recompute,
)
from feedback.services.scores import rebuild_scores, sweep_scores
from tests.factories.clientgroups import ClientFactory, ClientGroupFactory, MembershipFactory
from tests.factories.feedback import (
    InvitationFactory,
    QuestionFactory,
    ResponseFactory,
    SurveyFactory,
    WaveFactory,
)
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db
SCALES = Question.SCALES
OCTOBER, NOVEMBER = dt.date(2026, 10, 15), dt.date(2026, 11, 10)


def rows(**where):
    """All scores as plain values, without the moment they were computed."""
    found = SatisfactionRollup.objects.filter(**where).order_by("pk")
    keys = ("scope", "scope_id", "metric", "period_kind", "period_start")
    return {
        tuple(getattr(row, key) for key in keys): (
            row.n,
            row.answers,
            row.counts,
            *(None if v is None else round(v, 9) for v in (row.mean, row.score, row.low, row.high)),
            row.invited,
            row.responded,
        )
        for row in found
    }


def add_answer(survey, client, metric, score, day, wave=None):
    """An answer sheet with one answer, without services."""
    question = Question.objects.filter(version__survey=survey, kind=metric).first()
    response = Response.objects.create(
        survey=survey,
        version=question.version,
        wave=wave,
        client=client,
        responded_on=day,
        submitted_at=dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
    )
    return Answer.objects.create(
        response=response,
        question=question,
        metric=metric,
        score=score,
        client=client,
        survey=survey,
        wave=wave,
        responded_on=day,
    )


@pytest.fixture
def survey():
    survey = SurveyFactory(open=True, project=ProjectFactory())
    QuestionFactory(version=survey.versions.get(), kind="ces")
    return survey


# An implementation of the rules that shares nothing with the SQL -------------------------------


def periods(day):
    quarter = (day.month - 1) // 3 * 3 + 1
    yield "month", day.replace(day=1)
    yield "quarter", day.replace(day=1, month=quarter)
    yield "all", ALL_TIME


def scopes(answer, memberships):
    yield "survey", answer.survey_id
    if answer.wave_id:
        yield "wave", answer.wave_id
    if answer.survey.project_id:
        yield "project", answer.survey.project_id
    for member in memberships:
        is_in = member.valid_from <= answer.responded_on
        if member.valid_to is not None and answer.responded_on >= member.valid_to:
            is_in = False
        if is_in and member.client_id == answer.client_id:
            yield "group", member.client_group_id


def reference(answers, memberships):
    latest, times = defaultdict(dict), defaultdict(int)
    for answer in sorted(answers, key=lambda each: (each.responded_on, each.pk)):
        if answer.score is None:
            continue
        for scope, pk in scopes(answer, memberships):
            for kind, start in periods(answer.responded_on):
                key = (scope, pk, answer.metric, kind, start)
                latest[key][answer.client_id] = answer.score
                times[key] += 1
    return {key: expected(key[2], list(got.values()), times[key]) for key, got in latest.items()}


def expected(metric, scores, times):
    low, high = SCALES[metric]
    counts = [scores.count(point) for point in range(low, high + 1)]
    n, mean = len(scores), sum(scores) / len(scores)
    if metric == "nps":
        promoters = sum(score >= 9 for score in scores)
        detractors = sum(score <= 6 for score in scores)
        score, *bounds = stats.nps_interval(promoters, n - promoters - detractors, detractors)
    elif metric == "csat":
        content = sum(score >= 4 for score in scores)
        score, bounds = 100 * content / n, [100 * b for b in stats.wilson(content, n)]
    else:
        variance = sum((s - mean) ** 2 for s in scores) / (n - 1) if n > 1 else None
        score, bounds = mean, stats.mean_interval(n, mean, variance) or (None, None)
    rounded = (None if v is None else round(v, 9) for v in (mean, score, *bounds))
    return (n, times, counts, *rounded, None, None)


ANSWER = st.tuples(
    st.integers(0, 3),  # client
    st.integers(0, 1),  # survey
    st.sampled_from(METRICS),
    st.integers(0, 10),
    st.integers(0, 200),  # day
)
SPAN = st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 210), st.integers(0, 90))
FIRST = dt.date(2026, 4, 20)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    answers=st.lists(ANSWER, max_size=25),
    spans=st.lists(SPAN, max_size=6),
    removed=st.integers(0, 24),
)
def test_sql_agrees_with_the_reference(answers, spans, removed):
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT example")
    try:
        _compare_with_reference(answers, spans, removed)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT example")


def _compare_with_reference(answers, spans, removed):
    clients = [ClientFactory() for _ in range(4)]
    groups = [ClientGroupFactory() for _ in range(2)]
    surveys = [SurveyFactory(open=True, project=ProjectFactory()), SurveyFactory(open=True)]
    waves = [WaveFactory(survey=surveys[0]), None]
    for survey in surveys:
        QuestionFactory(version=survey.versions.get(), kind="ces")
    ends, memberships = defaultdict(lambda: FIRST), []
    for client, group, start, days in spans:
        begin = max(FIRST + dt.timedelta(days=start), ends[client, group])
        ends[client, group] = begin + dt.timedelta(days=days)
        memberships.append(
            MembershipFactory(
                client=clients[client],
                client_group=groups[group],
                valid_from=begin,
                valid_to=ends[client, group],
            )
        )
    made = []
    for client, at, metric, score, day in answers:
        low, high = SCALES[metric]
        made.append(
            add_answer(
                surveys[at],
                clients[client],
                metric,
                max(low, min(score, high)),
                FIRST + dt.timedelta(days=day),
                waves[at],
            )
        )
    mark_responses([answer.response_id for answer in made])

    sweep_scores()

    assert rows() == reference(made, memberships)
    if removed < len(made):
        gone = made.pop(removed)
        mark_responses([gone.response_id])
        gone.response.delete()
        sweep_scores()
        assert rows() == reference(made, memberships)
    swept = rows()
    rebuild_scores()
    assert rows() == swept


# Rules, one by one -----------------------------------------------------------------------------


def test_latest_answer_of_a_client_counts_once(survey):
    client = ClientFactory()
    add_answer(survey, client, "csat", 1, OCTOBER)
    add_answer(survey, client, "csat", 5, OCTOBER + dt.timedelta(days=2))

    recompute([Touched("survey", survey.pk, "csat")])

    row = SatisfactionRollup.objects.get(scope="survey", period_kind="month")
    assert (row.n, row.answers, row.score) == (1, 2, 100)


def test_member_counts_for_the_group_on_the_day_of_the_answer(survey):
    group, leaver = ClientGroupFactory(), ClientFactory()
    MembershipFactory(
        client_group=group, client=leaver, valid_from=dt.date(2026, 1, 1), valid_to=OCTOBER
    )
    add_answer(survey, leaver, "nps", 10, OCTOBER - dt.timedelta(days=1))
    add_answer(survey, leaver, "nps", 0, OCTOBER)

    rebuild_scores()

    row = SatisfactionRollup.objects.get(scope="group", period_kind="all")
    assert (row.n, row.score) == (1, 100)


def test_sheet_without_a_score_leaves_no_score(survey):
    ResponseFactory(survey=survey, scores={"text": "Fine"})

    rebuild_scores()

    assert rows() == {}


def test_response_rate_counts_what_was_sent(survey):
    wave = WaveFactory(survey=survey, send_at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC))
    invitations = InvitationFactory.create_batch(3, wave=wave)
    invitations[0].state = "answered"
    invitations[0].save()
    InvitationFactory(wave=wave, state="revoked")
    InvitationFactory(wave=wave, state="waiting", sent_at=None)
    add_answer(survey, invitations[0].contact.client, "csat", 4, NOVEMBER, wave)

    rebuild_scores()

    found = SatisfactionRollup.objects.filter(scope__in=["survey", "wave", "project"])
    assert {(row.invited, row.responded) for row in found} == {(3, 1)}
    assert found.count() == 9


def test_recompute_of_one_month_leaves_the_others_alone(survey):
    for day in (OCTOBER, NOVEMBER):
        add_answer(survey, ClientFactory(), "csat", 4, day)
    rebuild_scores()
    long_ago = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    before = set(SatisfactionRollup.objects.values_list("pk", flat=True))
    SatisfactionRollup.objects.update(computed_at=long_ago)

    recompute([Touched("survey", survey.pk, "csat", NOVEMBER)])

    moved = SatisfactionRollup.objects.filter(computed_at__gt=long_ago)
    keys = set(moved.values_list("scope", "period_kind", "period_start"))
    assert keys == {
        ("survey", "month", dt.date(2026, 11, 1)),
        ("survey", "quarter", dt.date(2026, 10, 1)),
        ("survey", "all", ALL_TIME),
    }
    assert set(SatisfactionRollup.objects.values_list("pk", flat=True)) == before


def test_recompute_of_nothing_does_nothing():
    assert recompute([]) == 0


def test_score_of_a_deleted_survey_is_dropped_by_a_rebuild(survey):
    add_answer(survey, ClientFactory(), "csat", 4, NOVEMBER)
    rebuild_scores()
    Response.objects.all().delete()
    survey.delete()

    rebuild_scores()

    assert rows() == {}


def test_mean_of_one_answer_has_no_interval():
    n, counts, mean, score, low, high = figures("ces", [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])

    assert (n, counts, mean, score, low, high) == (1, [0, 0, 0, 0, 0, 1, 0], 6, 6, None, None)
