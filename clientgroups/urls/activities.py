from django.urls import path

from clientgroups.views import activities, activity_answer

urlpatterns = [
    path("activities/", activities.activity_list, name="activity_list"),
    path("activities/new/", activities.activity_create, name="activity_create"),
    path("activities/<int:pk>/", activities.activity_detail, name="activity_detail"),
    path("activities/<int:pk>/edit/", activities.activity_edit, name="activity_edit"),
    path("activities/<int:pk>/delete/", activities.activity_delete, name="activity_delete"),
    path("activities/<int:pk>/audience/", activities.activity_audience, name="activity_audience"),
    path("activities/<int:pk>/remind/", activities.activity_remind, name="activity_remind"),
    path("activities/<int:pk>/cancel/", activities.activity_cancel, name="activity_cancel"),
    path("activities/<int:pk>/close/", activities.activity_close, name="activity_close"),
    path("activities/<int:pk>/mark/", activities.activity_mark, name="activity_mark"),
    path("activities/<int:pk>/people.csv", activities.activity_people, name="activity_people"),
    path("groups/<int:pk>/activities/", activities.group_activities, name="group_activities"),
    # For people without an account; the token is the right.
    path("i/<str:token>/", activity_answer.activity_answer, name="activity_answer"),
    path("i/<str:token>/stop/", activity_answer.activity_stop, name="activity_stop"),
    path("i/<str:token>/event.ics", activity_answer.activity_calendar, name="activity_calendar"),
]
