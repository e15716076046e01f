import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from accounts.models import JobRun
from clientgroups import tasks
from clientgroups.models import Client, Interaction
from clientgroups.selectors.follow_ups import follow_ups, in_bunches
from clientgroups.services.follow_ups import (
    finish_follow_up,
    remind_follow_ups,
    snooze_follow_up,
    undo_follow_up,
)
from notifications.models import Message
from reports.selectors.attention import attention_of
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, MembershipFactory
from tests.factories.touches import (
    ClientSilenceFactory,
    InteractionFactory,
    ProjectInteractionFactory,
    RequestFactory,
    touch_in_group,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
TODAY = NOW.date()


def promise(day=TODAY, person=None, **fields):
    """A promise to a client of the person's own."""
    person = person or UserFactory()
    client = fields.pop("client", None) or ClientFactory(owner=person, name="Harbour Tea")
    return InteractionFactory(
        client=client, by=person, follow_up_on=day, follow_up_by=person, **fields
    )


# Done, put off, taken back ------------------------------------------------------------------------


def test_finish_follow_up_once_and_take_it_back():
    touch = promise()

    event = finish_follow_up(touch=touch, actor=touch.by)
    assert finish_follow_up(touch=touch, actor=touch.by) is None
    touch.refresh_from_db()
    assert touch.followed_up_at

    for _turn in range(2):
        undo_follow_up(touch=touch, event=event, actor=touch.by)
    touch.refresh_from_db()
    assert touch.followed_up_at is None


def test_snooze_follow_up_once_and_take_it_back():
    later = timezone.localdate() + dt.timedelta(days=7)
    touch = promise()

    event = snooze_follow_up(touch=touch, actor=touch.by, until=later)
    assert snooze_follow_up(touch=touch, actor=touch.by, until=later) is None
    touch.refresh_from_db()
    assert touch.follow_up_on == later

    for _turn in range(2):
        undo_follow_up(touch=touch, event=event, actor=touch.by)
    touch.refresh_from_db()
    assert touch.follow_up_on == TODAY


def test_snooze_cannot_be_taken_back_after_another_change():
    day = timezone.localdate()
    touch = promise()
    event = snooze_follow_up(touch=touch, actor=touch.by, until=day + dt.timedelta(days=7))
    snooze_follow_up(touch=touch, actor=touch.by, until=day + dt.timedelta(days=9))

    with pytest.raises(ValidationError, match="changed since"):
        undo_follow_up(touch=touch, event=event, actor=touch.by)


def test_snooze_refuses_the_past_and_what_is_done():
    touch = promise()
    with pytest.raises(ValidationError) as refusal:
        snooze_follow_up(touch=touch, actor=touch.by, until=dt.date(2020, 1, 1))
    assert list(refusal.value.error_dict) == ["until"]

    finish_follow_up(touch=touch, actor=touch.by)
    with pytest.raises(ValidationError, match="done already"):
        snooze_follow_up(touch=touch, actor=touch.by, until=timezone.localdate())


def test_touch_without_a_promise_cannot_be_followed_up():
    assert finish_follow_up(touch=InteractionFactory(), actor=UserFactory()) is None


# The list -----------------------------------------------------------------------------------------


def test_list_holds_own_open_promises_due_first():
    person = UserFactory()
    later, sooner = promise(TODAY + dt.timedelta(days=3), person), promise(TODAY, person)
    promise(person=person, followed_up_at=NOW)
    promise(person=person, deleted_at=NOW)
    promise(person=person, client=ClientFactory(owner=person, archived_at=NOW))
    promise()

    assert list(follow_ups(person)) == [sooner, later]


def test_list_of_everybody_holds_what_the_person_may_see():
    touch, lead = touch_in_group(promised=True), UserFactory()
    grant(lead, "lead", touch.client)
    promise()

    assert list(follow_ups(lead)) == []
    assert list(follow_ups(lead, everyone=True)) == [touch]


def test_bunches_are_overdue_today_this_week_and_later():
    rows = [promise(TODAY + dt.timedelta(days=days)) for days in (-4, 0, 1, 7, 8)]

    bunches = in_bunches(rows, TODAY)

    assert [(bunch.label, len(bunch.rows)) for bunch in bunches] == [
        ("Overdue", 1),
        ("Today", 1),
        ("In the next seven days", 2),
        ("Later", 1),
    ]
    assert in_bunches([], TODAY) == []


# Reminders ----------------------------------------------------------------------------------------


def test_follow_up_is_called_to_mind_once_on_its_day():
    touch = promise(follow_up_note="Send the offer")

    assert [remind_follow_ups(now=NOW) for _run in range(3)] == [1, 0, 0]

    message = Message.objects.get()
    assert message.recipient == touch.by
    assert message.dedupe_key == f"follow_up.due:{touch.pk}:2026-11-23"
    assert message.subject == "Follow up today: Harbour Tea"
    assert "Send the offer" in message.body
    assert message.url == f"/touches/{touch.pk}/"


def test_day_is_that_of_the_person():
    """At noon UTC the 24th has begun in Kiritimati, and the 23rd has only just in Honolulu."""
    ahead = UserFactory(time_zone="Pacific/Kiritimati")
    behind = UserFactory(time_zone="Pacific/Honolulu")
    tomorrow = TODAY + dt.timedelta(days=1)
    rows = [promise(tomorrow, ahead), promise(tomorrow, behind)]

    assert remind_follow_ups(now=NOW) == 1

    assert Message.objects.get().recipient == rows[0].by


def test_reminder_missed_on_its_day_is_caught_up_for_three_days():
    for days in (1, 3, 4):
        promise(TODAY - dt.timedelta(days=days))

    assert remind_follow_ups(now=NOW) == 2
    assert {message.subject for message in Message.objects.all()} == {
        "Follow-up overdue: Harbour Tea"
    }


def test_putting_off_makes_a_new_reminder():
    touch = promise()
    remind_follow_ups(now=NOW)
    Interaction.objects.update(follow_up_on=TODAY + dt.timedelta(days=1))

    assert remind_follow_ups(now=NOW) == 0
    assert remind_follow_ups(now=NOW + dt.timedelta(days=1)) == 1
    assert Message.objects.filter(recipient=touch.by).count() == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda touch: Interaction.objects.update(followed_up_at=NOW),
        lambda touch: Interaction.objects.update(deleted_at=NOW),
        lambda touch: type(touch.by).objects.filter(pk=touch.by.pk).update(is_active=False),
        lambda touch: type(touch.client).objects.update(owner=UserFactory()),
        lambda touch: type(touch.client).objects.update(archived_at=NOW),
    ],
)
def test_nobody_is_told_of_what_is_done_gone_or_no_longer_theirs(spoil):
    spoil(promise())

    assert remind_follow_ups(now=NOW) == 0


