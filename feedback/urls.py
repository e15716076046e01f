from django.urls import path

from feedback.views import answer, scores, surveys, waves

WAVE = "surveys/<int:survey_pk>/waves/<int:pk>/"
INVITATION = "surveys/<int:survey_pk>/waves/<int:wave_pk>/invitations/<int:pk>/"

app_name = "feedback"
urlpatterns = [
    path("surveys/", surveys.survey_list, name="survey_list"),
    path("surveys/new/", surveys.survey_create, name="survey_create"),
    path("surveys/<int:pk>/", surveys.survey_detail, name="survey_detail"),
    path("surveys/<int:pk>/edit/", surveys.survey_edit, name="survey_edit"),
    path("surveys/<int:pk>/preview/", surveys.survey_preview, name="survey_preview"),
    path("surveys/<int:pk>/publish/", surveys.survey_publish, name="survey_publish"),
    path("surveys/<int:pk>/close/", surveys.survey_close, name="survey_close"),
    path("surveys/<int:pk>/reopen/", surveys.survey_reopen, name="survey_reopen"),
    path("surveys/<int:pk>/waves/new/", waves.wave_create, name="wave_create"),
    path(WAVE, waves.wave_detail, name="wave_detail"),
    path(f"{INVITATION}revoke/", waves.invitation_revoke, name="invitation_revoke"),
    path(f"{INVITATION}restore/", waves.invitation_restore, name="invitation_restore"),
    path("groups/<int:pk>/scores/", scores.group_panel, name="group_panel"),
    path("projects/<int:pk>/scores/", scores.project_panel, name="project_panel"),
    path(
        "scores/<slug:scope>/<int:scope_id>/<slug:metric>/<slug:kind>/<slug:start>/",
        scores.score_detail,
        name="score_detail",
    ),
    path("s/thanks/", answer.answer_thanks, name="answer_thanks"),
    path("s/<slug:token>/", answer.answer, name="answer"),
    path("s/<slug:token>/stop/", answer.answer_stop, name="answer_stop"),
]
