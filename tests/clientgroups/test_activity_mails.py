"""Invitations and reminders: who gets which mail, how often, in which words."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Activity, ActivityInvitation
from clientgroups.selectors.audiences import audience_of
from clientgroups.services import activities as services
from clientgroups.tasks import send_activity_invitations
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.activities import ActivityFactory, ActivityInvitationFactory, person_in
from tests.factories.clientgroups import (
    GroupAccessFactory,
)

pytestmark = pytest.mark.django_db
SOON = dt.timedelta(days=5)


def lead_of(group):
    return GroupAccessFactory(client_group=group, role="lead").user


def planned(**fields):
    """The draft of an event, and who leads its group."""
    activity = ActivityFactory(**fields)
    return activity, lead_of(activity.client_group)


def mails(kind="activity.invitation"):
    return Message.objects.filter(kind=kind)


# Sending -----------------------------------------------------------------------------------------


def test_invitations_leave_once_in_the_language_and_zone_of_the_contact():
    activity, lead = planned(
        name="Harvest <b>evening</b>",
        text="Come!",
        text_zh="敬请光临!",
        place="Quay 4",
        starts_at=dt.datetime(2027, 1, 10, 9, 30, tzinfo=dt.UTC),
        owner=UserFactory(time_zone="Europe/Berlin"),
    )
    english = person_in(activity.client_group, name="Ann")
    chinese = person_in(
        activity.client_group, name="陈宇", language="zh-hans", time_zone="Asia/Shanghai"
    )

    assert services.send_invitations(activity=activity, actor=lead) == 2
    assert services.send_invitations(activity=activity, actor=lead) == 0

    activity.refresh_from_db()
    assert activity.status == "invited"
    first = mails().get(address=english.email)
    assert first.subject == "Harvest <b>evening</b>"
    assert "Dear Ann" in first.body
    assert "Come!" in first.body
    assert "10 January 2027 10:30 (Central European" in first.body
    assert "Where: Quay 4" in first.body
    second = mails().get(address=chinese.email)
    assert "敬请光临!" in second.body
    assert "2027年1月10日" in second.body
    assert "17:30" in second.body
    row = activity.invitations.get(contact=chinese)
    assert second.url == f"/i/{row.token}/"
    assert second.unsubscribe_url == f"/i/{row.token}/stop/"
    assert len(row.token) == 64
    assert row.sent_at is not None
    assert mails().count() == 2


def test_text_of_the_other_language_stands_in_and_no_text_is_no_empty_mail():
    activity, lead = planned(text="Come!", starts_at=timezone.now() + SOON)
    chinese = person_in(activity.client_group, language="zh-hans")
    bare, other = planned(kind="offer", starts_at=None, name="Ten per cent")
    person_in(bare.client_group)

    services.send_invitations(activity=activity, actor=lead, only_agreed=False)
    services.send_invitations(activity=bare, actor=other, only_agreed=False)

    assert "Come!" in mails().get(address=chinese.email).body
    assert "We would like to invite you: Ten per cent." in mails().get(subject=bare.name).body
    assert "When:" not in mails().get(subject=bare.name).body


def test_event_over_midnight_names_both_days():
    starts = dt.datetime(2027, 1, 10, 22, tzinfo=dt.UTC)
    activity, lead = planned(starts_at=starts, ends_at=starts + dt.timedelta(hours=5))
    activity.owner.time_zone = "UTC"
    activity.owner.save()
    person_in(activity.client_group)
    short, other = planned(starts_at=starts, ends_at=starts + dt.timedelta(hours=1))
    short.owner.time_zone = "UTC"
    short.owner.save()
    person_in(short.client_group)

    services.send_invitations(activity=activity, actor=lead)
    services.send_invitations(activity=short, actor=other)

    body = mails().get(subject=activity.name).body
    assert "10 January 2027 22:00 – Monday 11 January 2027 03:00" in body.replace(",", "")
    assert "22:00–23:00" in mails().get(subject=short.name).body


def test_sending_is_a_handful_of_statements_for_any_number_of_people():
    def statements(people):
        activity, lead = planned()
        for _ in range(people):
            person_in(activity.client_group)
        with CaptureQueriesContext(connection) as captured:
            services.send_invitations(activity=activity, actor=lead)
        return len(captured)

    assert statements(2) == statements(9)


def test_many_invitations_leave_with_the_sweep_and_a_repeat_sends_nothing(monkeypatch):
    monkeypatch.setattr(services, "BATCH", 2)
    activity, lead = planned()
    for _ in range(5):
        person_in(activity.client_group)

    assert services.send_invitations(activity=activity, actor=lead) == 5
    assert mails().count() == 2
    assert send_activity_invitations() == 3
    assert send_activity_invitations() == 0

    assert mails().count() == 5
    assert not activity.invitations.filter(sent_at=None).exists()


def test_who_objects_before_the_mail_left_is_taken_off_the_list(monkeypatch):
    monkeypatch.setattr(services, "BATCH", 1)
    activity, lead = planned()
    people = [person_in(activity.client_group) for _ in range(3)]
    services.send_invitations(activity=activity, actor=lead)
    waiting = activity.invitations.filter(sent_at=None).first().contact
    waiting.email_consent = False
    waiting.save()

    assert services.send_due_invitations() == 2

    assert not activity.invitations.filter(contact=waiting).exists()
    assert mails().count() == len(people) - 1
    assert audience_of(activity).left_out["no_consent"] == 1


def test_sweep_leaves_cancelled_begun_and_listed_activities_alone():
    cancelled = ActivityFactory(status="cancelled")
    begun = ActivityFactory(begun=True)
    listed = ActivityFactory(invited=True, channel="phone")
    for activity in (cancelled, begun, listed):
        ActivityInvitationFactory(activity=activity, sent_at=None)

    assert services.send_due_invitations() == 0
    assert not mails().exists()


def test_other_channels_make_a_list_and_send_nothing():
    activity, lead = planned(channel="phone")
    person_in(activity.client_group, phone="010 5550", phone_consent=True)

    assert services.send_invitations(activity=activity, actor=lead) == 1

    assert not mails().exists()
    assert activity.invitations.get().sent_at is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"starts_at": None}, "Say when it begins"),
        ({"begun": True}, "has begun already"),
        ({"status": "cancelled"}, "is over"),
        ({"status": "done"}, "is over"),
        ({}, "Nobody can be asked"),
    ],
)
def test_invitations_are_refused_with_a_reason(fields, sentence):
    activity, lead = planned(**fields)

    with pytest.raises(ValidationError, match=sentence):
        services.send_invitations(activity=activity, actor=lead)

    assert not ActivityInvitation.objects.exists()


def test_contact_stands_once_in_an_activity():
    row = ActivityInvitationFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        ActivityInvitationFactory(activity=row.activity, client=row.client, contact=row.contact)


# Changing after inviting -------------------------------------------------------------------------


def test_new_time_is_told_to_who_accepted_and_counts_the_version():
    row = ActivityInvitationFactory(answer="accepted")
    ActivityInvitationFactory(activity=row.activity)
    lead = lead_of(row.activity.client_group)

    for days in (2, 2, 3):
        services.update_activity(
            activity=row.activity,
            actor=lead,
            starts_at=row.activity.starts_at + dt.timedelta(days=days),
        )

    row.activity.refresh_from_db()
    assert row.activity.version == 3
    assert [mail.address for mail in mails("activity.changed")] == [row.contact.email] * 2


def test_channel_and_kind_are_fixed_once_people_were_asked():
    row = ActivityInvitationFactory()
    lead = lead_of(row.activity.client_group)

    with pytest.raises(ValidationError, match="no longer change"):
        services.update_activity(activity=row.activity, actor=lead, channel="phone")
    with pytest.raises(ValidationError, match="no longer change"):
        services.update_activity(activity=row.activity, actor=lead, kind="webinar")


def test_seats_cannot_fall_below_who_accepted():
    activity = ActivityFactory(invited=True, seats=5)
    for _ in range(2):
        ActivityInvitationFactory(activity=activity, answer="accepted")
    lead = lead_of(activity.client_group)

    with pytest.raises(ValidationError, match="2 people have accepted"):
        services.update_activity(activity=activity, actor=lead, seats=1)
    services.update_activity(activity=activity, actor=lead, seats=2)

    assert Activity.objects.get().seats == 2


def test_activity_that_is_over_is_not_changed():
    activity = ActivityFactory(status="done")

    with pytest.raises(ValidationError, match="Reopen it"):
        services.update_activity(
            activity=activity, actor=lead_of(activity.client_group), name="Other"
        )


# Reminders ---------------------------------------------------------------------------------------


def test_reminder_goes_once_to_who_is_silent():
    silent = ActivityInvitationFactory()
    activity = silent.activity
    ActivityInvitationFactory(activity=activity, answer="declined")
    ActivityInvitationFactory(activity=activity, sent_at=None)
    objecting = ActivityInvitationFactory(activity=activity, contact__email_consent=False)
    lead = lead_of(activity.client_group)

    assert services.remind_non_responders(activity=activity, actor=lead) == 1
    assert services.remind_non_responders(activity=activity, actor=lead) == 0

    (mail,) = mails("activity.reminder")
    assert mail.address == silent.contact.email
    assert mail.subject.startswith("Reminder: ")
    objecting.refresh_from_db()
    assert objecting.reminded_at is not None
    assert AuditEvent.objects.filter(verb="activity.reminded").count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"begun": True}, "Nobody can be reminded"),
        ({}, "Nobody can be reminded"),
        ({"invited": True, "channel": "phone"}, "Only e-mail"),
    ],
)
def test_reminders_are_refused_with_a_reason(fields, sentence):
    activity, lead = planned(**fields)

    with pytest.raises(ValidationError, match=sentence):
        services.remind_non_responders(activity=activity, actor=lead)