@pytest.mark.parametrize("fields", [{"is_superuser": True}, {"role": "admin"}])
def test_administrators_are_told_without_a_role(fields):
    person = UserFactory(**fields)
    promise(person=person, client=ClientFactory())

    assert remind_follow_ups(now=NOW) == 1


def test_member_of_a_group_of_the_client_is_told():
    member, person = MembershipFactory(), UserFactory()
    grant(person, "member", member.client_group)
    promise(person=person, client=member.client)

    assert remind_follow_ups(now=NOW) == 1


def test_reminder_is_written_in_the_language_of_the_person():
    promise(person=UserFactory(language="zh-hans"))

    remind_follow_ups(now=NOW)

    with translation.override("zh-hans"):
        wanted = translation.gettext("Follow up today: %(client)s") % {"client": "Harbour Tea"}
    assert Message.objects.get().subject == wanted


def test_job_records_its_runs():
    promise(timezone.localdate())
    InteractionFactory(deleted_at=timezone.now() - dt.timedelta(days=30))

    assert tasks.remind_follow_ups() == 1
    assert tasks.purge_deleted_touches() == 1
    assert tasks.score_health() == 2
    RequestFactory(client=Interaction.objects.get().client)
    assert [tasks.score_health(), tasks.score_health()] == [1, 0]
    assert tasks.score_health("2026-01-01") == 1
    names = set(JobRun.objects.values_list("name", flat=True))
    assert names == {
        "clientgroups.tasks.remind_follow_ups",
        "clientgroups.tasks.purge_deleted_touches",
        "clientgroups.tasks.score_health",
    }


# What needs me today ------------------------------------------------------------------------------


def test_due_promise_stands_among_what_needs_the_person():
    day = timezone.localdate()
    late = promise(day - dt.timedelta(days=2), follow_up_note="Send the offer")
    promise(day + dt.timedelta(days=5), late.by)
    promise(day, late.by, summary="Call Anna")

    lines = attention_of(late.by)

    assert [(line.title, line.detail, line.tone) for line in lines] == [
        ("Send the offer", "Harbour Tea · 2 days overdue", "red"),
        ("Call Anna", "Harbour Tea · due today", "amber"),
    ]
    assert lines[0].url == f"/touches/{late.pk}/"


def test_promise_about_a_project_stands_on_its_page_when_it_is_late():
    link = ProjectInteractionFactory()
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    admin = UserFactory(admin=True)
    Interaction.objects.update(follow_up_on=yesterday, follow_up_by=admin)

    (line,) = attention_of(admin, link.project)

    assert line.detail.endswith("1 day overdue")


def test_promise_to_a_client_who_was_put_away_needs_nobody():
    link = ProjectInteractionFactory()
    day = timezone.localdate() - dt.timedelta(days=1)
    admin = UserFactory(admin=True)
    Interaction.objects.update(follow_up_on=day, follow_up_by=admin)
    assert len(attention_of(admin)) == 1
    Client.objects.filter(pk=link.interaction.client_id).update(archived_at=timezone.now())

    assert attention_of(admin) == attention_of(admin, link.project) == []


def test_silent_clients_of_the_last_month_are_one_line():
    person, day = UserFactory(), timezone.localdate()
    for days in (3, 9, 80):
        since = day - dt.timedelta(days=days)
        ClientSilenceFactory(client__owner=person, since=since, last_on=dt.date(2026, 1, 1))
    ClientSilenceFactory()

    (line,) = attention_of(person)

    assert line.title == "2 clients fell silent"
    assert line.url == "/touches/silent/"


def test_nobody_silent_is_no_line():
    assert attention_of(UserFactory()) == []
