import datetime as dt
import threading
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import ConsentChange
from feedback.models import Answer, Invitation, Response, SatisfactionRollup, StaleScore
from feedback.selectors.answer import invitation_by_token
from feedback.services.responses import (
    LinkUsed,
    remove_response,
    stop_asking,
    submit_response,
)
from feedback.services.scores import sweep_scores
from tests.factories.accounts import UserFactory
from tests.factories.feedback import (
    AnswerFactory,
    InvitationFactory,
    QuestionFactory,
    ResponseFactory,
    WaveFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation():
    return InvitationFactory()


def questions(invitation):
    return {question.kind: question.pk for question in invitation.wave.version.questions.all()}


def submit(invitation, key=None, **values):
    known = questions(invitation)
    answers = {known[kind]: value for kind, value in values.items()}
    return submit_response(
        invitation=invitation_by_token(invitation.token),
        answers=answers,
        submission_key=key or uuid.uuid4(),
        language="en",
    )


def test_response_keeps_what_was_answered_and_leaves_out_the_skipped(invitation):
    response = submit(invitation, nps=0, csat=None, text="   ")

    answer = Answer.objects.get()
    assert (answer.metric, answer.score, answer.text) == ("nps", 0, "")
    assert (answer.client, answer.survey) == (response.client, response.survey)
    assert answer.responded_on == timezone.localdate()
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.ANSWERED
    assert invitation.answered_at is not None
    assert set(StaleScore.objects.values_list("scope", "metric")) == {
        ("survey", "nps"),
        ("wave", "nps"),
    }


def test_first_answer_freezes_the_version(invitation):
    first = submit(invitation, csat=4)
    frozen_at = first.version.frozen_at or type(first.version).objects.get().frozen_at

    submit(InvitationFactory(wave=invitation.wave), csat=5)

    assert frozen_at is not None
    assert type(first.version).objects.get().frozen_at == frozen_at


def test_question_removed_meanwhile_is_left_out(invitation):
    loaded = invitation_by_token(invitation.token)
    known = questions(loaded)
    list(loaded.wave.version.questions.all())
    loaded.wave.version.questions.filter(kind="nps").delete()

    submit_response(
        invitation=loaded,
        answers={known["nps"]: 9, known["csat"]: 5},
        submission_key=uuid.uuid4(),
        language="en",
    )

    assert Answer.objects.get().metric == "csat"


def test_same_submission_twice_makes_one_response(invitation):
    key = uuid.uuid4()

    first = submit(invitation, key, csat=4)
    second = submit(invitation, key, csat=1)

    assert first == second
    assert Answer.objects.get().score == 4


def test_used_link_takes_no_other_answer(invitation):
    submit(invitation, csat=4)

    with pytest.raises(LinkUsed):
        submit(invitation, csat=1)

    assert Response.objects.count() == 1


@pytest.mark.parametrize("how", ["revoked", "expired", "closed"])
def test_link_that_is_over_takes_no_answer(how):
    closes_at = timezone.now() - dt.timedelta(hours=1) if how == "expired" else None
    invitation = InvitationFactory(wave=WaveFactory(closes_at=closes_at))
    if how == "revoked":
        invitation.state = "revoked"
        invitation.save()
    if how == "closed":
        survey = invitation.wave.survey
        survey.state = "closed"
        survey.save()

    with pytest.raises(LinkUsed):
        submit(invitation, csat=4)

    assert Response.objects.count() == 0


def test_queries_of_a_submission_do_not_grow_with_questions(invitation, count_queries):
    version = invitation.wave.version
    for _ in range(7):
        QuestionFactory(version=version, kind="csat")
    loaded = invitation_by_token(invitation.token)
    answers = {q.pk: 5 for q in version.questions.exclude(kind="text")}

    count = count_queries(
        lambda: submit_response(
            invitation=loaded, answers=answers, submission_key=uuid.uuid4(), language="en"
        )
    )

    # savepoint, claim, freeze, questions twice, response, answers, marks, release
    assert count <= 9


@pytest.mark.parametrize(
    ("metric", "score", "text"),
    [
        ("nps", 11, ""),
        ("nps", -1, ""),
        ("csat", 0, ""),
        ("csat", 6, ""),
        ("ces", 8, ""),
        ("csat", None, ""),
        ("text", None, ""),
        ("text", 3, "three"),
    ],
)
def test_answer_off_its_scale_is_refused_by_the_database(metric, score, text):
    question = QuestionFactory(kind=metric)

    with pytest.raises(IntegrityError, match="answer_score_on_its_scale"), transaction.atomic():
        AnswerFactory(question=question, score=score, text=text)


def test_question_is_answered_once_per_sheet():
    answer = AnswerFactory()

    with pytest.raises(IntegrityError, match="answer_once"), transaction.atomic():
        AnswerFactory(response=answer.response, question=answer.question)


def test_removed_response_leaves_scores_as_if_it_had_never_been_given(invitation):
    submit(InvitationFactory(wave=invitation.wave), csat=5)
    sweep_scores()
    columns = ("scope", "scope_id", "metric", "period_kind", "n", "score", "invited", "responded")
    before = set(SatisfactionRollup.objects.values_list(*columns))
    response = submit(invitation, csat=1)
    sweep_scores()
    assert set(SatisfactionRollup.objects.values_list(*columns)) != before

    for _ in range(2):
        remove_response(response=response, actor=UserFactory())
    sweep_scores()

    assert set(SatisfactionRollup.objects.values_list(*columns)) == before
    assert AuditEvent.objects.filter(verb="response.removed").count() == 1
    submit(invitation, csat=3)


def test_stopping_twice_withdraws_consent_once(invitation):
    for _ in range(2):
        stop_asking(invitation=invitation)

    invitation.contact.refresh_from_db()
    assert invitation.contact.email_consent is False
    assert AuditEvent.objects.get().verb == "contact.consent_changed"
    change = ConsentChange.objects.get()
    assert (change.contact, change.channel, change.granted) == (invitation.contact, "email", False)
    assert invitation.wave.survey.name in change.source


def test_admin_deletes_responses_through_the_service(sign_in, client):
    sign_in("admin", is_superuser=True)
    one, two = (ResponseFactory(scores={"csat": 4}) for _ in range(2))
    StaleScore.objects.all().delete()

    client.post(reverse("admin:feedback_response_delete", args=[one.pk]), {"post": "yes"})
    client.post(
        reverse("admin:feedback_response_changelist"),
        {"action": "delete_selected", "_selected_action": [two.pk], "post": "yes"},
    )

    assert Response.objects.count() == 0
    assert StaleScore.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_thirty_copies_at_once_make_one_response(client):
    invitation = InvitationFactory()
    known = questions(invitation)
    data = {f"q{known['csat']}": 4, f"q{known['nps']}": 9, "submission_key": str(uuid.uuid4())}
    url, ready, statuses = invitation.get_absolute_url(), threading.Barrier(30), []

    def send():
        browser = type(client)()
        ready.wait()
        response = browser.post(url, data)
        statuses.append((response.status_code, response.headers.get("Location", "")))
        connection.close()

    copies = [threading.Thread(target=send) for _ in range(30)]
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join()

    assert set(statuses) == {(302, reverse("feedback:answer_thanks") + "?lang=en")}
    assert len(statuses) == 30
    assert Response.objects.count() == 1
    assert Answer.objects.count() == 2
