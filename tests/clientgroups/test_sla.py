import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import translation

from accounts.models import AuditEvent, JobRun
from clientgroups.models import BusinessCalendar, ServiceRequest, SlaPolicy
from clientgroups.selectors import sla
from clientgroups.services import sla_watch
from clientgroups.services.requests import move_request, open_request
from clientgroups.tasks import tick_sla
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    GroupAccessFactory,
    MembershipFactory,
)
from tests.factories.requests import (
    CalendarFactory,
    ServiceRequestFactory,
    SlaPolicyFactory,
)

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


MONDAY = at("2026-11-23 10:00")


@pytest.fixture
def level():
    """First answer within two open hours, resolution within ten."""
    return SlaPolicyFactory()


@pytest.fixture
def lead():
    return GroupAccessFactory(role="lead")


def opened(level, lead=None, **fields):
    client = ClientFactory()
    if lead:
        MembershipFactory(client=client, client_group=lead.client_group)
    with time_machine.travel(MONDAY, tick=False):
        actor = UserFactory()
        return open_request(actor=actor, client=client, type=level.type, subject="Lid", **fields)


def told(kind):
    return {message.recipient for message in Message.objects.filter(kind=kind)}


def watch(text):
    return sla_watch.watch_service_levels(now=at(text))


# The watch --------------------------------------------------------------------------------------


def test_warning_comes_thirty_open_minutes_before(level, lead):
    opened(level, lead)

    assert watch("2026-11-23 11:29") == 0
    assert watch("2026-11-23 11:31") == 1
    assert told("request.due_soon") == {lead.user}
    assert watch("2026-11-23 11:35") == 0


def test_warning_comes_before_the_night_that_does_not_count(level, lead):
    row = opened(level, lead)
    ServiceRequest.objects.filter(pk=row.pk).update(first_answer_due_at=at("2026-11-24 09:10"))

    assert watch("2026-11-23 17:39") == 0
    assert watch("2026-11-23 17:41") == 1


def test_breach_is_told_to_assignee_and_leads_once(level, lead):
    assignee = UserFactory()
    row = opened(level, lead, assignee=assignee)
    Message.objects.all().delete()

    assert watch("2026-11-23 12:01") == 1
    assert watch("2026-11-23 12:06") == 0

    row.refresh_from_db()
    assert row.answer_breached_at == at("2026-11-23 12:01")
    assert told("request.late") == {assignee, lead.user}
    assert AuditEvent.objects.filter(verb="request.breached").count() == 1


def test_warning_goes_to_the_assignee_alone(level, lead):
    assignee = UserFactory()
    opened(level, lead, assignee=assignee)

    watch("2026-11-23 11:45")

    assert told("request.due_soon") == {assignee}


def test_both_clocks_are_watched(level, lead):
    opened(level, lead)

    watch("2026-11-24 11:01")

    keys = Message.objects.filter(kind="request.late").values_list("dedupe_key", flat=True)
    assert sorted(key.split(":")[1] for key in keys) == ["answer", "resolution"]


def test_missed_ticks_are_caught_up(level, lead):
    opened(level, lead)

    assert watch("2026-12-24 12:00") == 2


def test_moved_due_time_is_told_anew(level, lead):
    row = opened(level, lead)
    watch("2026-11-23 11:45")
    ServiceRequest.objects.filter(pk=row.pk).update(first_answer_due_at=at("2026-11-23 13:00"))

    watch("2026-11-23 12:45")

    assert Message.objects.filter(kind="request.due_soon").count() == 2


@pytest.mark.parametrize("status", ["waiting", "resolved", "closed"])
def test_clock_that_stands_is_not_watched(level, lead, status):
    row = opened(level, lead)
    with time_machine.travel(MONDAY, tick=False):
        if status == "closed":
            move_request(request=row, actor=lead.user, status="resolved", outcome="Done.")
        move_request(request=row, actor=lead.user, status=status, outcome="Done.")

    assert watch("2026-11-25 12:00") == 0


def test_answered_request_is_watched_for_its_resolution_alone(level, lead):
    row = opened(level, lead)
    ServiceRequest.objects.filter(pk=row.pk).update(first_answered_at=MONDAY, status="open")

    watch("2026-11-24 11:01")

    assert [m.subject.split(":")[0] for m in Message.objects.all()] == ["Resolution overdue"]


def test_request_without_a_level_is_not_watched(lead):
    row = ServiceRequestFactory()
    MembershipFactory(client=row.client, client_group=lead.client_group)

    assert watch("2026-12-25 12:00") == 0


