"""Planning activities, who is asked and who is left out, mails, reminders and the end."""

import datetime as dt
import threading
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Activity, ConsentChange
from clientgroups.selectors.activities import figures_of, group_panel
from clientgroups.selectors.audiences import audience_of
from clientgroups.services import activities as services
from clientgroups.services import activity_answers
from notifications.models import Message
from tests.factories.activities import ActivityFactory, ActivityInvitationFactory, person_in
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db
SOON = dt.timedelta(days=5)


def lead_of(group):
    return GroupAccessFactory(client_group=group, role="lead").user


def planned(**fields):
    """The draft of an event, and who leads its group."""
    activity = ActivityFactory(**fields)
    return activity, lead_of(activity.client_group)


# Planning ----------------------------------------------------------------------------------------


def test_same_form_sent_twice_plans_one_activity():
    group = ClientGroupFactory()
    lead = lead_of(group)
    key = uuid.uuid4()

    first, second = (
        services.create_activity(
            actor=lead, client_group=group, name="Tea", kind="event", submission_key=key
        )
        for _ in range(2)
    )

    assert first == second
    assert first.owner == lead
    assert AuditEvent.objects.filter(verb="activity.created").count() == 1


@pytest.mark.django_db(transaction=True)
def test_same_form_sent_at_the_same_moment_plans_one_activity():
    group = ClientGroupFactory()
    lead, key, gate, made = lead_of(group), uuid.uuid4(), threading.Barrier(3), []

    def plan():
        try:
            gate.wait(timeout=10)
            made.append(
                services.create_activity(
                    actor=lead, client_group=group, name="Tea", submission_key=key
                )
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=plan) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert len(set(made)) == 1
    assert Activity.objects.count() == 1


def test_further_groups_are_those_the_planner_may_plan_for():
    group, led = ClientGroupFactory(), ClientGroupFactory()
    lead = lead_of(group)
    GroupAccessFactory(client_group=led, user=lead, role="lead")

    activity = services.create_activity(
        actor=lead, client_group=group, name="Tea", audience=[group, led]
    )

    assert list(activity.audience.all()) == [led]


@pytest.mark.parametrize("role", ["viewer", "member", None])
def test_clients_of_a_group_are_not_asked_by_who_may_not_plan_for_it(role):
    activity, lead = planned()
    further = ClientGroupFactory()
    if role:
        GroupAccessFactory(client_group=further, user=lead, role=role)

    with pytest.raises(ValidationError, match="groups that you may plan for"):
        services.create_activity(
            actor=lead, client_group=activity.client_group, name="Tea", audience=[further]
        )
    with pytest.raises(ValidationError, match="groups that you may plan for"):
        services.update_activity(activity=activity, actor=lead, audience=[further])

    assert Activity.objects.get() == activity
    assert not activity.audience.exists()


