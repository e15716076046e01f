from django.urls import path

from clientgroups.views import canned, request_figures, request_public, request_write, requests

urlpatterns = [
    path("requests/", requests.request_list, name="request_list"),
    path("requests/new/", requests.request_choose_client, name="request_choose_client"),
    path("requests/figures/", request_figures.request_figures, name="request_figures"),
    path("requests/<int:pk>/", requests.request_detail, name="request_detail"),
    path("requests/<int:pk>/edit/", requests.request_edit, name="request_edit"),
    path("requests/<int:pk>/change/", request_write.request_change, name="request_change"),
    path("requests/<int:pk>/move/", request_write.request_move, name="request_move"),
    path("requests/<int:pk>/resolve/", request_write.request_resolve, name="request_resolve"),
    path("requests/<int:pk>/write/", request_write.request_write, name="request_write"),
    path("requests/<int:pk>/undo/<int:event>/", request_write.request_undo, name="request_undo"),
    path(
        "clients/<int:pk>/requests/new/",
        requests.client_request_create,
        name="client_request_create",
    ),
    path("canned-answers/", canned.canned_list, name="canned_list"),
    path("canned-answers/new/", canned.canned_create, name="canned_create"),
    path("canned-answers/<int:pk>/edit/", canned.canned_edit, name="canned_edit"),
    path("canned-answers/<int:pk>/archive/", canned.canned_archive, name="canned_archive"),
    path("r/<str:token>/", request_public.request_public, name="request_public"),
    path("r/<str:token>/rate/", request_public.request_rate, name="request_rate"),
]
