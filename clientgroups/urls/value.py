from django.urls import path

from clientgroups.views import findings, rates, rfm, value, value_rows

GROUP = "groups/<int:pk>/value/"
FOUND = "groups/<int:pk>/findings/"
ONE = f"{FOUND}<int:finding>/"

urlpatterns = [
    path("clients/value/", value.all_value, name="all_value"),
    path("clients/value/export/", value.all_value_export, name="all_value_export"),
    path("clients/value/clients/", value_rows.all_value_clients, name="all_value_clients"),
    path("clients/value/purchases/", value_rows.all_value_purchases, name="all_value_purchases"),
    path("clients/value/moves/", value_rows.all_value_moves, name="all_value_moves"),
    path("clients/rfm/", rfm.rfm, name="rfm"),
    path("clients/rfm/export/", rfm.rfm_export, name="rfm_export"),
    path("clients/rfm/export/clients/", rfm.rfm_clients_export, name="rfm_clients_export"),
    path("clients/rates/", rates.rate_list, name="rate_list"),
    path(GROUP, value.group_value, name="group_value"),
    path(f"{GROUP}export/", value.group_value_export, name="group_value_export"),
    path(f"{GROUP}clients/", value_rows.group_value_clients, name="group_value_clients"),
    path(f"{GROUP}purchases/", value_rows.group_value_purchases, name="group_value_purchases"),
    path(f"{GROUP}moves/", value_rows.group_value_moves, name="group_value_moves"),
    path(FOUND, findings.group_findings, name="group_findings"),
    path(f"{FOUND}new/", findings.finding_create, name="finding_create"),
    path(ONE, findings.finding_detail, name="finding_detail"),
    path(f"{ONE}edit/", findings.finding_edit, name="finding_edit"),
    path(f"{ONE}archive/", findings.finding_archive, name="finding_archive"),
    path(f"{ONE}restore/", findings.finding_restore, name="finding_restore"),
]
