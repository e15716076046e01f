from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.feedback import (
    InvitationFactory,
    ResponseFactory,
    SurveyFactory,
    WaveFactory,
)
from tests.factories.projects import ProjectFactory
from tests.url_table import LEAD, PUBLIC, SIGNED_IN, VIEW, Url


def open_survey():
    return SurveyFactory(open=True)


def pks(invitation):
    wave = invitation.wave
    return {"survey_pk": wave.survey_id, "wave_pk": wave.pk, "pk": invitation.pk}


def score_of(survey):
    return {
        "scope": "survey",
        "scope_id": survey.pk,
        "metric": "csat",
        "kind": "all",
        "start": "1970-01-01",
    }


def wave_pks(wave):
    return {"survey_pk": wave.survey_id, "pk": wave.pk}


ROWS = [
    Url("feedback:survey_list", SIGNED_IN, grow=SurveyFactory),
    Url("feedback:survey_create", SIGNED_IN),
    Url("feedback:survey_create", SIGNED_IN, post={}, note="post"),
    Url(
        "feedback:survey_detail",
        VIEW,
        make=open_survey,
        grow=lambda survey: [
            WaveFactory(survey=survey),
            ResponseFactory(survey=survey, scores={"csat": 4, "text": "Fine"}),
        ],
    ),
    Url("feedback:survey_edit", LEAD, make=open_survey),
    Url("feedback:survey_edit", LEAD, make=open_survey, post={}, note="post"),
    Url("feedback:survey_preview", VIEW, make=open_survey),
    Url("feedback:survey_publish", LEAD, make=open_survey, post={}),
    Url("feedback:survey_close", LEAD, make=open_survey, post={}),
    Url("feedback:survey_reopen", LEAD, make=open_survey, post={}),
    Url("feedback:wave_create", LEAD, make=open_survey),
    Url("feedback:wave_create", LEAD, make=open_survey, post={}, note="post"),
    Url(
        "feedback:wave_detail",
        VIEW,
        make=WaveFactory,
        kwargs=wave_pks,
        grow=lambda wave: InvitationFactory(wave=wave),
    ),
    Url("feedback:invitation_revoke", LEAD, make=InvitationFactory, kwargs=pks, post={}),
    Url("feedback:invitation_restore", LEAD, make=InvitationFactory, kwargs=pks, post={}),
    Url("feedback:group_panel", VIEW, make=ClientGroupFactory),
    Url("feedback:project_panel", VIEW, make=ProjectFactory),
    Url("feedback:score_detail", VIEW, make=open_survey, kwargs=score_of),
    Url("feedback:answer_thanks", PUBLIC),
    Url("feedback:answer", PUBLIC, make=InvitationFactory, kwargs=lambda i: {"token": i.token}),
    Url(
        "feedback:answer_stop", PUBLIC, make=InvitationFactory, kwargs=lambda i: {"token": i.token}
    ),
]
