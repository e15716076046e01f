from django.urls import path

from projects.views import evidence, goal_actions, goals, measurements

ONE = "projects/<int:pk>/goals/<int:goal_pk>/"
VALUE = f"{ONE}measurements/<int:entry_pk>/"

goal_urlpatterns = [
    path("projects/<int:pk>/goals/", goals.goal_list, name="goal_list"),
    path("projects/<int:pk>/goals/new/", goals.goal_create, name="goal_create"),
    path("projects/<int:pk>/goals/check/", goals.goal_check, name="goal_check"),
    path(ONE, goals.goal_detail, name="goal_detail"),
    path(f"{ONE}edit/", goals.goal_edit, name="goal_edit"),
    path(f"{ONE}activate/", goal_actions.goal_activate, name="goal_activate"),
    path(f"{ONE}close/", goal_actions.goal_close, name="goal_close"),
    path(f"{ONE}cancel/", goal_actions.goal_cancel, name="goal_cancel"),
    path(f"{ONE}reopen/", goal_actions.goal_reopen, name="goal_reopen"),
    path(f"{ONE}measurements/new/", measurements.goal_measure, name="goal_measure"),
    path(f"{VALUE}edit/", measurements.measurement_edit, name="measurement_edit"),
    path(f"{VALUE}delete/", measurements.measurement_delete, name="measurement_delete"),
    path(
        f"{ONE}measurements/restore/<int:event_pk>/",
        measurements.measurement_restore,
        name="measurement_restore",
    ),
    path(f"{ONE}check-in/", measurements.goal_check_in, name="goal_check_in"),
    path(f"{ONE}evidence/", evidence.goal_evidence, name="goal_evidence"),
    path(f"{ONE}evidence/add/", evidence.goal_evidence_add, name="goal_evidence_add"),
    path(
        f"{ONE}evidence/<int:finding_pk>/attach/",
        evidence.goal_evidence_attach,
        name="goal_evidence_attach",
    ),
    path(
        f"{ONE}evidence/<int:finding_pk>/detach/",
        evidence.goal_evidence_detach,
        name="goal_evidence_detach",
    ),
    path(
        "groups/<int:pk>/findings/<int:finding>/goals/",
        evidence.finding_goals,
        name="finding_goals",
    ),
]
