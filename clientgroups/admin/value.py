from django.contrib import admin

from clientgroups import models
from clientgroups.admin.base import OneRowAdmin, ReadOnlyAdmin


@admin.register(models.ValuePolicy)
class ValuePolicyAdmin(OneRowAdmin):
    """The currency of sums and how RFM scores are given; the next night follows it."""

    list_display = ["base_currency", "window_months", "few_clients", "active_months"]


@admin.register(models.ExchangeRate)
class ExchangeRateAdmin(admin.ModelAdmin):
    list_display = ["currency", "base", "valid_from", "rate", "source"]
    list_filter = ["currency", "base"]


@admin.register(models.RfmScore)
class RfmScoreAdmin(ReadOnlyAdmin):
    list_display = ["client", "as_of", "r", "f", "m", "segment"]
    list_filter = ["segment"]
    list_select_related = ["client"]
    search_fields = ["client__name"]
    show_full_result_count = False


@admin.register(models.RfmChange)
class RfmChangeAdmin(ReadOnlyAdmin):
    list_display = ["client", "as_of", "before", "after"]
    list_select_related = ["client"]
    search_fields = ["client__name"]
    show_full_result_count = False


@admin.register(models.Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = ["title", "client_group", "kind", "found_on", "confidence"]
    list_filter = ["kind", "confidence"]
    list_select_related = ["client_group"]
    search_fields = ["title", "source"]
