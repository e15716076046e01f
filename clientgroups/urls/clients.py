from django.urls import path

from clientgroups.views import (
    clients,
    clients_bulk,
    clients_contacts,
    duplicates,
    merges,
    personal,
    typeahead,
)

ONE = "clients/<int:pk>/"

urlpatterns = [
    path("clients/", clients.client_list, name="client_list"),
    path("clients/find/", typeahead.client_find, name="client_find"),
    path("clients/tags/", typeahead.tag_find, name="tag_find"),
    path("clients/bulk/", clients_bulk.client_bulk, name="client_bulk"),
    path("clients/bulk/<int:event>/undo/", clients_bulk.client_bulk_undo, name="client_bulk_undo"),
    path("clients/new/", clients.client_create, name="client_create"),
    path(ONE, clients.client_detail, name="client_detail"),
    path(f"{ONE}edit/", clients.client_edit, name="client_edit"),
    path(f"{ONE}archive/", clients.client_archive, name="client_archive"),
    path(f"{ONE}restore/", clients.client_restore, name="client_restore"),
    path(f"{ONE}purchases/", clients.client_purchases, name="client_purchases"),
    path(f"{ONE}why/<int:group>/", clients.client_why, name="client_why"),
    path(f"{ONE}stage/", clients.client_stage, name="client_stage"),
    path(f"{ONE}stage/undo/<int:event>/", clients.client_stage_undo, name="client_stage_undo"),
    path(f"{ONE}stage/follow/", clients.client_follow, name="client_follow"),
    path(f"{ONE}contacts/new/", clients_contacts.contact_create, name="contact_create"),
    path(f"{ONE}contacts/<int:contact>/", clients_contacts.contact_detail, name="contact_detail"),
    path(f"{ONE}contacts/<int:contact>/edit/", clients_contacts.contact_edit, name="contact_edit"),
    # Two rows for one client
    path("clients/duplicates/", duplicates.duplicate_list, name="duplicate_list"),
    path(f"{ONE}duplicates/", duplicates.client_duplicates, name="client_duplicates"),
    path(f"{ONE}alike/", duplicates.client_alike, name="client_alike"),
    path(f"{ONE}different/<int:other>/", duplicates.duplicate_dismiss, name="duplicate_dismiss"),
    path(
        f"{ONE}different/<int:other>/undo/",
        duplicates.duplicate_recall,
        name="duplicate_recall",
    ),
    path(f"{ONE}merge/<int:other>/", merges.client_merge, name="client_merge"),
    path(f"{ONE}merges/<int:merge>/undo/", merges.client_merge_undo, name="client_merge_undo"),
    # What is kept about one client
    path(f"{ONE}export/", personal.client_export, name="client_download"),
    path(f"{ONE}erase/", personal.client_erase, name="client_erase"),
]
