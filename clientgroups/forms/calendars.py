"""Opening hours as people write them, for the administration."""

import datetime as dt
import re

from babel.dates import get_day_names
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clientgroups.models import BusinessCalendar, CalendarException
from clientgroups.models.calendar import check_day
from core import formats

_PAIR = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~至]\s*(\d{1,2}):(\d{2})")


def written(day):
    """[[“09:00”, “12:00”], …] as 09:00–12:00, …"""
    return ", ".join(f"{opens}–{closes}" for opens, closes in day)


class HoursField(forms.CharField):
    """One day: 09:00–12:00, 13:00–18:00. Empty is a day off."""

    def __init__(self, **kwargs):
        super().__init__(**({"required": False, "max_length": 200} | kwargs))

    def prepare_value(self, value):
        return written(value) if isinstance(value, list) else value

    def has_changed(self, initial, data):
        return written(initial or []) != (data or "").strip()

    def clean(self, value):
        text = super().clean(value)
        pairs = [
            [f"{int(found[1]):02}:{found[2]}", f"{int(found[3]):02}:{found[4]}"]
            for found in _PAIR.finditer(text)
        ]
        if _PAIR.sub("", text).strip(" ,，;；、"):
            raise ValidationError(
                _("Write the hours as 09:00–12:00, 13:00–18:00, or leave it empty for a day off.")
            )
        check_day(pairs)
        return pairs


class CalendarForm(forms.ModelForm):
    """The week as seven lines instead of a data structure."""

    DAYS = [f"day_{number}" for number in range(7)]

    day_0 = HoursField()
    day_1 = HoursField()
    day_2 = HoursField()
    day_3 = HoursField()
    day_4 = HoursField()
    day_5 = HoursField()
    day_6 = HoursField()

    class Meta:
        model = BusinessCalendar
        fields = ["name", "time_zone", "country", "is_default"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = get_day_names("wide", locale=formats.locale())
        for number, name in enumerate(self.DAYS):
            field = self.fields[name]
            field.label = names[number]
            field.initial = self.instance.hours[number]
            field.widget.attrs["size"] = 40

    def clean(self):
        data = super().clean()
        self.instance.hours = [data.get(name, []) for name in self.DAYS]
        return data


class ExceptionForm(forms.ModelForm):
    hours = HoursField(label=_("Open"))

    class Meta:
        model = CalendarException
        fields = ["day", "hours", "note"]


def next_days(calendar, first, number):
    """(weekday, date, hours as written) of so many days, for the preview."""
    counted = calendar.business_time
    names = get_day_names("wide", locale=formats.locale())
    for shift in range(number):
        day = first + dt.timedelta(days=shift)
        hours = ", ".join(f"{clock(a)}–{clock(b)}" for a, b in counted.hours_on(day))
        yield names[day.weekday()], day, hours


def clock(since):
    minutes = int(since.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