def test_activity_cannot_end_before_it_begins():
    activity, lead = planned()

    with pytest.raises(ValidationError, match="cannot end before"):
        services.update_activity(activity=activity, actor=lead, ends_at=activity.starts_at - SOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Activity.objects.update(ends_at=activity.starts_at - SOON)


def test_unknown_fields_are_a_mistake_of_the_caller():
    activity, lead = planned()

    with pytest.raises(TypeError):
        services.update_activity(activity=activity, actor=lead, status="done")
    with pytest.raises(TypeError):
        services.create_activity(actor=lead, client_group=activity.client_group, token="x")


def test_saving_the_same_again_records_nothing():
    activity, lead = planned()

    services.update_activity(activity=activity, actor=lead, name=activity.name, audience=[])

    assert not AuditEvent.objects.exists()


def test_groups_that_the_editor_may_not_plan_for_stay_in_the_audience():
    activity, lead = planned()
    unseen, led = ClientGroupFactory(), ClientGroupFactory()
    GroupAccessFactory(client_group=led, user=lead, role="lead")
    activity.audience.add(unseen)

    services.update_activity(activity=activity, actor=lead, audience=[led, unseen])
    services.update_activity(activity=activity, actor=lead, audience=[])

    assert list(activity.audience.all()) == [unseen]
    assert AuditEvent.objects.filter(verb="activity.updated").count() == 2


def test_draft_is_thrown_away_and_an_invited_activity_is_not():
    draft, lead = planned()
    invited = ActivityInvitationFactory().activity

    services.delete_activity(activity=draft, actor=lead)

    assert not Activity.objects.filter(pk=draft.pk).exists()
    with pytest.raises(ValidationError, match="Cancel the activity"):
        services.delete_activity(activity=invited, actor=lead)


# The audience ------------------------------------------------------------------------------------


def test_audience_tells_who_is_left_out_and_why():
    activity, _lead = planned()
    other = ClientGroupFactory()
    activity.audience.add(other)
    group = activity.client_group
    asked = person_in(group)
    MembershipFactory(client_group=other, client=asked.client)
    person_in(other, email=asked.email.upper())
    person_in(group, email_consent=False)
    person_in(group, email="")
    person_in(group, is_active=False)
    MembershipFactory(client_group=group)
    person_in(group, client__archived_at=timezone.now())
    left = MembershipFactory(client_group=group, valid_to=timezone.localdate()).client
    ContactFactory(client=left)
    invited = person_in(group)
    ActivityInvitationFactory(activity=activity, client=invited.client, contact=invited)

    found = audience_of(activity)

    assert found.clients == 7
    assert found.clients_put_away == 1
    assert found.clients_without_contact == 1
    assert found.clients_asked == 1
    assert found.contacts == 1
    assert found.left_out == {
        "invited": 1,
        "no_consent": 1,
        "no_address": 1,
        "inactive": 1,
        "same_address": 1,
    }


@pytest.mark.parametrize(
    ("channel", "contact"),
    [
        ("phone", {"phone": "+86 10 5550 1234", "phone_consent": True}),
        ("chat", {"phone": "+86 10 5550 1234", "chat_consent": True}),
        ("post", {"post_consent": True, "client__address": "Quay 4"}),
    ],
)
def test_audience_of_other_channels_follows_their_consent_and_address(channel, contact):
    activity, _lead = planned(channel=channel)
    person_in(activity.client_group, **contact)
    # A telephone may be shared: both people are asked.
    person_in(activity.client_group, **contact)
    person_in(activity.client_group)

    found = audience_of(activity)

    assert found.contacts == 2
    assert sum(found.left_out.values()) == 1


def test_preview_promises_what_sending_does():
    activity, lead = planned()
    for _ in range(3):
        person_in(activity.client_group)
    person_in(activity.client_group, email_consent=False)

    promised = audience_of(activity).contacts

    assert services.send_invitations(activity=activity, actor=lead) == promised == 3
    assert audience_of(activity).contacts == 0


# The end -----------------------------------------------------------------------------------------


def test_cancelling_tells_who_accepted_or_waits_once():
    row = ActivityInvitationFactory(answer="accepted")
    activity = row.activity
    waiting = ActivityInvitationFactory(activity=activity, answer="waiting")
    ActivityInvitationFactory(activity=activity)
    ActivityInvitationFactory(activity=activity, answer="accepted", contact__email="")
    lead = lead_of(activity.client_group)

    for _ in range(2):
        services.cancel_activity(activity=activity, actor=lead, reason="Storm")

    activity.refresh_from_db()
    assert (activity.status, activity.cancelled_because, activity.version) == (
        "cancelled",
        "Storm",
        2,
    )
    mails = Message.objects.filter(kind="activity.cancelled")
    told = {mail.address for mail in mails}
    assert told == {row.contact.email, waiting.contact.email}
    assert mails.count() == 2
    assert "The reason: Storm" in mails.first().body


def test_done_activity_is_not_cancelled_and_a_cancelled_one_not_closed():
    done, lead = planned(status="done")
    cancelled, other = planned(status="cancelled")

    with pytest.raises(ValidationError, match="is done already"):
        services.cancel_activity(activity=done, actor=lead)
    with pytest.raises(ValidationError, match="was cancelled"):
        services.close_activity(activity=cancelled, actor=other)


def test_closing_can_be_taken_back():
    invited = ActivityInvitationFactory().activity
    draft, lead = planned(kind="social")

    for activity, before in ((invited, "invited"), (draft, "draft")):
        for _ in range(2):
            services.close_activity(activity=activity, actor=lead)
        assert Activity.objects.get(pk=activity.pk).status == "done"
        services.close_activity(activity=activity, actor=lead, done=False)
        assert Activity.objects.get(pk=activity.pk).status == before

    assert AuditEvent.objects.filter(verb="activity.done").count() == 2


# Figures -----------------------------------------------------------------------------------------


def test_figures_leave_failed_mails_out_of_the_response_rate(monkeypatch):
    activity, lead = planned()
    people = [person_in(activity.client_group) for _ in range(4)]
    services.send_invitations(activity=activity, actor=lead)
    states = ["sent", "sent", "parked", "waiting"]
    for contact, state in zip(people, states, strict=True):
        Message.objects.filter(address=contact.email).update(state=state)
    for contact in (people[0], people[2]):
        row = activity.invitations.get(contact=contact)
        activity_answers.answer_invitation(invitation=row, accept=True)
    activity_answers.mark_attended(
        activity=activity,
        actor=lead,
        pks=[activity.invitations.get(contact=people[0]).pk],
        attended=True,
    )

    found = figures_of(activity)

    assert (found.invited, found.asked, found.failed, found.on_the_way) == (4, 4, 1, 1)
    assert (found.delivered, found.answered, found.accepted, found.came) == (2, 2, 2, 1)
    assert (found.response.k, found.response.n, found.response.share) == (1, 2, 0.5)
    assert found.response.interval == pytest.approx((0.0945, 0.9055), abs=1e-3)
    assert (found.attendance.k, found.attendance.n) == (1, 1)
    assert found.pending == 1


def test_failed_mail_stays_failed_when_the_address_is_corrected():
    activity, lead = planned()
    contact = person_in(activity.client_group, email="wrong@example.com")
    services.send_invitations(activity=activity, actor=lead)
    Message.objects.update(state="parked")

    contact.email = "right@example.com"
    contact.save()

    found = figures_of(activity)
    assert (found.failed, found.delivered) == (1, 0)


def test_figures_without_invitations_are_no_zeros():
    activity, _lead = planned()

    found = figures_of(activity)

    assert found.response.share is None
    assert found.attendance.interval is None


def test_group_panel_shows_activities_that_reach_its_clients():
    home, other = ClientGroupFactory(), ClientGroupFactory()
    own = ActivityFactory(client_group=home)
    reaching = ActivityFactory()
    reaching.audience.add(home)
    ActivityFactory(client_group=other)
    reader = lead_of(home)
    GroupAccessFactory(client_group=reaching.client_group, user=reader, role="viewer")

    shown = group_panel(home, reader)["activities"]

    assert {activity.pk for activity in shown} == {own.pk, reaching.pk}


def test_group_panel_leaves_out_activities_that_the_reader_cannot_open():
    home = ClientGroupFactory()
    ActivityFactory().audience.add(home)

    assert group_panel(home, lead_of(home))["activities"] == []


# Consent -----------------------------------------------------------------------------------------


def test_taking_consent_back_is_written_down_once_with_its_source():
    row = ActivityInvitationFactory(activity__name="Tea")

    assert activity_answers.take_back_consent(invitation=row)
    assert not activity_answers.take_back_consent(invitation=row)

    row.contact.refresh_from_db()
    assert not row.contact.email_consent
    change = ConsentChange.objects.get()
    assert (change.channel, change.granted, change.actor) == ("email", False, None)
    assert "Tea" in change.source
    assert AuditEvent.objects.get().verb == "contact.unsubscribed"


def test_taking_back_touches_only_the_channel_of_the_activity():
    client = ClientFactory()
    contact = ContactFactory(client=client, phone_consent=True)
    row = ActivityInvitationFactory(activity__channel="phone", client=client, contact=contact)

    activity_answers.take_back_consent(invitation=row)

    contact.refresh_from_db()
    assert contact.email_consent
    assert not contact.phone_consent
