from django.contrib import admin

from clientgroups import models
from clientgroups.admin.base import OneRowAdmin, ReadOnlyAdmin


@admin.register(models.EngagementPolicy)
class EngagementPolicyAdmin(OneRowAdmin):
    list_display = ["__str__", "half_life_days", "full_at"]


@admin.register(models.HealthPolicy)
class HealthPolicyAdmin(OneRowAdmin):
    list_display = ["__str__", "good_from", "watch_from", "silent_after"]


@admin.register(models.ClientSilence)
class ClientSilenceAdmin(ReadOnlyAdmin):
    list_display = ["client", "last_on", "usual_days", "since"]
    list_select_related = ["client"]
    show_full_result_count = False
