from django.urls import path

from reports.views import compare, groups, search, styleguide, today

app_name = "reports"
urlpatterns = [
    path("", today.today, name="today"),
    path("projects/<int:pk>/attention/", today.project_attention, name="project_attention"),
    path("groups/<int:pk>/attention/", groups.group_attention, name="group_attention"),
    path("groups/compare/", compare.group_compare, name="group_compare"),
    path("groups/compare/table.csv", compare.group_compare_csv, name="group_compare_csv"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("search/", search.search, name="search"),
    path("search/palette/", search.palette, name="palette"),
]
