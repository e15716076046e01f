import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.models import AuditEvent
from clientgroups.models import ServiceRequest
from clientgroups.services import request_messages as talk
from clientgroups.services.requests import (
    change_request,
    move_request,
    open_request,
)
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ContactFactory
from tests.factories.requests import (
    RequestMessageFactory,
    ServiceRequestFactory,
    SlaPolicyFactory,
)

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# A Monday morning without holidays.
MONDAY = at("2026-11-23 10:00")


@pytest.fixture
def level():
    """Two open hours to the first answer, ten to the resolution."""
    return SlaPolicyFactory()


@pytest.fixture
def actor():
    return UserFactory()


def opened(level, actor, when=MONDAY, **fields):
    with time_machine.travel(when, tick=False):
        contact = fields.pop("contact", None) or ContactFactory()
        return open_request(
            actor=actor,
            client=contact.client,
            contact=contact,
            type=level.type,
            subject="The lid does not close",
            **fields,
        )


def kinds():
    return sorted(Message.objects.values_list("kind", flat=True))


# Moving -----------------------------------------------------------------------------------------

ALLOWED = [
    ("new", "open"),
    ("new", "waiting"),
    ("new", "resolved"),
    ("open", "waiting"),
    ("open", "resolved"),
    ("waiting", "open"),
    ("waiting", "resolved"),
    ("resolved", "open"),
    ("resolved", "closed"),
]


def in_state(status):
    traits = {"open": "open", "waiting": "waiting", "resolved": "resolved", "closed": "closed"}
    return ServiceRequestFactory(**({traits[status]: True} if status in traits else {}))


@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_allowed_moves_move(actor, before, after):
    row = in_state(before)

    event = move_request(request=row, actor=actor, status=after, outcome="Mended.")

    row.refresh_from_db()
    assert row.status == after
    assert event.changes["status"] == [before, after]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (before, after)
        for before in ServiceRequest.Status.values
        for after in ServiceRequest.Status.values
        if before != after and (before, after) not in [*ALLOWED, ("closed", "open")]
    ],
)
def test_other_moves_are_refused(actor, before, after):
    row = in_state(before)

    with pytest.raises(ValidationError, match="cannot become"):
        move_request(request=row, actor=actor, status=after, outcome="Mended.")

    row.refresh_from_db()
    assert row.status == before


def test_moving_to_where_it_stands_changes_nothing(actor):
    row = ServiceRequestFactory(open=True)

    assert move_request(request=row, actor=actor, status="open") is None
    assert not AuditEvent.objects.exists()


def test_resolving_needs_an_outcome(actor):
    row = ServiceRequestFactory(open=True)

    with pytest.raises(ValidationError, match="what came of it"):
        move_request(request=row, actor=actor, status="resolved", outcome="  ")


def test_resolving_stops_both_clocks_and_mails_once(actor):
    row = ServiceRequestFactory(open=True, contact=ContactFactory())
    ServiceRequest.objects.filter(pk=row.pk).update(client=row.contact.client)

    for _number in range(2):
        move_request(request=row, actor=actor, status="resolved", outcome="Sent a new lid.")

    row.refresh_from_db()
    assert row.first_answered_at == row.resolved_at
    assert [message.text for message in row.messages.all()] == ["Sent a new lid."]
    mail = Message.objects.get()
    assert (mail.kind, "Sent a new lid." in mail.body) == ("request.resolved", True)


def test_resolving_is_refused_when_the_client_wrote_since(actor):
    row = ServiceRequestFactory(open=True)
    seen = RequestMessageFactory(request=row).pk
    RequestMessageFactory(request=row, from_client=True)

    with pytest.raises(ValidationError, match="written since"):
        move_request(request=row, actor=actor, status="resolved", outcome="Done.", seen=seen)

    row.refresh_from_db()
    assert row.status == "open"
    newest = row.messages.last().pk
    assert move_request(request=row, actor=actor, status="resolved", outcome="Done.", seen=newest)


def test_closed_long_ago_is_not_taken_up(actor):
    row = ServiceRequestFactory(closed=True)

    with pytest.raises(ValidationError, match="more than 14 days ago"):
        move_request(request=row, actor=actor, status="open")


# Clocks -----------------------------------------------------------------------------------------


