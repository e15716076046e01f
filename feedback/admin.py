from django.contrib import admin

from feedback.models import (
    Answer,
    Invitation,
    Question,
    Response,
    SatisfactionRollup,
    StaleScore,
    Survey,
    SurveyVersion,
    Wave,
)
from feedback.services.responses import remove_response


class ReadOnlyAdmin(admin.ModelAdmin):
    """Services own these rows; support people look at them."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Survey)
class SurveyAdmin(ReadOnlyAdmin):
    list_display = ["name", "client_group", "project", "state", "created_at"]
    list_filter = ["state"]
    search_fields = ["name"]
    list_select_related = ["client_group", "project"]
    exclude = ["search"]


@admin.register(SurveyVersion)
class SurveyVersionAdmin(ReadOnlyAdmin):
    list_display = ["survey", "number", "published_at", "frozen_at"]
    search_fields = ["survey__name"]
    list_select_related = ["survey"]


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    list_display = ["text_en", "text_zh", "kind", "version"]
    list_filter = ["kind"]
    search_fields = ["text_en", "text_zh"]
    list_select_related = ["version__survey"]


@admin.register(Wave)
class WaveAdmin(ReadOnlyAdmin):
    list_display = ["name", "survey", "state", "send_at", "closes_at"]
    list_filter = ["state"]
    search_fields = ["name", "survey__name"]
    list_select_related = ["survey"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Without the token: it is the client's key."""

    list_display = ["contact", "wave", "state", "sent_at", "answered_at"]
    list_filter = ["state"]
    search_fields = ["contact__name", "contact__email"]
    list_select_related = ["contact", "wave__survey"]
    exclude = ["token"]


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    """Deleting goes through the service, so that scores are recomputed."""

    list_display = ["client", "contact", "survey", "wave", "mode", "responded_on"]
    list_filter = ["mode"]
    search_fields = ["client__name", "contact__name"]
    list_select_related = ["client", "contact", "survey", "wave__survey"]

    def has_delete_permission(self, request, obj=None):
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def get_deleted_objects(self, objs, request):
        """A sheet goes with its answers, which nobody may delete one by one."""
        rows, counts, _permissions, protected = super().get_deleted_objects(objs, request)
        return rows, counts, set(), protected

    def delete_model(self, request, obj):
        remove_response(response=obj, actor=request.user)

    def delete_queryset(self, request, queryset):
        for response in queryset:
            remove_response(response=response, actor=request.user)


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ["client", "metric", "score", "survey", "responded_on"]
    list_filter = ["metric"]
    search_fields = ["client__name"]
    list_select_related = ["client", "survey"]


@admin.register(SatisfactionRollup)
class SatisfactionRollupAdmin(ReadOnlyAdmin):
    list_display = ["scope", "scope_id", "metric", "period_kind", "period_start", "n", "score"]
    list_filter = ["scope", "metric", "period_kind"]
    search_fields = ["=scope_id"]


@admin.register(StaleScore)
class StaleScoreAdmin(ReadOnlyAdmin):
    list_display = ["scope", "scope_id", "metric", "month", "marked_at"]
    list_filter = ["scope", "metric"]
