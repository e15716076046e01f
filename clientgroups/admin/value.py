from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clientgroups import models
from clientgroups.admin.base import OneRowAdmin, ReadOnlyAdmin
from clientgroups.services.rates import (
    POLICY_FIELDS,
    delete_rate,
    save_rate,
    save_value_policy,
)


class ValuePolicyForm(forms.ModelForm):
    """Bounds are four numbers from worst to best, or none for the usual ones."""

    class Meta:
        model = models.ValuePolicy
        fields = POLICY_FIELDS

    def _bounds(self, name, *, falling=False):
        found = self.cleaned_data[name] or []
        plain = isinstance(found, list) and all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in found
        )
        if not plain or len(found) not in (0, 4) or len(set(found)) != len(found):
            raise ValidationError(_("Give four different numbers such as [2, 4, 8, 16], or none."))
        if found != sorted(found, reverse=falling):
            raise ValidationError(_("Put the bounds in order, from worst to best."))
        return found

    def clean_recency_bounds(self):
        return self._bounds("recency_bounds", falling=True)

    def clean_frequency_bounds(self):
        return self._bounds("frequency_bounds")

    def clean_monetary_bounds(self):
        return self._bounds("monetary_bounds")


@admin.register(models.ValuePolicy)
class ValuePolicyAdmin(OneRowAdmin):
    """The currency of sums and how RFM scores are given; scores follow it within a minute."""

    form = ValuePolicyForm
    list_display = ["base_currency", "window_months", "few_clients", "active_months"]

    def save_model(self, request, obj, form, change):
        save_value_policy(actor=request.user, policy=obj)


@admin.register(models.ExchangeRate)
class ExchangeRateAdmin(admin.ModelAdmin):
    list_display = ["currency", "base", "valid_from", "rate", "source"]
    list_filter = ["currency", "base"]
    date_hierarchy = "valid_from"

    def save_model(self, request, obj, form, change):
        save_rate(actor=request.user, rate=obj)

    def delete_model(self, request, obj):
        delete_rate(actor=request.user, rate=obj)

    def delete_queryset(self, request, queryset):
        for rate in queryset:
            delete_rate(actor=request.user, rate=rate)


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