def test_waiting_moves_both_due_times_by_its_open_minutes(level, actor):
    row = opened(level, actor)
    with time_machine.travel(at("2026-11-23 11:00"), tick=False):
        move_request(request=row, actor=actor, status="waiting")
    # Seven hours on Monday and one on Tuesday; the night does not count.
    with time_machine.travel(at("2026-11-24 10:00"), tick=False):
        move_request(request=row, actor=actor, status="open")

    row.refresh_from_db()
    assert row.paused_minutes == 8 * 60
    assert row.first_answer_due_at == at("2026-11-24 11:00")
    assert row.resolution_due_at == at("2026-11-25 10:00")


def test_pause_over_a_weekend_adds_nothing(level, actor):
    row = opened(level, actor, at("2026-11-27 17:00"))
    with time_machine.travel(at("2026-11-27 18:00"), tick=False):
        move_request(request=row, actor=actor, status="waiting")
    due = row.resolution_due_at
    with time_machine.travel(at("2026-11-30 09:00"), tick=False):
        move_request(request=row, actor=actor, status="open")

    row.refresh_from_db()
    assert (row.paused_minutes, row.resolution_due_at) == (0, due)


def test_resolving_while_it_waits_counts_the_pause(level, actor):
    row = opened(level, actor)
    with time_machine.travel(at("2026-11-23 11:00"), tick=False):
        move_request(request=row, actor=actor, status="waiting")
    with time_machine.travel(at("2026-11-23 13:00"), tick=False):
        move_request(request=row, actor=actor, status="resolved", outcome="Done.")

    row.refresh_from_db()
    assert (row.paused_at, row.paused_minutes) == (None, 120)


def test_time_as_resolved_is_no_time_of_ours(level, actor):
    row = opened(level, actor)
    with time_machine.travel(at("2026-11-23 12:00"), tick=False):
        move_request(request=row, actor=actor, status="resolved", outcome="Done.")
    with time_machine.travel(at("2026-11-24 12:00"), tick=False):
        move_request(request=row, actor=actor, status="open")

    row.refresh_from_db()
    assert row.paused_minutes == 9 * 60
    assert row.resolution_due_at == at("2026-11-25 11:00")
    # It was answered: that clock has stopped for good.
    assert row.first_answer_due_at == at("2026-11-23 12:00")


def test_priority_counts_from_the_beginning_with_its_pauses(level, actor):
    SlaPolicyFactory(
        type=level.type, priority="urgent", calendar=level.calendar, resolution_minutes=180
    )
    row = opened(level, actor)
    with time_machine.travel(at("2026-11-23 11:00"), tick=False):
        move_request(request=row, actor=actor, status="waiting")
    with time_machine.travel(at("2026-11-23 12:00"), tick=False):
        move_request(request=row, actor=actor, status="open")
        change_request(request=row, actor=actor, priority="urgent")

    row.refresh_from_db()
    assert row.resolution_due_at == at("2026-11-23 14:00")
    assert row.first_answer_due_at == at("2026-11-23 13:00")


def test_due_time_ahead_again_may_be_missed_again(level, actor):
    SlaPolicyFactory(
        type=level.type, priority="low", calendar=level.calendar, resolution_minutes=6000
    )
    row = opened(level, actor)
    ServiceRequest.objects.filter(pk=row.pk).update(
        resolution_breached_at=MONDAY, answer_breached_at=MONDAY
    )

    with time_machine.travel(at("2026-11-25 10:00"), tick=False):
        change_request(request=row, actor=actor, priority="low")

    row.refresh_from_db()
    assert row.resolution_breached_at is None
    # Still late: the first answer was due on Monday.
    assert row.answer_breached_at == MONDAY


def test_answer_given_keeps_the_level_it_was_given_under(level, actor):
    SlaPolicyFactory(
        type=level.type, priority="urgent", calendar=level.calendar, first_answer_minutes=5
    )
    row = opened(level, actor)
    with time_machine.travel(at("2026-11-23 11:00"), tick=False):
        talk.add_message(request=row, actor=actor, text="We look.", is_internal=False)
        change_request(request=row, actor=actor, priority="urgent")

    row.refresh_from_db()
    assert row.first_answer_due_at == at("2026-11-23 12:00")


def test_clocks_of_what_is_done_are_not_set_anew(actor):
    row = ServiceRequestFactory(resolved=True)

    with pytest.raises(ValidationError, match="clocks have stopped"):
        change_request(request=row, actor=actor, priority="urgent")
