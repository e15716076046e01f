from django.urls import path

from reports.views import search, styleguide, today

app_name = "reports"
urlpatterns = [
    path("", today.today, name="today"),
    path("projects/<int:pk>/attention/", today.project_attention, name="project_attention"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("search/", search.search, name="search"),
    path("search/palette/", search.palette, name="palette"),
]
