from django.urls import path

from clientgroups.views import exports

urlpatterns = [
    path("clients/export/", exports.client_export, name="client_export"),
    path("clients/template/", exports.client_template, name="client_template"),
]
