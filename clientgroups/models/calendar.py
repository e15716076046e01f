from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientgroups.models.contact import check_time_zone
from core.business_time import Calendar, knows_country, parse_span


def office_hours():
    """Monday to Friday, 9 to 18 o'clock: seven lists of [from, to]."""
    return [[["09:00", "18:00"]]] * 5 + [[], []]


def check_hours(value):
    """Seven lists, Monday first, of [from, to] in order and without overlap."""
    if not isinstance(value, list) or len(value) != 7:
        raise ValidationError(
            gettext("Give seven lists from Monday on, each of pairs such as [“09:00”, “18:00”].")
        )
    for day in value:
        check_day(day)


def check_day(value):
    """A list of [from, to] in order and without overlap; an empty one is a day off."""
    wrong = ValidationError(
        gettext(
            "Write the hours of a day as pairs in order, such as "
            "[[“09:00”, “12:00”], [“13:00”, “18:00”]]. “24:00” is the end of the day."
        )
    )
    if not isinstance(value, list):
        raise wrong
    try:
        spans = [parse_span(pair) for pair in value]
    except (TypeError, ValueError):
        raise wrong from None
    if any(one[1] > other[0] for one, other in zip(spans, spans[1:], strict=False)):
        raise wrong


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

    def clean(self):
        super().clean()
        self.country = self.country.upper()
        if self.country and not knows_country(self.country):
            raise ValidationError(
                {
                    "country": gettext("The public holidays of “%(code)s” are not known.")
                    % {"code": self.country}
                }
            )
        if isinstance(self.hours, list) and not any(self.hours):
            # Of no field: the form of the administration writes the week in seven.
            raise ValidationError(
                gettext("This calendar is never open, so nothing would ever fall due.")
            )

    @property
    def business_time(self):
        """What core.business_time counts with; one query unless `exceptions` were prefetched."""
        return Calendar(
            time_zone=self.time_zone,
            week=tuple(tuple(map(parse_span, day)) for day in self.hours),
            country=self.country,
            exceptions=tuple(
                (each.day, tuple(map(parse_span, each.hours))) for each in self.exceptions.all()
            ),
        )


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

    def clean(self):
        super().clean()
        try:
            check_day(self.hours)
        except ValidationError as problem:
            raise ValidationError({"hours": problem.messages}) from None
