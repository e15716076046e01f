import datetime as dt

import django_filters
from django import forms
from django.apps import apps
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from accounts.trail import verb_choices


def kinds():
    """Every kind of row that may have a trail: label -> name."""
    models = [model for model in apps.get_models() if hasattr(model, "_meta")]
    return sorted(
        (
            (model._meta.label_lower, str(model._meta.verbose_name).capitalize())
            for model in models
            if model.__module__.split(".")[0] != "django"
        ),
        key=lambda kind: kind[1],
    )


def day_start(day):
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


class DayFilter(django_filters.DateFilter):
    """A day as the person reading sees it; compared with instants so that the index serves."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}))
        super().__init__(*args, **kwargs)


class AuditFilter(django_filters.FilterSet):
    actor = django_filters.ModelChoiceFilter(
        queryset=User.objects.all(), label=_("Who"), empty_label=_("Everybody")
    )
    verb = django_filters.ChoiceFilter(
        choices=verb_choices, label=_("Action"), empty_label=_("Everything")
    )
    kind = django_filters.ChoiceFilter(
        field_name="target_type",
        choices=kinds,
        label=_("Kind of row"),
        empty_label=_("Every kind"),
    )
    row = django_filters.CharFilter(field_name="target_id", widget=forms.HiddenInput)
    since = DayFilter(method="from_day", label=_("From"))
    until = DayFilter(method="to_day", label=_("Until"))

    class Meta:
        model = AuditEvent
        fields = []

    def from_day(self, rows, name, day):
        return rows.filter(at__gte=day_start(day))

    def to_day(self, rows, name, day):
        return rows.filter(at__lt=day_start(day + dt.timedelta(days=1)))
