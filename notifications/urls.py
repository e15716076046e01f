from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.message_read_all, name="message_read_all"),
    path("inbox/<int:pk>/open/", views.message_open, name="message_open"),
]
