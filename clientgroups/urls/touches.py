from django.urls import path

from clientgroups.views import follow_ups, health, timeline, touch_plans, touches

T, G = "touches/<int:pk>", "groups/<int:pk>/touch-plans"

urlpatterns = [
    path("touches/", touch_plans.touch_list, name="touch_list"),
    path("touches/new/", touches.touch_create, name="touch_create"),
    path("touches/silent/", touch_plans.silent_list, name="silent_list"),
    path(f"{T}/", touches.touch_detail, name="touch_detail"),
    path(f"{T}/edit/", touches.touch_edit, name="touch_edit"),
    path(f"{T}/delete/", touches.touch_delete, name="touch_delete"),
    path(f"{T}/undo/<int:event>/", touches.touch_undo, name="touch_undo"),
    path(f"{T}/followed-up/", follow_ups.follow_up_done, name="follow_up_done"),
    path(f"{T}/put-off/", follow_ups.follow_up_snooze, name="follow_up_snooze"),
    path("follow-ups/", follow_ups.follow_up_list, name="follow_up_list"),
    path("clients/<int:pk>/log/", touches.client_log, name="client_log"),
    path("clients/<int:pk>/timeline/", timeline.client_timeline, name="client_timeline"),
    path("clients/<int:pk>/health/", health.client_health, name="client_health"),
    path("groups/<int:pk>/touches/", touch_plans.group_touches, name="group_touches"),
    path(f"{G}/", touch_plans.plan_list, name="plan_list"),
    path(f"{G}/new/", touch_plans.plan_create, name="plan_create"),
    path(f"{G}/<int:plan>/edit/", touch_plans.plan_edit, name="plan_edit"),
    path(f"{G}/<int:plan>/delete/", touch_plans.plan_delete, name="plan_delete"),
    path(f"{G}/undo/<int:event>/", touch_plans.plan_undo, name="plan_undo"),
]
