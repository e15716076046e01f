from django.urls import path

from projects.goal_urls import goal_urlpatterns
from projects.views import (
    board,
    group_goals,
    interactions,
    parts,
    projects,
    request_tasks,
    task,
    task_list,
    work,
)

app_name = "projects"

P = "projects/<int:pk>"
T = f"{P}/tasks/<int:number>"
C = f"{P}/columns/<int:column_pk>"

urlpatterns = [
    path("my-work/", work.my_work, name="my_work"),
    path("quick-add/", work.quick_add, name="quick_add"),
    path("quick-add/preview/", work.quick_add_preview, name="quick_add_preview"),
    path("groups/<int:pk>/projects/", projects.group_projects, name="group_projects"),
    path("groups/<int:pk>/goals/", group_goals.group_goals, name="group_goals"),
    path("projects/", projects.project_list, name="project_list"),
    path("projects/new/", projects.project_create, name="project_create"),
    path(f"{P}/", projects.project_detail, name="project_detail"),
    path(f"{P}/edit/", projects.project_edit, name="project_edit"),
    path(f"{P}/access/", projects.project_access, name="project_access"),
    path(f"{P}/access/revoke/", projects.access_revoke, name="access_revoke"),
    path(f"{P}/access/undo/", projects.access_undo, name="access_undo"),
    path(f"{P}/talks/", interactions.project_interactions, name="project_interactions"),
    path(f"{P}/talks/panel/", interactions.interactions_panel, name="interactions_panel"),
    path(f"{P}/talks/new/", interactions.interaction_create, name="interaction_create"),
    path(f"{P}/board/", board.board, name="board"),
    path(f"{P}/columns/", board.column_list, name="column_list"),
    path(f"{C}/cards/", board.board_more, name="board_more"),
    path(f"{C}/edit/", board.column_edit, name="column_edit"),
    path(f"{C}/shift/", board.column_shift, name="column_shift"),
    path(f"{C}/archive/", board.column_archive, name="column_archive"),
    path(f"{C}/restore/", board.column_restore, name="column_restore"),
    path(f"{P}/labels/new/", board.label_create, name="label_create"),
    path(f"{P}/labels/<int:label_pk>/", board.label_edit, name="label_edit"),
    path(f"{P}/tasks/", task_list.task_list, name="task_list"),
    path(f"{P}/tasks/new/", task.task_create, name="task_create"),
    path(f"{P}/tasks/change/", task_list.task_bulk, name="task_bulk"),
    path(f"{P}/tasks/change/undo/", task_list.task_bulk_undo, name="task_bulk_undo"),
    path(f"{T}/", task.task_detail, name="task_detail"),
    path(f"{T}/edit/", task.task_edit, name="task_edit"),
    path(f"{T}/field/", task.task_field, name="task_field"),
    path(f"{T}/move/", board.task_move, name="task_move"),
    path(f"{T}/done/", task.task_done, name="task_done"),
    path(f"{T}/archive/", task.task_archive, name="task_archive"),
    path(f"{T}/restore/", task.task_restore, name="task_restore"),
    path(f"{T}/undo/", task.task_undo, name="task_undo"),
    path(f"{T}/steps/", parts.item_add, name="item_add"),
    path(f"{T}/steps/change/", parts.item_change, name="item_change"),
    path(f"{T}/comments/", parts.comment_add, name="comment_add"),
    path(f"{T}/comments/remove/", parts.comment_remove, name="comment_remove"),
    path(f"{T}/links/", parts.link_add, name="link_add"),
    path(f"{T}/links/remove/", parts.link_remove, name="link_remove"),
    path(f"{T}/request/", request_tasks.task_request, name="task_request"),
    path("requests/<int:pk>/tasks/", request_tasks.request_tasks, name="request_tasks"),
    path(
        "requests/<int:pk>/tasks/new/",
        request_tasks.request_task_create,
        name="request_task_create",
    ),
    *goal_urlpatterns,
]
