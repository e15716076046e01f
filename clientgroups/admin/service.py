from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from clientgroups import models
from clientgroups.admin.base import ReadOnlyAdmin
from clientgroups.forms.calendars import CalendarForm, ExceptionForm, next_days
from core import formats
from core.business_time import holiday_name

PREVIEW_DAYS = 14


class CalendarExceptionInline(admin.TabularInline):
    model = models.CalendarException
    form = ExceptionForm
    extra = 1


@admin.register(models.BusinessCalendar)
class BusinessCalendarAdmin(admin.ModelAdmin):
    list_display = ["name", "time_zone", "country", "is_default"]
    form = CalendarForm
    inlines = [CalendarExceptionInline]
    readonly_fields = ["preview"]

    @admin.display(description=gettext_lazy("The next 14 days"))
    def preview(self, calendar):
        """What the saved hours, holidays and exceptions come to."""
        if calendar.pk is None:
            return _("Save first.")
        rows = []
        for name, day, hours in next_days(calendar, timezone.localdate(), PREVIEW_DAYS):
            holiday = holiday_name(calendar.country, day, get_language() or "en")
            rows.append((name, formats.day(day), hours or _("closed"), holiday))
        lines = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        return format_html("<table>{}</table>", lines)


@admin.register(models.CalendarException)
class CalendarExceptionAdmin(admin.ModelAdmin):
    list_display = ["calendar", "day", "note"]
    list_filter = ["calendar"]
    list_select_related = ["calendar"]


@admin.register(models.RequestType)
class RequestTypeAdmin(admin.ModelAdmin):
    list_display = ["name", "name_zh", "position", "archived_at"]


@admin.register(models.SlaPolicy)
class SlaPolicyAdmin(admin.ModelAdmin):
    """Times are open minutes; requests that are open follow when they next change or pause."""

    list_display = ["priority", "type", "first_answer_minutes", "resolution_minutes", "calendar"]
    list_filter = ["priority"]
    list_select_related = ["type", "calendar"]


@admin.register(models.CannedAnswer)
class CannedAnswerAdmin(admin.ModelAdmin):
    list_display = ["title", "type", "archived_at"]
    list_select_related = ["type"]
    search_fields = ["title", "text", "text_zh"]


@admin.register(models.ServiceRequest)
class ServiceRequestAdmin(ReadOnlyAdmin):
    list_display = [
        "subject",
        "client",
        "type",
        "priority",
        "status",
        "assignee",
        "resolution_due_at",
    ]
    list_filter = ["status", "priority"]
    list_select_related = ["client", "type", "assignee"]
    search_fields = ["subject", "client__name"]
    show_full_result_count = False
    exclude = ["token", "search"]


@admin.register(models.RequestMessage)
class RequestMessageAdmin(ReadOnlyAdmin):
    list_display = ["request", "author", "is_internal", "at"]
    list_filter = ["is_internal"]
    list_select_related = ["request", "author"]
    search_fields = ["request__subject"]
    show_full_result_count = False
