import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from clientgroups.forms.calendars import CalendarForm, ExceptionForm, HoursField, next_days
from clientgroups.models import BusinessCalendar, CalendarException, RequestType, SlaPolicy
from clientgroups.models.calendar import check_hours
from clientgroups.models.defaults import create_service_defaults
from tests.factories.requests import CalendarFactory, SlaPolicyFactory

pytestmark = pytest.mark.django_db
WEEK = {f"day_{number}": "09:00–18:00" for number in range(5)}


# What is kept -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hours",
    [
        "09:00-18:00",
        [],
        [[]] * 6,
        [["09:00"]] * 7,
        [[["09:00", "x"]]] * 7,
        [[["18:00", "09:00"]]] * 7,
        [[["09:00", "12:00"], ["11:00", "18:00"]]] * 7,
        [[["13:00", "18:00"], ["09:00", "12:00"]]] * 7,
        [5] * 7,
        [[5]] * 7,
    ],
)
def test_hours_that_are_none_are_refused(hours):
    with pytest.raises(ValidationError):
        check_hours(hours)


def test_hours_may_have_breaks_and_last_until_midnight():
    check_hours([[["00:00", "12:00"], ["12:00", "24:00"]]] * 7)


def test_calendar_that_never_opens_is_refused():
    with pytest.raises(ValidationError, match="never open"):
        CalendarFactory.build(hours=[[]] * 7).full_clean()


def test_country_that_nobody_knows_is_refused():
    with pytest.raises(ValidationError, match="“XX”"):
        CalendarFactory.build(country="XX").full_clean()
    calendar = CalendarFactory.build(country="cn")
    calendar.full_clean()
    assert calendar.country == "CN"


def test_exception_with_wrong_hours_is_refused():
    row = CalendarException(
        calendar=CalendarFactory(), day=dt.date(2026, 12, 24), hours=[["18:00", "09:00"]]
    )

    with pytest.raises(ValidationError, match="pairs in order"):
        row.full_clean()
    assert "2026-12-24" in str(row)


def test_level_longer_than_two_years_is_refused():
    level = SlaPolicyFactory()
    level.resolution_minutes = 300_001

    with pytest.raises(ValidationError, match="300000 minutes at most"):
        level.full_clean()


def test_defaults_are_made_once_and_never_over_own_ones():
    SlaPolicy.objects.all().delete()
    BusinessCalendar.objects.all().delete()
    RequestType.objects.all().delete()

    for _number in range(2):
        create_service_defaults(
            lambda app, model: {
                "BusinessCalendar": BusinessCalendar,
                "SlaPolicy": SlaPolicy,
                "RequestType": RequestType,
            }[model]
        )

    assert list(SlaPolicy.objects.order_by("pk").values_list("priority", flat=True)) == [
        "urgent",
        "high",
        "normal",
        "low",
    ]
    assert RequestType.objects.get(name="Fault").name_zh == "故障"
    calendar = BusinessCalendar.objects.get()
    calendar.full_clean()
    assert calendar.is_default


# What people type -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("9:00-18:00", [["09:00", "18:00"]]),
        ("09:00–12:00, 13:00–18:00", [["09:00", "12:00"], ["13:00", "18:00"]]),
        ("09:00至12:00；13:00至24:00", [["09:00", "12:00"], ["13:00", "24:00"]]),
    ],
)
def test_hours_are_read_as_people_write_them(text, pairs):
    assert HoursField().clean(text) == pairs


@pytest.mark.parametrize(
    "text", ["nine to five", "09:00", "18:00-09:00", "25:00-26:00", "9-5 or so"]
)
def test_hours_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValidationError):
        HoursField().clean(text)


def test_calendar_form_keeps_seven_days():
    data = WEEK | {"name": "Shop", "time_zone": "Europe/Berlin", "country": "DE"}
    form = CalendarForm(data | {"day_5": "10:00–14:00"})

    assert form.is_valid(), form.errors
    calendar = form.save()

    assert calendar.hours[0] == [["09:00", "18:00"]]
    assert calendar.hours[5:] == [[["10:00", "14:00"]], []]
    again = CalendarForm(instance=calendar)
    assert again["day_5"].value() == "10:00–14:00"
    assert again.fields["day_0"].label == "Monday"


def test_calendar_form_refuses_a_week_off():
    form = CalendarForm({"name": "Shop", "time_zone": "UTC"})

    assert not form.is_valid()
    assert "never open" in str(form.errors)


def test_exception_form_knows_what_changed():
    row = CalendarException(hours=[["09:00", "12:00"]])
    form = ExceptionForm({"hours": "09:00–12:00"}, instance=row, initial={"hours": row.hours})

    assert not form.fields["hours"].has_changed(row.hours, "09:00–12:00")
    assert form.fields["hours"].has_changed(row.hours, "")


def test_preview_knows_holidays_and_exceptions():
    calendar = CalendarFactory(country="CN")
    CalendarException.objects.create(calendar=calendar, day=dt.date(2026, 2, 13))

    days = {day: hours for _name, day, hours in next_days(calendar, dt.date(2026, 2, 12), 6)}

    assert days[dt.date(2026, 2, 12)] == "09:00–18:00"
    assert days[dt.date(2026, 2, 13)] == ""
    assert days[dt.date(2026, 2, 14)] == "09:00–18:00"
    assert days[dt.date(2026, 2, 16)] == ""


# The administration -----------------------------------------------------------------------------


def test_administrator_opens_and_changes_a_calendar(client, sign_in):
    sign_in("admin", is_staff=True, is_superuser=True)
    calendar = CalendarFactory(country="CN")
    url = reverse("admin:clientgroups_businesscalendar_change", args=[calendar.pk])

    page = client.get(url)
    assert "09:00–18:00" in page.text
    data = WEEK | {
        "name": calendar.name,
        "time_zone": "Asia/Shanghai",
        "country": "CN",
        "day_5": "nonsense",
        "exceptions-TOTAL_FORMS": "1",
        "exceptions-INITIAL_FORMS": "0",
        "exceptions-0-day": "2026-12-24",
        "exceptions-0-hours": "09:00–12:00",
    }
    assert "Write the hours as" in client.post(url, data).text
    assert client.post(url, data | {"day_5": ""}).status_code == 302

    assert calendar.exceptions.get().hours == [["09:00", "12:00"]]
    assert "Save first." in client.get(reverse("admin:clientgroups_businesscalendar_add")).text


@pytest.mark.parametrize(
    "model", ["requesttype", "slapolicy", "cannedanswer", "servicerequest", "requestmessage"]
)
def test_administrator_opens_the_lists(client, sign_in, model):
    sign_in("admin", is_staff=True, is_superuser=True)

    assert client.get(reverse(f"admin:clientgroups_{model}_changelist")).status_code == 200
