import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from feedback.models import Survey, Wave
from feedback.services.scores import rebuild_scores
from tests.factories.clientgroups import ContactFactory, MembershipFactory
from tests.factories.feedback import (
    InvitationFactory,
    QuestionFactory,
    ResponseFactory,
    SurveyFactory,
    WaveFactory,
)
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def survey():
    return SurveyFactory(open=True)


def url(name, *args):
    return reverse(f"feedback:{name}", args=args)


def builder(survey, **changes):
    """The builder's form as a browser would post it."""
    data = {"name": survey.name, "title_en": survey.title_en, "title_zh": survey.title_zh}
    version = survey.versions.order_by("-number").first()
    for number, question in enumerate(version.questions.all()):
        data |= {
            f"q{number}-id": question.pk,
            f"q{number}-kind": question.kind,
            f"q{number}-text_en": question.text_en,
            f"q{number}-text_zh": question.text_zh,
        }
    return data | changes


def kinds(survey):
    version = survey.versions.order_by("-number").first()
    return [question.kind for question in version.questions.all()]


def test_list_shows_only_surveys_of_the_persons_groups(client, sign_in, survey):
    other = SurveyFactory(name="Somebody else's")
    sign_in("viewer", survey)

    page = client.get(url("survey_list")).text

    assert survey.name in page
    assert other.name not in page


def test_list_is_narrowed_by_state_and_name(client, sign_in, survey):
    draft = SurveyFactory(client_group=survey.client_group, name="Unfinished")
    sign_in("viewer", survey)

    assert draft.name not in client.get(url("survey_list") + "?state=open").text
    assert draft.name in client.get(url("survey_list") + "?state=nonsense").text
    page = client.get(url("survey_list") + "?q=finish", headers=HTMX).text
    assert draft.name in page
    assert f">{survey.name}<" not in page
    assert "<html" not in page


def test_empty_list_offers_a_survey(client, sign_in):
    sign_in("manager")

    assert "A survey asks every contact" in client.get(url("survey_list")).text


def test_lead_starts_a_survey_from_a_template(client, sign_in, survey):
    group = survey.client_group
    sign_in("lead", survey)
    data = {"name": "Effort", "client_group": group.pk, "start": "effort"}

    response = client.post(url("survey_create"), data)

    made = Survey.objects.get(name="Effort")
    assert response.headers["Location"] == url("survey_edit", made.pk)
    assert kinds(made) == ["ces", "text"]
    assert made.title_zh


def test_survey_for_a_group_one_does_not_lead_is_refused(client, sign_in, survey):
    sign_in("member", survey)
    data = {"name": "Effort", "client_group": survey.client_group_id, "start": "effort"}

    assert client.post(url("survey_create"), data).status_code == 422
    assert "You lead no client group" in client.get(url("survey_create")).text


def test_survey_for_a_project_of_another_group_is_refused(client, sign_in, survey):
    user = sign_in("lead", survey)
    other = ProjectFactory()
    other.client_group.access.create(user=user, role="lead")
    data = {"name": "X", "client_group": survey.client_group_id, "start": "empty"}

    response = client.post(url("survey_create"), data | {"project": other.pk})

    assert response.status_code == 422
    assert "another client group" in response.text


def test_builder_saves_texts_and_questions(client, sign_in, survey):
    sign_in("lead", survey)
    data = builder(survey, **{"q0-text_en": "Would you recommend us?", "do": "save"})

    response = client.post(url("survey_edit", survey.pk), data)

    assert response.headers["Location"] == survey.get_absolute_url()
    assert survey.versions.get().questions.first().text_en == "Would you recommend us?"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("up-1", ["csat", "nps", "text"]),
        ("up-0", ["nps", "csat", "text"]),
        ("down-1", ["nps", "text", "csat"]),
        ("remove-1", ["nps", "text"]),
        ("add-ces", ["nps", "csat", "text", "ces"]),
        ("add-nonsense", ["nps", "csat", "text"]),
        ("up-99", ["nps", "csat", "text"]),
        ("spin-1", ["nps", "csat", "text"]),
    ],
)
def test_builder_buttons_work_without_javascript(client, sign_in, survey, action, expected):
    sign_in("lead", survey)

    response = client.post(url("survey_edit", survey.pk), builder(survey, do=action))

    assert response.headers["Location"].endswith("/edit/#questions")
    assert kinds(survey) == expected


