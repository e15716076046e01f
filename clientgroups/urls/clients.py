from django.urls import path

from clientgroups.views import clients

urlpatterns = [
    path("clients/", clients.client_list, name="client_list"),
    path("clients/new/", clients.client_create, name="client_create"),
    path("clients/<int:pk>/", clients.client_detail, name="client_detail"),
    path("clients/<int:pk>/edit/", clients.client_edit, name="client_edit"),
    path("clients/<int:pk>/purchases/", clients.client_purchases, name="client_purchases"),
    path("clients/<int:pk>/why/<int:group>/", clients.client_why, name="client_why"),
    path("clients/<int:pk>/stage/", clients.client_stage, name="client_stage"),
    path(
        "clients/<int:pk>/stage/undo/<int:event>/",
        clients.client_stage_undo,
        name="client_stage_undo",
    ),
    path("clients/<int:pk>/stage/follow/", clients.client_follow, name="client_follow"),
    path("clients/<int:pk>/contacts/new/", clients.contact_create, name="contact_create"),
    path(
        "clients/<int:pk>/contacts/<int:contact>/edit/",
        clients.contact_edit,
        name="contact_edit",
    ),
]
