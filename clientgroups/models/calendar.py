import datetime as dt

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientgroups.models.contact import check_time_zone


def office_hours():
    """Monday to Friday, 9 to 18 o'clock: seven lists of [from, to]."""
    return [[["09:00", "18:00"]]] * 5 + [[], []]


def check_hours(value):
    """Seven lists, Monday first, of [from, to] in order and without overlap."""
    wrong = ValidationError(
        gettext("Give seven lists from Monday on, each of pairs such as [“09:00”, “18:00”].")
    )
    if not isinstance(value, list) or len(value) != 7:
        raise wrong
    for day in value:
        last = dt.time.min
        if not isinstance(day, list):
            raise wrong
        for number, pair in enumerate(day):
            try:
                start, end = (dt.time.fromisoformat(text) for text in pair)
            except (TypeError, ValueError):
                raise wrong from None
            if start >= end or (number and start < last):
                raise wrong
            last = end


class BusinessCalendar(models.Model):
    """When a team works: hours per weekday, public holidays of a country, and own exceptions."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="Asia/Shanghai", validators=[check_time_zone]
    )
    hours = models.JSONField(_("working hours"), default=office_hours, validators=[check_hours])
    country = models.CharField(
        _("public holidays of"),
        max_length=2,
        blank=True,
        help_text=_("Two letters, such as CN. Empty: no public holidays."),
    )
    is_default = models.BooleanField(_("used unless another is chosen"), default=False)

    class Meta:
        verbose_name = _("business calendar")
        verbose_name_plural = _("business calendars")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                name="businesscalendar_one_default",
                condition=models.Q(is_default=True),
                violation_error_message=_("Only one calendar can be the default."),
            )
        ]

    def __str__(self):
        return self.name


class CalendarException(models.Model):
    """A day that differs: closed, or open with its own hours (a make-up working day)."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="exceptions")
    day = models.DateField(_("day"))
    # Empty: closed. Otherwise pairs as in one day of the calendar's hours.
    hours = models.JSONField(_("working hours"), default=list, blank=True)
    note = models.CharField(_("note"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="calendarexception_once")
        ]

    def __str__(self):
        return f"{self.calendar} {self.day:%Y-%m-%d}"
