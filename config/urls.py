from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.auth_urls")),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("clientgroups.urls")),
    path("", include("projects.urls")),
    path("", include("feedback.urls")),
    path("imports/", include("imports.urls")),
    path("", include("reports.urls")),
]
