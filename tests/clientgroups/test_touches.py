import datetime as dt
import threading
import uuid

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Interaction
from clientgroups.selectors.touches import next_contact, people_for, recent_clients
from clientgroups.services.touches import (
    change_touch,
    delete_touch,
    log_touch,
    may_change,
    purge_deleted_touches,
    restore_touch,
)
from projects.models import ProjectInteraction
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ContactFactory, MembershipFactory
from tests.factories.projects import ProjectFactory
from tests.factories.touches import InteractionFactory, touch_in_group

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def log(client=None, **fields):
    client = client or ClientFactory()
    fields = {"actor": client.owner, "kind": "call", "summary": " Asked how it goes "} | fields
    return log_touch(client=client, **fields)


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


# Log ----------------------------------------------------------------------------------------------


def test_log_touch_writes_row_trail_and_figures():
    touch = log(text=" They are content. ")

    touch.client.refresh_from_db()
    assert (touch.summary, touch.text, touch.by) == (
        "Asked how it goes",
        "They are content.",
        touch.client.owner,
    )
    assert touch.client.last_touch_on == TODAY()
    assert touch.client.engagement == 3
    assert verbs() == ["touch.logged"]
    assert str(touch) == "Asked how it goes"


def test_log_touch_twice_with_one_key_gives_the_first_row_back():
    client, key = ClientFactory(), uuid.uuid4()

    first = log(client, submission_key=key)
    second = log(client, summary="Something else", submission_key=key)

    assert first == second
    assert Interaction.objects.get().summary == "Asked how it goes"
    assert verbs() == ["touch.logged"]


def test_key_of_another_client_is_refused():
    key = uuid.uuid4()
    log(submission_key=key)

    with pytest.raises(ValidationError):
        log(submission_key=key)


def test_note_is_no_touch():
    touch = log(kind="note")

    touch.client.refresh_from_db()
    assert (touch.client.last_touch_on, touch.client.engagement) == (None, None)


def test_follow_up_is_by_the_person_named_or_oneself():
    client, other = ClientFactory(), UserFactory()
    day = TODAY() + dt.timedelta(days=7)

    own = log(client, follow_up_on=day, follow_up_note=" Send it ")
    named = log(client, follow_up_on=day, follow_up_by=other)
    none = log(client, follow_up_by=other, follow_up_note="Nothing")

    assert (own.follow_up_by, own.follow_up_note) == (client.owner, "Send it")
    assert named.follow_up_by == other
    assert (none.follow_up_by, none.follow_up_note) == (None, "")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"summary": "  "}, "summary"),
        ({"kind": "smoke"}, "kind"),
        ({"direction": "up"}, "direction"),
        ({"happened_at": timezone.now() + dt.timedelta(days=1)}, "happened_at"),
    ],
)
def test_log_touch_refuses_beside_the_field(fields, place):
    with pytest.raises(ValidationError) as refusal:
        log(**fields)

    assert list(refusal.value.error_dict) == [place]
    assert not Interaction.objects.exists()


def test_contact_of_another_client_is_refused():
    with pytest.raises(ValidationError, match="contact of this client"):
        log(contact=ContactFactory())


def test_clock_that_runs_ahead_a_little_is_forgiven():
    assert log(happened_at=timezone.now() + dt.timedelta(minutes=5)).pk


def test_follow_up_without_a_person_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        InteractionFactory(follow_up_on=TODAY())


@pytest.mark.django_db(transaction=True)
def test_same_form_sent_at_the_same_moment_writes_one_row():
    client, key = ClientFactory(), uuid.uuid4()
    start, found = threading.Barrier(4), []

    def send():
        start.wait()
        try:
            found.append(log(client, submission_key=key).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert len(found) == 4
    assert set(found) == {Interaction.objects.get().pk}


# Change -------------------------------------------------------------------------------------------


def test_change_touch_says_what_changed_and_not_what_was_said():
    touch = log(text="Secret")

    change_touch(touch=touch, actor=touch.by, kind="visit", text="More secret")

    event = AuditEvent.objects.get(verb="touch.changed")
    assert event.changes == {"kind": ["call", "visit"]}
    touch.client.refresh_from_db()
    assert touch.client.engagement == 6


def test_change_touch_to_the_same_changes_nothing():
    touch = log()

    change_touch(touch=touch, actor=touch.by, kind="call", summary="Asked how it goes")

    assert verbs() == ["touch.logged"]


def test_change_of_the_day_opens_a_follow_up_again():
    touch = InteractionFactory(promised=True, followed_up_at=timezone.now())
    later = TODAY() + dt.timedelta(days=3)

    changed = change_touch(touch=touch, actor=touch.by, follow_up_on=later)

    assert (changed.follow_up_on, changed.followed_up_at) == (later, None)


def test_taking_the_follow_up_away_takes_its_person_too():
    touch = InteractionFactory(promised=True)

    changed = change_touch(touch=touch, actor=touch.by, follow_up_on=None)

    assert (changed.follow_up_by, changed.follow_up_note) == (None, "")


def test_new_follow_up_without_a_person_is_the_actors():
    touch = InteractionFactory()

    changed = change_touch(touch=touch, actor=touch.by, follow_up_on=TODAY())

    assert changed.follow_up_by == touch.by


def test_change_touch_refuses_fields_that_are_not_its_own():
    touch = InteractionFactory()

    with pytest.raises(TypeError, match="client"):
        change_touch(touch=touch, actor=touch.by, client=ClientFactory())


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("member", False), ("lead", True)])
def test_author_and_leads_may_change_a_touch(role, may):
    touch, user = touch_in_group(), UserFactory()
    grant(user, role, touch.client)

    assert may_change(touch, user) is may
    assert may_change(touch, touch.by)
    if not may:
        with pytest.raises(PermissionDenied):
            change_touch(touch=touch, actor=user, kind="visit")
        with pytest.raises(PermissionDenied):
            delete_touch(touch=touch, actor=user)


