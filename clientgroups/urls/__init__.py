from clientgroups.urls import activities, clients, data, groups, requests, touches, value

app_name = "clientgroups"
urlpatterns = [
    *clients.urlpatterns,
    *data.urlpatterns,
    *groups.urlpatterns,
    *value.urlpatterns,
    *touches.urlpatterns,
    *requests.urlpatterns,
    *activities.urlpatterns,
]