def test_builder_says_what_is_wrong_and_keeps_what_was_typed(client, sign_in, survey):
    sign_in("lead", survey)
    data = builder(survey, name="Renamed", **{"q1-text_en": "", "q1-text_zh": " "})

    response = client.post(url("survey_edit", survey.pk), data)

    assert response.status_code == 422
    assert "Word the question in at least one language." in response.text
    assert 'value="Renamed"' in response.text
    survey.refresh_from_db()
    assert survey.name != "Renamed"


def test_builder_refuses_to_empty_a_published_survey(client, sign_in, survey):
    sign_in("lead", survey)
    data = {"name": survey.name, "title_en": "Title", "do": "save"}

    response = client.post(url("survey_edit", survey.pk), data)

    assert response.status_code == 422
    assert "Add at least one question." in response.text


def test_builder_offers_the_first_question(client, sign_in):
    draft = SurveyFactory()
    sign_in("lead", draft)

    assert "No questions yet" in client.get(url("survey_edit", draft.pk)).text


@pytest.mark.parametrize(("language", "text"), [("en", "Question nps?"), ("zh-hans", "问题 nps？")])
def test_preview_shows_the_page_of_the_client_without_sending(
    client, sign_in, survey, language, text
):
    sign_in("viewer", survey)

    page = client.get(url("survey_preview", survey.pk) + f"?lang={language}").text

    assert text in page
    assert "<button>" not in page


def test_publishing_an_unfinished_survey_says_what_is_missing(client, sign_in):
    draft = SurveyFactory()
    sign_in("lead", draft)

    page = client.post(url("survey_publish", draft.pk), follow=True).text

    assert "Add at least one question." in page
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_lead_publishes_and_closes_with_an_undo(client, sign_in):
    draft = SurveyFactory()
    QuestionFactory(version=draft.versions.get())
    sign_in("lead", draft)
    assert "Publish version 1" in client.get(draft.get_absolute_url()).text

    client.post(url("survey_publish", draft.pk))
    draft.refresh_from_db()
    assert draft.state == "open"

    page = client.post(url("survey_close", draft.pk), follow=True).text
    assert url("survey_reopen", draft.pk) in page
    assert "Open again" in page
    client.post(url("survey_reopen", draft.pk))
    draft.refresh_from_db()
    assert draft.state == "open"


def test_survey_page_shows_results_waves_and_the_newer_draft(client, sign_in, survey):
    sign_in("viewer", survey)
    version = survey.versions.get()
    version.frozen_at = timezone.now()
    version.save()
    survey.versions.create(number=2)
    for score in (5, 5, 4, 4, 1):
        ResponseFactory(survey=survey, scores={"csat": score, "text": "Deliver <i>sooner</i>"})
    WaveFactory(survey=survey, name="Spring")
    rebuild_scores()

    page = client.get(survey.get_absolute_url()).text

    assert "Deliver &lt;i&gt;sooner&lt;/i&gt;" in page
    assert "5 answers, clients: 5" in page
    assert "Spring" in page
    assert "Too few to compare" in page
    assert "Before this can be published" in page
    page = client.get(survey.get_absolute_url() + "?version=2").text
    assert "This version has no questions." in page


def test_draft_of_a_new_version_is_announced(client, sign_in, survey):
    sign_in("viewer", survey)
    draft = survey.versions.create(number=2)
    QuestionFactory(version=draft)

    assert "Version 2 is a draft" in client.get(survey.get_absolute_url()).text