# Delete -------------------------------------------------------------------------------------------


def test_delete_and_restore_keep_the_figures_true():
    touch = log()

    event = delete_touch(touch=touch, actor=touch.by)
    touch.client.refresh_from_db()
    assert (event.verb, touch.client.last_touch_on) == ("touch.deleted", None)

    restore_touch(touch=touch, actor=touch.by)
    touch.client.refresh_from_db()
    assert touch.client.last_touch_on == TODAY()


def test_delete_and_restore_twice_change_nothing():
    touch = log()

    assert delete_touch(touch=touch, actor=touch.by)
    assert delete_touch(touch=touch, actor=touch.by) is None
    for _turn in range(2):
        restore_touch(touch=touch, actor=touch.by)

    assert verbs() == ["touch.logged", "touch.deleted", "touch.restored"]


def test_what_was_deleted_a_week_ago_goes_for_good():
    now = timezone.now()
    kept = [InteractionFactory(), InteractionFactory(deleted_at=now - dt.timedelta(days=6))]
    InteractionFactory(deleted_at=now - dt.timedelta(days=8))

    assert [purge_deleted_touches(now=now), purge_deleted_touches()] == [1, 0]
    assert set(Interaction.objects.all()) == set(kept)


# About a project ----------------------------------------------------------------------------------


def test_touch_can_be_about_a_project_and_no_longer():
    project = ProjectFactory()
    client = MembershipFactory(client_group=project.client_group).client
    lead = UserFactory()
    grant(lead, "lead", project.client_group)

    touch = log(client, actor=lead, about={"project": project})
    assert ProjectInteraction.objects.get().project == project

    other = ProjectFactory(client_group=project.client_group)
    change_touch(touch=touch, actor=lead, about={"project": other})
    assert ProjectInteraction.objects.get().project == other

    change_touch(touch=touch, actor=lead, about={"project": None})
    assert not ProjectInteraction.objects.exists()


def test_project_one_does_not_see_is_refused_and_its_link_stays():
    touch, user = touch_in_group(), UserFactory()
    grant(user, "lead", touch.client)
    hidden = ProjectFactory()
    link = ProjectInteraction.objects.create(interaction=touch, project=hidden)

    with pytest.raises(ValidationError, match="project you may see"):
        change_touch(touch=touch, actor=user, about={"project": hidden})
    change_touch(touch=touch, actor=user, about={"project": None})

    link.refresh_from_db()
    assert str(link) == f"{hidden} · {touch}"


# Whom and with whom -------------------------------------------------------------------------------


def test_people_for_a_client_are_its_owner_its_workers_and_oneself():
    member = MembershipFactory()
    people = {role: UserFactory() for role in ("viewer", "member", "lead")}
    for role, user in people.items():
        grant(user, role, member.client_group)
    me, gone = UserFactory(), UserFactory(is_active=False)
    grant(gone, "member", member.client_group)

    found = set(people_for(member.client, me))

    assert found == {me, member.client.owner, people["member"], people["lead"]}


def test_recent_clients_are_those_touched_last_and_still_visible():
    user = UserFactory()
    first, second = ClientFactory(owner=user), ClientFactory(owner=user)
    for client in (first, second, first, ClientFactory(), ClientFactory(owner=user,
                                                       archived_at=timezone.now())):  # fmt: skip
        InteractionFactory(client=client, by=user)

    assert recent_clients(user) == [first, second]


@pytest.mark.parametrize(
    ("contacts", "wanted"),
    [
        ([], (None, "")),
        ([{"email_consent": False}], (0, "")),
        ([{"email_consent": False}, {"email_consent": True}], (1, "email")),
        ([{"phone_consent": True}], (0, "phone")),
        ([{}, {"preferred_channel": "chat", "chat_consent": True}], (1, "chat")),
        ([{"preferred_channel": "phone"}], (0, "email")),
    ],
)
def test_next_contact_agrees_to_the_channel(contacts, wanted):
    rows = [ContactFactory.build(**fields) for fields in contacts]

    contact, channel = next_contact(rows)

    assert (contact and rows.index(contact), channel) == wanted
