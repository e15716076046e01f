from django.urls import path

from clientgroups.views import group_panels, groups, members, rules

urlpatterns = [
    path("groups/", groups.group_list, name="group_list"),
    path("groups/new/", rules.group_create, name="group_create"),
    path("groups/<int:pk>/", groups.group_detail, name="group_detail"),
    path("groups/<int:pk>/edit/", rules.group_edit, name="group_edit"),
    path("groups/<int:pk>/refresh/", rules.group_refresh, name="group_refresh"),
    path("groups/<int:pk>/archive/", groups.group_archive, name="group_archive"),
    path("groups/<int:pk>/restore/", groups.group_restore, name="group_restore"),
    path("groups/<int:pk>/shape/", group_panels.group_shape, name="group_shape"),
    path("groups/<int:pk>/requests/", group_panels.group_requests, name="group_requests"),
    path("groups/<int:pk>/people/", group_panels.group_people, name="group_people"),
    path("groups/<int:pk>/overlap/", rules.group_overlap, name="group_overlap"),
    path("groups/<int:pk>/members/", members.group_members, name="group_members"),
    path("groups/<int:pk>/members/moves/", members.group_moves, name="group_moves"),
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
]
