from django.contrib import admin

from clientgroups import models
from clientgroups.admin.base import ReadOnlyAdmin


@admin.register(models.Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["name"]
    search_fields = ["name"]


@admin.register(models.CustomField)
class CustomFieldAdmin(admin.ModelAdmin):
    """Which fields this installation keeps about a client; the key never changes."""

    list_display = ["label", "label_zh", "key", "kind", "position", "archived_at"]
    list_filter = ["kind"]

    def get_readonly_fields(self, request, obj=None):
        return ["key", "kind"] if obj else []

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(models.ConsentChange)
class ConsentChangeAdmin(ReadOnlyAdmin):
    list_display = ["contact", "channel", "granted", "source", "actor", "at"]
    list_filter = ["channel", "granted"]
    list_select_related = ["contact", "actor"]
    search_fields = ["contact__name"]
    show_full_result_count = False


@admin.register(models.ClientMerge)
class ClientMergeAdmin(ReadOnlyAdmin):
    list_display = ["gone", "kept", "actor", "at", "undone_at"]
    list_select_related = ["gone", "kept", "actor"]
    search_fields = ["gone__name", "kept__name"]
    show_full_result_count = False


@admin.register(models.NotDuplicate)
class NotDuplicateAdmin(ReadOnlyAdmin):
    list_display = ["first", "second", "actor", "at"]
    list_select_related = ["first", "second", "actor"]
    show_full_result_count = False


@admin.register(models.StagedContact)
class StagedContactAdmin(ReadOnlyAdmin):
    list_display = ["batch", "line", "client_key", "contact_key"]
    search_fields = ["=batch"]
    show_full_result_count = False


@admin.register(models.ImportedRow)
class ImportedRowAdmin(ReadOnlyAdmin):
    list_display = ["batch", "client", "contact", "created"]
    list_select_related = ["client", "contact"]
    search_fields = ["=batch"]
    show_full_result_count = False


@admin.register(models.Interaction)
class InteractionAdmin(ReadOnlyAdmin):
    list_display = ["summary", "client", "kind", "happened_at", "by", "follow_up_on"]
    list_filter = ["kind"]
    list_select_related = ["client", "by"]
    search_fields = ["summary", "client__name"]
    show_full_result_count = False


@admin.register(models.TouchPlan)
class TouchPlanAdmin(ReadOnlyAdmin):
    list_display = ["client_group", "stage", "every_days", "kind"]
    list_select_related = ["client_group"]
    show_full_result_count = False


@admin.register(models.ClientHealth)
class ClientHealthAdmin(ReadOnlyAdmin):
    list_display = ["client", "as_of", "score"]
    list_select_related = ["client"]
    search_fields = ["client__name"]
    show_full_result_count = False


@admin.register(models.Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "status", "client_group", "starts_at", "owner"]
    list_filter = ["kind", "status"]
    list_select_related = ["client_group", "owner"]
    search_fields = ["name"]
    show_full_result_count = False


@admin.register(models.ActivityInvitation)
class ActivityInvitationAdmin(ReadOnlyAdmin):
    list_display = ["activity", "contact", "sent_at", "answer", "attended"]
    list_filter = ["answer", "attended"]
    list_select_related = ["activity", "contact"]
    search_fields = ["activity__name", "contact__name"]
    show_full_result_count = False
    exclude = ["token"]