def test_wave_page_before_sending_shows_who_is_asked_and_who_not(client, sign_in, survey):
    sign_in("lead", survey)
    for fields in ({}, {"email": ""}, {"email_consent": False}):
        contact = ContactFactory(**fields)
        MembershipFactory(client_group=survey.client_group, client=contact.client)

    page = client.get(url("wave_create", survey.pk)).text

    assert "Send to 1 contact" in page
    assert "No e-mail address: 1" in page
    assert "Does not agree to e-mail: 1" in page


def test_lead_sends_a_wave_now_or_later(client, sign_in, survey):
    sign_in("lead", survey)
    contact = ContactFactory()
    MembershipFactory(client_group=survey.client_group, client=contact.client)
    later = timezone.now() + dt.timedelta(days=2)

    response = client.post(url("wave_create", survey.pk), {"name": "First", "when": "now"})
    first = Wave.objects.get()
    assert response.headers["Location"] == url("wave_detail", survey.pk, first.pk)
    data = {"name": "Second", "when": "later", "send_at": f"{later:%Y-%m-%dT%H:%M}"}
    client.post(url("wave_create", survey.pk), data)

    assert Wave.objects.get(name="Second").send_at == later.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"when": "later"}, "Say when the wave is to be sent."),
        ({"when": "later", "send_at": "2020-01-01T10:00"}, "This time has passed already."),
        ({"when": "later", "send_at": "soon"}, "Enter a valid date/time."),
        ({"when": "now", "closes_at": "2020-01-01T10:00"}, "A wave closes after it is sent."),
        ({"when": "now"}, "Nobody in this group can be asked"),
    ],
)
def test_wave_that_cannot_be_sent_says_why(client, sign_in, survey, data, sentence):
    sign_in("lead", survey)

    response = client.post(url("wave_create", survey.pk), data | {"name": "First"})

    assert response.status_code == 422
    assert sentence in response.text
    assert 'value="First"' in response.text


def test_wave_page_lists_invitations_by_state(client, sign_in):
    wave = WaveFactory(closes_at=timezone.now() + dt.timedelta(days=3))
    sent = InvitationFactory(wave=wave)
    answered = InvitationFactory(wave=wave, state="answered")
    sign_in("viewer", wave)
    address = url("wave_detail", wave.survey_id, wave.pk)

    page = client.get(address).text
    assert sent.contact.name in page
    assert "1 of 2 that were sent" in page
    assert "Withdraw link" not in page
    assert sent.token not in page
    page = client.get(address + "?state=answered").text
    assert answered.contact.name in page
    assert f">{sent.contact.name}<" not in page
    assert "No invitations here" in client.get(address + "?state=waiting").text


def test_lead_withdraws_a_link_and_restores_it(client, sign_in):
    invitation = InvitationFactory()
    wave = invitation.wave
    sign_in("lead", wave)
    args = (wave.survey_id, wave.pk, invitation.pk)

    page = client.post(url("invitation_revoke", *args), follow=True).text
    assert url("invitation_restore", *args) in page
    assert client.get(invitation.get_absolute_url()).status_code == 404
    client.post(url("invitation_restore", *args))
    assert client.get(invitation.get_absolute_url()).status_code == 200


def test_answered_link_cannot_be_withdrawn(client, sign_in):
    invitation = InvitationFactory(state="answered")
    wave = invitation.wave
    sign_in("lead", wave)

    page = client.post(
        url("invitation_revoke", wave.survey_id, wave.pk, invitation.pk), follow=True
    ).text

    assert "This invitation was answered already." in page


def test_invitation_of_another_wave_is_not_found(client, sign_in):
    invitation, wave = InvitationFactory(), WaveFactory()
    sign_in("admin")

    response = client.post(url("invitation_revoke", wave.survey_id, wave.pk, invitation.pk))

    assert response.status_code == 404
