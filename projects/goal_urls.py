from django.urls import path

from projects.views import goal_actions, goals, measurements

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
]
