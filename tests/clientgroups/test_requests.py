import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import RequestMessage, RequestType, ServiceRequest, SlaPolicy
from clientgroups.services.requests import (
    change_request,
    move_request,
    open_request,
    undo_change,
)
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ContactFactory
from tests.factories.requests import (
    CalendarFactory,
    RequestMessageFactory,
    RequestTypeFactory,
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


# Opening ----------------------------------------------------------------------------------------


def test_open_request_sets_both_clocks(level, actor):
    row = opened(level, actor)

    assert row.sla == level
    assert row.first_answer_due_at == at("2026-11-23 12:00")
    # Eight hours on Monday, two on Tuesday.
    assert row.resolution_due_at == at("2026-11-24 11:00")
    assert (row.status, row.created_by) == ("new", actor)
    assert [event.verb for event in AuditEvent.objects.all()] == ["request.opened"]


def test_open_request_has_a_token_nobody_guesses(level, actor):
    tokens = {opened(level, actor).token for _number in range(3)}

    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 40


def test_open_request_twice_with_one_key_is_once(level, actor):
    contact, key, assignee = ContactFactory(), uuid.uuid4(), UserFactory()

    rows = {
        opened(level, actor, contact=contact, submission_key=key, assignee=assignee).pk
        for _number in range(2)
    }

    assert len(rows) == 1
    assert kinds() == ["request.assigned"]
    assert AuditEvent.objects.count() == 1


def test_open_request_key_of_another_client_is_refused(level, actor):
    key = uuid.uuid4()
    opened(level, actor, submission_key=key)

    with pytest.raises(ValidationError, match="sent already"):
        opened(level, actor, submission_key=key)


def test_level_that_names_the_type_wins(actor):
    SlaPolicy.objects.all().delete()
    general = SlaPolicyFactory(type=None, priority="urgent", first_answer_minutes=60)
    special = SlaPolicyFactory(priority="urgent", first_answer_minutes=30)
    other = SlaPolicyFactory(priority="low")

    assert opened(special, actor, priority="urgent").sla == special
    assert opened(other, actor, priority="urgent").sla == general


def test_request_without_a_level_has_no_due_times(actor):
    SlaPolicy.objects.all().delete()
    contact = ContactFactory()

    row = open_request(
        actor=actor, client=contact.client, type=RequestTypeFactory(), subject="Anything"
    )

    assert (row.sla, row.first_answer_due_at, row.resolution_due_at) == (None, None, None)


def test_request_on_a_calendar_that_never_opens_has_no_due_times(actor):
    level = SlaPolicyFactory(calendar=CalendarFactory(hours=[[]] * 7))

    row = opened(level, actor)

    assert (row.sla, row.resolution_due_at) == (level, None)


def test_new_assignee_is_told_and_the_actor_is_not(level, actor):
    opened(level, actor, assignee=actor)
    assert kinds() == []

    opened(level, actor, assignee=UserFactory())
    assert kinds() == ["request.assigned"]


def test_contact_is_told_on_demand_in_their_language(level, actor):
    contact = ContactFactory(chinese=True, email="wang@example.com")

    opened(level, actor, contact=contact, tell_contact=True)

    mail = Message.objects.get()
    assert (mail.address, mail.language, mail.kind) == (
        "wang@example.com",
        "zh-hans",
        "request.received",
    )
    assert mail.url.startswith("/r/")


@pytest.mark.parametrize("gone", ["erased", "merged"])
def test_client_put_away_gets_no_request(level, actor, gone):
    now = timezone.now()
    fields = {"erased_at": now} if gone == "erased" else {"merged_into": ClientFactory()}
    client = ClientFactory(archived_at=now, **fields)

    with pytest.raises(ValidationError, match="put away"):
        open_request(actor=actor, client=client, type=level.type, subject="More")


def test_request_cannot_come_in_tomorrow(level, actor):
    with pytest.raises(ValidationError, match="later than now"):
        opened(level, actor, opened_at=MONDAY + dt.timedelta(days=1))


def test_contact_of_another_client_is_refused(level, actor):
    with pytest.raises(ValidationError, match="contact of this client"):
        open_request(
            actor=actor,
            client=ClientFactory(),
            contact=ContactFactory(),
            type=level.type,
            subject="More",
        )


def test_new_request_takes_no_other_fields(level, actor):
    with pytest.raises(TypeError, match="token"):
        opened(level, actor, token="mine")


def test_assignee_who_left_is_refused(level, actor):
    with pytest.raises(ValidationError, match="no longer signs in"):
        opened(level, actor, assignee=UserFactory(is_active=False))


# Changing and undoing ---------------------------------------------------------------------------


def test_change_request_twice_records_once(level, actor):
    row = opened(level, actor)
    person = UserFactory()

    first = change_request(request=row, actor=actor, assignee=person)
    second = change_request(request=row, actor=actor, assignee=person)

    assert (first.verb, second) == ("request.changed", None)
    assert kinds() == ["request.assigned"]


def test_change_of_words_keeps_them_out_of_the_trail(actor):
    row = ServiceRequestFactory()

    event = change_request(request=row, actor=actor, subject="New words", text="Longer words")

    row.refresh_from_db()
    assert (row.subject, row.text) == ("New words", "Longer words")
    assert "words" not in str(event.changes)


def test_change_refuses_what_it_does_not_know(actor):
    with pytest.raises(TypeError, match="rating"):
        change_request(request=ServiceRequestFactory(), actor=actor, rating=5)


def test_change_refuses_rows_that_do_not_fit(actor):
    row = ServiceRequestFactory()

    with pytest.raises(ValidationError, match="contact of this client"):
        change_request(request=row, actor=actor, contact=ContactFactory())
    with pytest.raises(ValidationError, match="no longer signs in"):
        change_request(request=row, actor=actor, assignee=UserFactory(is_active=False))


def everything(row):
    """All that undo must bring back."""
    return ServiceRequest.objects.values(
        "status",
        "priority",
        "sla",
        "assignee",
        "first_answer_due_at",
        "resolution_due_at",
        "first_answered_at",
        "paused_at",
        "paused_minutes",
        "resolved_at",
    ).get(pk=row.pk)


@pytest.mark.parametrize("after", ["open", "waiting", "resolved"])
def test_undo_of_a_move_brings_everything_back(level, actor, after):
    row = opened(level, actor)
    before = everything(row)
    event = move_request(request=row, actor=actor, status=after, outcome="Done.")

    assert undo_change(request=row, event=event, actor=actor)

    assert everything(row) == before
    assert not undo_change(request=row, event=event, actor=actor)


def test_undo_of_taking_up_brings_the_resolution_back(level, actor):
    row = opened(level, actor, timezone.now() - dt.timedelta(days=1))
    move_request(request=row, actor=actor, status="resolved", outcome="Done.")
    before = everything(row)
    event = move_request(request=row, actor=actor, status="open")

    undo_change(request=row, event=event, actor=actor)

    assert everything(row) == before
    row.refresh_from_db()
    assert row.outcome == "Done."


def test_undo_of_a_priority_brings_the_due_times_back(level, actor):
    SlaPolicyFactory(type=level.type, priority="urgent", calendar=level.calendar)
    row = opened(level, actor)
    before = everything(row)
    event = change_request(request=row, actor=actor, priority="urgent")

    undo_change(request=row, event=event, actor=actor)

    assert everything(row) == before


def test_undo_is_refused_once_it_has_changed_again(actor):
    row = ServiceRequestFactory()
    event = change_request(request=row, actor=actor, priority="high")
    change_request(request=row, actor=actor, priority="urgent")

    with pytest.raises(ValidationError, match="changed again"):
        undo_change(request=row, event=event, actor=actor)


# Constraints ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"rating": 6},
        {"rating": 0},
        {"status": "resolved"},
        {"status": "new", "resolved_at": MONDAY},
        {"status": "waiting"},
        {"status": "open", "paused_at": MONDAY},
    ],
)
def test_request_constraints_refuse(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceRequestFactory(**fields)


def test_internal_message_needs_an_author():
    with pytest.raises(IntegrityError), transaction.atomic():
        RequestMessageFactory(is_internal=True, author=None)


def test_level_of_a_type_and_priority_stands_once():
    SlaPolicy.objects.filter(type=None).delete()
    SlaPolicyFactory(type=None, priority="low")

    with pytest.raises(IntegrityError), transaction.atomic():
        SlaPolicyFactory(type=None, priority="low")


def test_first_answer_is_not_due_after_the_resolution():
    with pytest.raises(IntegrityError), transaction.atomic():
        SlaPolicyFactory(first_answer_minutes=601)


def test_texts_of_the_models():
    level = SlaPolicyFactory(type=RequestTypeFactory(name="Spill"))
    row = ServiceRequestFactory(type=level.type)
    message = RequestMessageFactory(request=row, text="x" * 100)

    assert str(level) == "Spill · Normal"
    assert str(row) == row.subject
    assert str(message) == "x" * 80
    assert row.number == f"R-{row.pk}"
    assert row.get_absolute_url() == f"/requests/{row.pk}/"
    assert RequestType.objects.get(pk=level.type_id) == level.type
    assert message.role_of(row.client.owner) == "lead"


def test_assignee_without_a_role_works_as_a_member():
    person = UserFactory()
    row = ServiceRequestFactory(assignee=person)

    assert row.role_of(person) == "member"
    assert row.role_of(UserFactory()) is None
    assert RequestMessage(request=row).role_of(person) == "member"


def test_contact_who_cannot_be_mailed_is_not_told(level, actor):
    opened(level, actor, contact=ContactFactory(email=""), tell_contact=True)

    assert kinds() == []


def test_pause_without_a_level_counts_nothing(actor):
    row = ServiceRequestFactory(waiting=True)

    move_request(request=row, actor=actor, status="open")

    row.refresh_from_db()
    assert (row.paused_at, row.paused_minutes) == (None, 0)
