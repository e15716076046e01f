import datetime as dt
import uuid

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import RequestMessage, ServiceRequest
from clientgroups.services import request_messages as talk
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)
from tests.factories.requests import ServiceRequestFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\r\nBcc: everybody@example.com {client.__class__}"


@pytest.fixture
def actor():
    return UserFactory(name="Ana Ruiz", email="ana@staff.example")


def with_contact(contact=None, **fields):
    contact = contact or ContactFactory()
    return ServiceRequestFactory(client=contact.client, contact=contact, **fields)


def ago(days):
    return timezone.now() - dt.timedelta(days=days)


# The team writes --------------------------------------------------------------------------------


def test_first_words_to_the_client_stop_the_first_clock(actor):
    row = with_contact()

    talk.add_message(request=row, actor=actor, text="We look.", is_internal=False)

    row.refresh_from_db()
    assert row.status == "open"
    assert row.first_answered_at is not None
    first = row.first_answered_at
    talk.add_message(request=row, actor=actor, text="Still looking.", is_internal=False)
    row.refresh_from_db()
    assert row.first_answered_at == first
    assert AuditEvent.objects.filter(verb="request.answered").count() == 2


def test_internal_note_reaches_nobody_and_stops_nothing(actor):
    row = with_contact()

    talk.add_message(request=row, actor=actor, text="Careful with them.", is_internal=True)

    row.refresh_from_db()
    assert (row.status, row.first_answered_at) == ("new", None)
    assert not Message.objects.exists()


def test_answer_is_mailed_in_the_language_of_the_contact(actor):
    row = with_contact(ContactFactory(chinese=True))

    message = talk.add_message(request=row, actor=actor, text="新盖子已寄出。", is_internal=False)

    mail = Message.objects.get()
    assert (mail.recipient, mail.address, mail.language) == (None, row.contact.email, "zh-hans")
    assert mail.dedupe_key == f"request.answer:{message.pk}"
    assert "新盖子已寄出。" in mail.body
    assert mail.url == f"/r/{row.token}/"
    assert actor.email not in mail.body + mail.subject


def test_service_mail_needs_no_consent_but_an_active_contact(actor):
    talk.add_message(
        request=with_contact(ContactFactory(email_consent=False)),
        actor=actor,
        text="We look.",
        is_internal=False,
    )
    assert Message.objects.count() == 1

    for contact in (ContactFactory(is_active=False), ContactFactory(email="")):
        row = with_contact(contact)
        talk.add_message(request=row, actor=actor, text="We look.", is_internal=False)
    talk.add_message(
        request=ServiceRequestFactory(), actor=actor, text="We look.", is_internal=False
    )
    assert Message.objects.count() == 1


def test_message_sent_twice_with_one_key_is_once(actor):
    row, key = with_contact(), uuid.uuid4()

    sent = {
        talk.add_message(
            request=row, actor=actor, text="We look.", is_internal=False, submission_key=key
        ).pk
        for _number in range(2)
    }

    assert len(sent) == 1
    assert Message.objects.count() == 1


def test_wait_hands_the_turn_to_the_client(actor):
    row = with_contact()

    talk.add_message(request=row, actor=actor, text="Which one?", is_internal=False, wait=True)

    row.refresh_from_db()
    assert row.status == "waiting"
    assert row.paused_at is not None
    talk.add_message(request=row, actor=actor, text="Still there?", is_internal=False)
    row.refresh_from_db()
    assert row.status == "waiting"


def test_words_after_the_end_do_not_take_it_up(actor):
    row = with_contact(resolved=True)

    talk.add_message(request=row, actor=actor, text="Thank you!", is_internal=False, wait=True)

    row.refresh_from_db()
    assert row.status == "resolved"


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_001])
def test_message_that_cannot_be_kept_is_refused(actor, text):
    row = with_contact()

    with pytest.raises(ValidationError):
        talk.add_message(request=row, actor=actor, text=text, is_internal=False)

    row.refresh_from_db()
    assert row.status == "new"


def test_hostile_text_is_kept_as_it_is_and_breaks_no_header(actor):
    contact = ContactFactory(name="<b>Eve</b>")
    row = with_contact(contact, subject="Lid\r\nBcc: everybody@example.com")

    message = talk.add_message(request=row, actor=actor, text=HOSTILE, is_internal=False)

    assert RequestMessage.objects.get(pk=message.pk).text == HOSTILE.strip()
    mail = Message.objects.get()
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject


# The client writes ------------------------------------------------------------------------------


def test_client_takes_up_what_waits_for_them():
    row = with_contact(waiting=True, assignee=UserFactory())

    kept = talk.write_as_client(request=row, text="The blue one.", submission_key=uuid.uuid4())

    row.refresh_from_db()
    assert kept == row
    assert (row.status, row.paused_at) == ("open", None)
    told = Message.objects.get()
    assert (told.recipient, told.kind) == (row.assignee, "request.client_wrote")


@pytest.mark.parametrize("status", ["new", "open"])
def test_client_writing_changes_no_state_that_is_ours(status):
    row = with_contact(status=status)

    talk.write_as_client(request=row, text="Any news?", submission_key=uuid.uuid4())

    row.refresh_from_db()
    assert row.status == status
    assert row.messages.get().author is None


def test_client_writing_soon_after_the_end_takes_it_up():
    row = with_contact(resolved=True, rating=2)

    talk.write_as_client(request=row, text="It broke again.", submission_key=uuid.uuid4())

    row.refresh_from_db()
    assert (row.status, row.resolved_at, row.rating) == ("open", None, 2)


