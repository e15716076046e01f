from django.contrib import admin

from projects.models import (
    Attachment,
    BoardColumn,
    CheckIn,
    ChecklistItem,
    Comment,
    Goal,
    GoalEvidence,
    GoalMeasurement,
    Label,
    Project,
    ProjectAccess,
    ProjectInteraction,
    RequestTask,
    Task,
)


class ReadOnlyAdmin(admin.ModelAdmin):
    """For looking things up: services own the rules, so the product's screens write the rows."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    list_display = ["name", "key", "client_group", "lead", "status", "due_on"]
    list_filter = ["status"]
    list_select_related = ["client_group", "lead"]
    search_fields = ["name", "key"]
    exclude = ["search"]


@admin.register(ProjectAccess)
class ProjectAccessAdmin(ReadOnlyAdmin):
    list_display = ["project", "user", "role"]
    list_filter = ["role"]
    list_select_related = ["project", "user"]
    search_fields = ["project__name", "user__name", "user__email"]


@admin.register(BoardColumn)
class BoardColumnAdmin(ReadOnlyAdmin):
    list_display = ["name", "project", "category", "position", "wip_limit", "archived_at"]
    list_filter = ["category"]
    list_select_related = ["project"]
    search_fields = ["name", "project__name", "project__key"]


@admin.register(Label)
class LabelAdmin(ReadOnlyAdmin):
    list_display = ["name", "colour", "project"]
    list_select_related = ["project"]
    search_fields = ["name", "project__name"]


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ["key", "title", "project", "column", "assignee", "due_on", "archived_at"]
    list_filter = ["column__category", "priority"]
    list_select_related = ["project", "column", "assignee"]
    search_fields = ["title", "project__key", "=number"]
    exclude = ["search"]


@admin.register(ChecklistItem)
class ChecklistItemAdmin(ReadOnlyAdmin):
    list_display = ["text", "task", "is_done"]
    list_select_related = ["task"]
    search_fields = ["text", "task__title"]


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "task", "author_name", "is_client_visible", "created_at"]
    list_filter = ["is_client_visible"]
    list_select_related = ["task"]
    search_fields = ["body", "task__title", "author_name"]


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ["name", "task", "size", "added_at"]
    list_select_related = ["task"]
    search_fields = ["name", "task__title"]


@admin.register(Goal)
class GoalAdmin(ReadOnlyAdmin):
    list_display = ["statement", "project", "owner", "state", "pace", "progress", "due_on"]
    list_filter = ["state", "pace", "source"]
    list_select_related = ["project", "owner"]
    search_fields = ["statement", "project__name"]
    exclude = ["search"]


@admin.register(GoalMeasurement)
class GoalMeasurementAdmin(ReadOnlyAdmin):
    list_display = ["goal", "measured_on", "value", "n", "source"]
    list_select_related = ["goal"]
    search_fields = ["goal__statement", "source"]


@admin.register(CheckIn)
class CheckInAdmin(ReadOnlyAdmin):
    list_display = ["goal", "author", "confidence", "created_at"]
    list_select_related = ["goal", "author"]
    search_fields = ["goal__statement", "note"]


@admin.register(GoalEvidence)
class GoalEvidenceAdmin(ReadOnlyAdmin):
    list_display = ["goal", "finding", "added_by", "at"]
    list_select_related = ["goal", "finding", "added_by"]


@admin.register(ProjectInteraction)
class ProjectInteractionAdmin(ReadOnlyAdmin):
    list_display = ["project", "interaction"]
    list_select_related = ["project", "interaction"]


@admin.register(RequestTask)
class RequestTaskAdmin(ReadOnlyAdmin):
    list_display = ["request", "task", "created_at"]
    list_select_related = ["request", "task"]
