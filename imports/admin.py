from django.contrib import admin

from imports.models import ImportIssue, ImportRun, RememberedMapping


class ReadOnlyAdmin(admin.ModelAdmin):
    """Imports are changed by their own pages and by the worker only."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ["file_name", "kind", "state", "created_by", "rows_done", "created_at"]
    list_filter = ["kind", "state"]
    search_fields = ["file_name", "created_by__email", "problem"]
    list_select_related = ["created_by"]
    date_hierarchy = "created_at"


@admin.register(ImportIssue)
class ImportIssueAdmin(ReadOnlyAdmin):
    list_display = ["run", "severity", "line", "place", "message"]
    list_filter = ["severity"]
    search_fields = ["message", "place", "run__file_name"]
    list_select_related = ["run"]


@admin.register(RememberedMapping)
class RememberedMappingAdmin(ReadOnlyAdmin):
    list_display = ["user", "kind", "used_at"]
    list_filter = ["kind"]
    list_select_related = ["user"]