def test_resolved_long_ago_is_closed_by_itself():
    old = ServiceRequestFactory(resolved=True)
    ServiceRequest.objects.filter(pk=old.pk).update(resolved_at=at("2026-11-01 10:00"))
    young = ServiceRequestFactory(resolved=True)
    ServiceRequest.objects.filter(pk=young.pk).update(resolved_at=at("2026-11-10 10:00"))

    assert watch("2026-11-23 10:00") == 1
    assert watch("2026-11-23 10:05") == 0

    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.status, young.status) == ("closed", "resolved")
    assert AuditEvent.objects.get(verb="request.closed").changes["status"] == ["resolved", "closed"]


def test_more_than_one_portion_is_worked_through(level, lead, monkeypatch):
    monkeypatch.setattr(sla_watch, "PORTION", 2)
    for _number in range(5):
        opened(level, lead)

    assert watch("2026-11-23 12:01") == 5
    assert watch("2026-11-23 12:01") == 0


def test_people_read_it_in_their_language(level, lead):
    lead.user.language = "zh-hans"
    lead.user.save()
    opened(level, lead)

    watch("2026-11-23 12:01")

    assert Message.objects.get().language == "zh-hans"


def test_task_records_its_run(level, lead):
    opened(level, lead)

    with time_machine.travel(at("2026-11-23 12:01"), tick=False):
        assert tick_sla() == 1

    assert JobRun.objects.get(name="clientgroups.tasks.tick_sla").rows == 1


# What a clock says ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "0 min"),
        (59, "59 min"),
        (60, "1 h"),
        (135, "2 h 15 min"),
        (599, "9 h 59 min"),
        (661, "11 h"),
    ],
)
def test_working_time_in_words(minutes, text):
    assert sla.working_time(minutes) == text


@pytest.mark.parametrize(
    ("now", "fields", "text", "tone"),
    [
        ("2026-11-23 10:00", {}, "Due in 2 h", "risk"),
        ("2026-11-23 12:40", {}, "40 min late", "late"),
        ("2026-11-23 12:40", {"met_at": at("2026-11-23 11:00")}, "In time", "ok"),
        ("2026-11-23 12:40", {"met_at": at("2026-11-23 12:30")}, "30 min late", "late"),
        ("2026-11-25 12:40", {"paused_at": at("2026-11-23 11:00")}, "Paused, 1 h left", "done"),
        ("2026-11-25 12:40", {"paused_at": at("2026-11-23 13:00")}, "Paused, 1 h late", "late"),
        # The whole night is shut.
        ("2026-11-22 23:00", {}, "Due in 3 h", "risk"),
    ],
)
def test_clock_says_how_it_stands(now, fields, text, tone):
    calendar = CalendarFactory().business_time

    clock = sla.clock_of(calendar, at("2026-11-23 12:00"), now=at(now), **fields)

    assert (clock.text, clock.tone) == (text, tone)
    assert clock.icon


def test_clock_far_away_is_calm():
    calendar = CalendarFactory().business_time

    clock = sla.clock_of(calendar, at("2026-11-25 12:00"), now=MONDAY)

    assert (clock.tone, clock.text) == ("info", "Due in 20 h")


def test_next_clock_is_the_earlier_one_that_runs(level):
    row = opened(level)
    known = sla.calendars()

    clocks = sla.clocks_of(row, known, MONDAY)
    assert clocks.next == clocks.answer
    row.first_answered_at = MONDAY
    clocks = sla.clocks_of(row, known, MONDAY)
    assert clocks.next == clocks.resolution
    row.resolved_at = MONDAY
    assert sla.clocks_of(row, known, MONDAY).next.is_met


def test_request_without_a_level_has_no_clocks():
    clocks = sla.clocks_of(ServiceRequestFactory(), sla.calendars())

    assert (clocks.answer, clocks.resolution, clocks.next) == (None, None, None)


def test_calendar_that_never_opens_is_left_out():
    BusinessCalendar.objects.all().update(is_default=False)
    SlaPolicy.objects.all().delete()
    shut, open_ = CalendarFactory(hours=[[]] * 7), CalendarFactory()

    found = sla.moments_in(30, MONDAY)

    assert shut.pk not in found
    assert found[open_.pk] == at("2026-11-23 10:30")


def test_texts_are_translated():
    calendar = CalendarFactory().business_time
    clock = sla.clock_of(calendar, at("2026-11-23 12:00"), now=MONDAY)

    with translation.override("zh-hans"):
        assert "{" not in clock.text