def test_client_writing_long_after_the_end_opens_another_request():
    row, key = with_contact(closed=True, assignee=UserFactory()), uuid.uuid4()

    kept = talk.write_as_client(request=row, text="It broke again.", submission_key=key)
    again = talk.write_as_client(request=row, text="It broke again.", submission_key=key)

    assert (kept.follows, kept.status, kept.source) == (row, "new", "link")
    assert (kept.assignee, kept.contact, kept.created_by) == (row.assignee, row.contact, None)
    assert again == kept
    assert ServiceRequest.objects.count() == 2
    assert kept.messages.count() == 1
    row.refresh_from_db()
    assert row.status == "closed"


def test_client_writing_long_after_to_somebody_who_left_finds_the_leads():
    row = with_contact(closed=True, assignee=UserFactory(is_active=False))
    lead = GroupAccessFactory(role="lead")
    MembershipFactory(client=row.client, client_group=lead.client_group)

    kept = talk.write_as_client(request=row, text="Hello?", submission_key=uuid.uuid4())

    assert kept.assignee is None
    assert Message.objects.get().recipient == lead.user


def test_client_sending_twice_is_kept_once():
    row, key = with_contact(open=True), uuid.uuid4()

    for _number in range(2):
        talk.write_as_client(request=row, text="Any news?", submission_key=key)

    assert row.messages.count() == 1
    assert Message.objects.count() == 1


def test_key_of_another_request_gives_nothing_away():
    other, key = with_contact(open=True), uuid.uuid4()
    talk.write_as_client(request=other, text="Mine.", submission_key=key)
    row = with_contact(open=True)

    with pytest.raises(ValidationError):
        talk.write_as_client(request=row, text="Yours?", submission_key=key)

    assert not row.messages.exists()


def test_client_cannot_write_books(monkeypatch):
    row = with_contact(open=True)

    with pytest.raises(ValidationError, match="5000"):
        talk.write_as_client(request=row, text="x" * 5001, submission_key=uuid.uuid4())

    monkeypatch.setattr(talk, "MOST_FROM_CLIENT", 1)
    talk.write_as_client(request=row, text="One.", submission_key=uuid.uuid4())
    with pytest.raises(ValidationError, match="very long"):
        talk.write_as_client(request=row, text="Two.", submission_key=uuid.uuid4())


def test_leads_are_told_while_nobody_is_assigned():
    row = with_contact(open=True)
    lead = GroupAccessFactory(role="lead")
    GroupAccessFactory(role="member", client_group=lead.client_group)
    MembershipFactory(client=row.client, client_group=lead.client_group)

    talk.write_as_client(request=row, text="Any news?", submission_key=uuid.uuid4())

    assert Message.objects.get().recipient == lead.user


def test_owner_is_told_when_there_is_no_lead():
    row = with_contact(open=True)

    talk.write_as_client(request=row, text="Any news?", submission_key=uuid.uuid4())

    assert Message.objects.get().recipient == row.client.owner


def test_nobody_is_told_when_the_owner_left():
    contact = ContactFactory(client__owner=UserFactory(is_active=False))

    talk.write_as_client(
        request=with_contact(contact, open=True), text="Any news?", submission_key=uuid.uuid4()
    )

    assert not Message.objects.exists()


# The rating -------------------------------------------------------------------------------------


def test_rating_is_kept_and_may_be_changed_for_two_weeks():
    row = with_contact(resolved=True)

    talk.rate_request(request=row, rating=4, text=" Quick. ")
    with time_machine.travel(timezone.now() + dt.timedelta(days=13)):
        row = talk.rate_request(request=row, rating=5)
        later = timezone.now() + dt.timedelta(days=15)

    assert (row.rating, row.rating_text) == (5, "")
    with (
        time_machine.travel(later),
        pytest.raises(ValidationError, match="is over"),
    ):
        talk.rate_request(request=row, rating=1)


def test_rating_twice_changes_nothing():
    row = with_contact(resolved=True)

    first = talk.rate_request(request=row, rating=4).rated_at
    second = talk.rate_request(request=row, rating=4).rated_at

    assert first == second
    assert AuditEvent.objects.filter(verb="request.rated").count() == 1


def test_open_request_cannot_be_rated():
    with pytest.raises(ValidationError, match="once the request is resolved"):
        talk.rate_request(request=with_contact(open=True), rating=4)


def test_resolved_again_may_be_rated_again():
    row = with_contact(resolved=True, rating=1, rated_at=ago(40))

    assert talk.may_rate(row)
    assert not talk.may_rate(with_contact(closed=True, rating=1, rated_at=ago(15)))


@pytest.mark.parametrize("rating", [0, 6])
def test_rating_off_the_scale_is_refused(rating):
    with pytest.raises(ValidationError, match="1 to 5"):
        talk.rate_request(request=with_contact(resolved=True), rating=rating)


def test_low_rating_is_told_to_assignee_and_leads_once():
    row = with_contact(resolved=True, assignee=UserFactory())
    lead = GroupAccessFactory(role="lead")
    MembershipFactory(client=row.client, client_group=lead.client_group)

    for _number in range(2):
        talk.rate_request(request=row, rating=2, text="Slow.")

    told = Message.objects.filter(kind="request.rated_low")
    assert {message.recipient for message in told} == {row.assignee, lead.user}
    assert told.count() == 2


def test_good_rating_disturbs_nobody():
    talk.rate_request(request=with_contact(resolved=True), rating=3)

    assert not Message.objects.exists()
