from django.urls import path

from clientgroups.views import clients, groups, members

app_name = "clientgroups"
urlpatterns = [
    path("groups/", groups.group_list, name="group_list"),
    path("groups/new/", groups.group_create, name="group_create"),
    path("groups/<int:pk>/", groups.group_detail, name="group_detail"),
    path("groups/<int:pk>/edit/", groups.group_edit, name="group_edit"),
    path("groups/<int:pk>/refresh/", groups.group_refresh, name="group_refresh"),
    path("groups/<int:pk>/archive/", groups.group_archive, name="group_archive"),
    path("groups/<int:pk>/restore/", groups.group_restore, name="group_restore"),
    path("groups/<int:pk>/members/", members.group_members, name="group_members"),
    path("groups/<int:pk>/members/add/", members.group_add_clients, name="group_add_clients"),
    path(
        "groups/<int:pk>/members/<int:member>/remove/",
        members.group_remove_client,
        name="group_remove_client",
    ),
    path(
        "groups/<int:pk>/members/<int:member>/reopen/",
        members.group_reopen,
        name="group_reopen",
    ),
    path("groups/<int:pk>/access/", members.group_access, name="group_access"),
    path(
        "groups/<int:pk>/access/undo/<int:event>/",
        members.group_access_undo,
        name="group_access_undo",
    ),
    path(
        "groups/<int:pk>/access/<int:access>/revoke/",
        members.group_access_revoke,
        name="group_access_revoke",
    ),
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
