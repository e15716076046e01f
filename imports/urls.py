from django.urls import path

from imports.views import mapping, runs, upload

app_name = "imports"
urlpatterns = [
    path("", runs.run_list, name="run_list"),
    path("new/", upload.run_create, name="run_create"),
    path("projects/<int:pk>/", upload.project_import, name="project_import"),
    path("<int:pk>/", runs.run_detail, name="run_detail"),
    path("<int:pk>/mapping/", mapping.run_map, name="run_map"),
    path("<int:pk>/confirm/", runs.run_confirm, name="run_confirm"),
    path("<int:pk>/remap/", runs.run_remap, name="run_remap"),
    path("<int:pk>/undo/", runs.run_undo, name="run_undo"),
    path("<int:pk>/discard/", runs.run_discard, name="run_discard"),
    path("<int:pk>/report.csv", runs.run_issues, name="run_issues"),
]
