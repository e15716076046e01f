"""Seats, who waits for one, races for the last one; answers and attendance noted by hand."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from accounts.models import AuditEvent
from clientgroups.models import ActivityInvitation
from clientgroups.services import activities as services
from clientgroups.services import activity_answers as answers
from clientgroups.services.clients import archive_client
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.activities import ActivityFactory, ActivityInvitationFactory, person_in
from tests.factories.clientgroups import GroupAccessFactory

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode()


def url(row, name="activity_answer"):
    return reverse(f"clientgroups:{name}", args=[row.token])


def answer_of(row):
    return ActivityInvitation.objects.get(pk=row.pk).answer


# Seats -------------------------------------------------------------------------------------------


def full(seats=1):
    """An activity whose seats are taken, and somebody who waits for one."""
    activity = ActivityFactory(invited=True, seats=seats)
    taken = [ActivityInvitationFactory(activity=activity) for _ in range(seats)]
    for row in taken:
        answers.answer_invitation(invitation=row, accept=True)
    return activity, taken


def test_full_activity_puts_people_on_the_waiting_list(client):
    activity, _taken = full()
    late = ActivityInvitationFactory(activity=activity)

    assert "Put me on the waiting list" in text_of(client.get(url(late)))
    client.post(url(late), {"answer": "accept"})
    client.post(url(late), {"answer": "accept"})

    assert answer_of(late) == "waiting"
    assert "You are on the waiting list" in text_of(client.get(url(late)))


def test_page_counts_the_free_seats(client):
    activity = ActivityFactory(invited=True, seats=2)
    row = ActivityInvitationFactory(activity=activity)

    assert "2 seats are free" in text_of(client.get(url(row)))


def test_seat_given_back_goes_to_who_waits_longest_and_is_told_once():
    activity, (seated,) = full()
    first, second = (ActivityInvitationFactory(activity=activity) for _ in range(2))
    for row in (first, second):
        answers.answer_invitation(invitation=row, accept=True)

    answers.answer_invitation(invitation=seated, accept=False)

    assert (answer_of(first), answer_of(second)) == ("accepted", "waiting")
    mail = Message.objects.get(kind="activity.seat")
    assert mail.address == first.contact.email
    assert "it is yours" in mail.body


def test_seat_is_not_given_to_a_client_put_away():
    activity, (seated,) = full()
    gone, next_one = (ActivityInvitationFactory(activity=activity) for _ in range(2))
    for row in (gone, next_one):
        answers.answer_invitation(invitation=row, accept=True)
    archive_client(client=gone.client, actor=UserFactory())

    answers.answer_invitation(invitation=seated, accept=False)

    assert (answer_of(gone), answer_of(next_one)) == ("waiting", "accepted")
    assert Message.objects.get(kind="activity.seat").address == next_one.contact.email


def test_owner_hears_of_a_seat_that_no_mail_can_tell(client):
    activity, (seated,) = full()
    row = ActivityInvitationFactory(
        activity=activity, contact__name="Ann Lee", contact__email="", contact__phone="010 5550"
    )
    answers.answer_invitation(invitation=row, accept=True)

    for _ in range(2):
        answers.answer_invitation(invitation=seated, accept=False)

    assert answer_of(row) == "accepted"
    mail = Message.objects.get(kind="activity.to_tell")
    assert mail.recipient == activity.owner
    assert "a seat has become free" in mail.subject
    assert "1 person cannot be mailed" in mail.body
    lead = GroupAccessFactory(client_group=activity.client_group, role="lead").user
    client.force_login(lead)
    told = (
        text_of(client.get(activity.get_absolute_url())).split("groups-tell")[1].split("</ul>")[0]
    )
    assert "Ann Lee" in told
    assert "010 5550" in told


def test_cancelling_lists_who_belongs_to_a_client_put_away(client):
    row = ActivityInvitationFactory(answer="accepted", contact__name="Ann Lee")
    lead = GroupAccessFactory(client_group=row.activity.client_group, role="lead").user
    archive_client(client=row.client, actor=lead)

    services.cancel_activity(activity=row.activity, actor=lead)

    assert not Message.objects.filter(kind="activity.cancelled").exists()
    assert "is cancelled" in Message.objects.get(kind="activity.to_tell").subject
    client.force_login(lead)
    page = text_of(client.get(row.activity.get_absolute_url()))
    assert "Ann Lee" in page.split("groups-tell")[1].split("</ul>")[0]


def test_more_seats_are_given_to_who_waits():
    activity, _taken = full()
    waiting = [ActivityInvitationFactory(activity=activity) for _ in range(3)]
    for row in waiting:
        answers.answer_invitation(invitation=row, accept=True)
    lead = GroupAccessFactory(client_group=activity.client_group, role="lead").user

    services.update_activity(activity=activity, actor=lead, seats=3)

    assert [answer_of(row) for row in waiting] == ["accepted", "accepted", "waiting"]
    services.update_activity(activity=activity, actor=lead, seats=None)
    assert answer_of(waiting[2]) == "accepted"


def test_who_gives_a_seat_back_and_waits_again_is_told_again():
    activity, (seated,) = full()
    other = ActivityInvitationFactory(activity=activity)
    for accept, row in ((True, other), (False, seated), (True, seated), (False, other)):
        answers.answer_invitation(invitation=row, accept=accept)

    assert answer_of(seated) == "accepted"
    assert Message.objects.filter(kind="activity.seat").count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_seat_is_taken_by_one_of_two_at_the_same_moment():
    activity = ActivityFactory(invited=True, seats=1)
    rows = [ActivityInvitationFactory(activity=activity) for _ in range(4)]
    gate = threading.Barrier(len(rows))

    def accept(row):
        try:
            gate.wait(timeout=10)
            answers.answer_invitation(invitation=row, accept=True)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    found = sorted(activity.invitations.values_list("answer", flat=True))
    assert found == ["accepted", "waiting", "waiting", "waiting"]


@pytest.mark.django_db(transaction=True)
def test_two_people_sending_at_the_same_moment_invite_everybody_once():
    activity = ActivityFactory()
    for _ in range(5):
        person_in(activity.client_group)
    leads = [UserFactory(admin=True) for _ in range(2)]
    gate = threading.Barrier(3)
    made = []

    def run(call):
        try:
            gate.wait(timeout=10)
            made.append(call())
        finally:
            connection.close()

    calls = [
        lambda lead=lead: services.send_invitations(activity=activity, actor=lead) for lead in leads
    ]
    calls.append(services.send_due_invitations)
    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert activity.invitations.count() == 5
    assert Message.objects.filter(kind="activity.invitation").count() == 5


# By hand -----------------------------------------------------------------------------------------


def test_answer_told_on_the_phone_counts_as_asked():
    row = ActivityInvitationFactory(activity__channel="phone", sent_at=None)
    colleague = UserFactory()

    answers.answer_invitation(invitation=row, accept=True, actor=colleague)

    row.refresh_from_db()
    assert row.sent_at is not None
    assert AuditEvent.objects.get().actor == colleague


def test_asked_is_ticked_and_unticked_but_an_answer_stays():
    activity = ActivityFactory(invited=True, channel="phone")
    silent = ActivityInvitationFactory(activity=activity, sent_at=None)
    answered = ActivityInvitationFactory(activity=activity, answer="declined")
    actor = UserFactory()
    pks = [silent.pk, answered.pk]

    assert answers.mark_asked(activity=activity, actor=actor, pks=pks) == 1
    assert answers.mark_asked(activity=activity, actor=actor, pks=pks) == 0
    assert answers.mark_asked(activity=activity, actor=actor, pks=pks, asked=False) == 1

    silent.refresh_from_db()
    answered.refresh_from_db()
    assert silent.sent_at is None
    assert answered.sent_at is not None
    with pytest.raises(ValidationError, match="by e-mail is known"):
        answers.mark_asked(activity=ActivityFactory(invited=True), actor=actor, pks=[])


def test_attendance_is_noted_changed_and_forgotten():
    activity = ActivityFactory(begun=True)
    rows = [ActivityInvitationFactory(activity=activity, answer="accepted") for _ in range(2)]
    walk_in = ActivityInvitationFactory(activity=activity)
    other = ActivityInvitationFactory(answer="accepted")
    actor = UserFactory()

    def mark(pks, attended):
        return answers.mark_attended(activity=activity, actor=actor, pks=pks, attended=attended)

    assert mark(None, True) == 2
    assert mark(None, True) == 0
    assert mark([rows[0].pk, other.pk], False) == 1
    assert mark([walk_in.pk], True) == 1
    assert mark([row.pk for row in rows], None) == 2
    assert mark([row.pk for row in rows], None) == 0
    other.refresh_from_db()
    assert other.attended is None
    with pytest.raises(ValidationError, match="Nobody was invited"):
        answers.mark_attended(activity=ActivityFactory(), actor=actor, pks=None, attended=True)
