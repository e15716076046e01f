from django.contrib import admin

from clientgroups import models
from clientgroups.admin.base import OneRowAdmin, ReadOnlyAdmin


@admin.register(models.Client)
class ClientAdmin(ReadOnlyAdmin):
    list_display = ["name", "external_id", "kind", "stage", "stage_as_of", "owner"]
    list_filter = ["stage", "kind", "stage_follows_today"]
    list_select_related = ["owner"]
    search_fields = ["name", "external_id"]
    show_full_result_count = False
    exclude = ["search", "name_key"]


@admin.register(models.Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ["name", "email", "client", "language", "email_consent", "is_active"]
    list_filter = ["language", "email_consent", "is_active"]
    list_select_related = ["client"]
    search_fields = ["name", "email", "client__name"]


@admin.register(models.Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    list_display = ["client", "bought_on", "amount", "currency", "product", "external_id"]
    list_filter = ["currency"]
    list_select_related = ["client"]
    search_fields = ["external_id", "client__name", "client__external_id"]
    show_full_result_count = False


@admin.register(models.StagedPurchase)
class StagedPurchaseAdmin(ReadOnlyAdmin):
    list_display = ["batch", "line", "client_external_id", "bought_on", "amount", "currency"]
    search_fields = ["=batch", "client_external_id"]
    show_full_result_count = False


@admin.register(models.ClientGroup)
class ClientGroupAdmin(ReadOnlyAdmin):
    list_display = [
        "name",
        "kind",
        "member_count",
        "refreshed_at",
        "refresh_ms",
        "joined_count",
        "left_count",
        "stale_at",
        "problem",
    ]
    list_filter = ["kind", "problem"]
    search_fields = ["name"]
    exclude = ["search"]


@admin.register(models.ClientMark)
class ClientMarkAdmin(ReadOnlyAdmin):
    list_display = ["client", "marked_at"]
    list_select_related = ["client"]


@admin.register(models.GroupAccess)
class GroupAccessAdmin(ReadOnlyAdmin):
    list_display = ["client_group", "user", "role"]
    list_filter = ["role"]
    list_select_related = ["client_group", "user"]
    search_fields = ["client_group__name", "user__name", "user__email"]


@admin.register(models.Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ["client", "client_group", "valid_from", "valid_to"]
    list_select_related = ["client", "client_group"]
    search_fields = ["client__name", "client_group__name"]
    show_full_result_count = False


@admin.register(models.LifecycleChange)
class LifecycleChangeAdmin(ReadOnlyAdmin):
    list_display = ["client", "before", "after", "as_of", "reason", "actor"]
    list_filter = ["after"]
    list_select_related = ["client", "actor"]
    search_fields = ["client__name", "client__external_id"]
    show_full_result_count = False


@admin.register(models.LifecyclePolicy)
class LifecyclePolicyAdmin(OneRowAdmin):
    """When a client counts as loyal or lapsed; the next night follows it."""

    list_display = ["window_months", "loyal_purchases", "stay_loyal_purchases", "grace_days"]


@admin.register(models.GroupSize)
class GroupSizeAdmin(ReadOnlyAdmin):
    list_display = ["client_group", "day", "n"]
    list_select_related = ["client_group"]
    date_hierarchy = "day"
    show_full_result_count = False
