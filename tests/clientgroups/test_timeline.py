import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from clientgroups.models import ClientMerge, Contact
from clientgroups.selectors import timeline_page
from clientgroups.selectors.timeline import SOURCES, Cursor, kinds_known, timeline_of
from clientgroups.selectors.timeline_page import chips, chosen_kinds, heading_key, read_timeline
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    LifecycleChangeFactory,
    MembershipFactory,
    PurchaseFactory,
)
from tests.factories.feedback import ResponseFactory
from tests.factories.touches import (
    ActivityInvitationFactory,
    InteractionFactory,
    RequestFactory,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.fixture
def reader():
    return UserFactory(admin=True)


def titles(timeline):
    return [entry.text.title for _heading, entries in timeline.groups for entry in entries]


def told(client, reader, **options):
    return titles(read_timeline(client, reader, **options))


# What each source tells ---------------------------------------------------------------------------


def test_timeline_tells_every_kind_newest_first(reader, count_queries):
    contact = ContactFactory(name="Anna")
    client, day = contact.client, NOW.date()
    back = lambda days: NOW - dt.timedelta(days=days)  # noqa: E731
    InteractionFactory(client=client, summary="Called Anna", happened_at=back(1))
    InteractionFactory(client=client, kind="email", direction="in", summary="They wrote",
                       happened_at=back(2))  # fmt: skip
    InteractionFactory(client=client, kind="note", direction="in", summary="A note",
                       happened_at=back(3))  # fmt: skip
    PurchaseFactory(client=client, bought_on=day - dt.timedelta(days=4), amount=Decimal("48.00"))
    PurchaseFactory(client=client, bought_on=day - dt.timedelta(days=5), amount=Decimal("-8.00"))
    RequestFactory(client=client, subject="Where is it?", opened_at=back(6), rating=4)
    ActivityInvitationFactory(contact=contact, activity__name="Fair", sent_at=back(7))
    ResponseFactory(contact=contact, survey__name="Pulse", submitted_at=back(8))
    LifecycleChangeFactory(client=client, as_of=day - dt.timedelta(days=9))
    gone = ClientFactory(name="Old twin")
    ClientMerge.objects.create(kept=client, gone=gone, actor=reader)
    ClientMerge.objects.update(at=back(10))

    found = told(client, reader)

    assert found == [
        "Called Anna",
        "From the client: They wrote",
        "A note",
        "Bought for ¥48",
        "Refund of ¥8",
        "Where is it?",
        "Invited to “Fair”",
        "Answered “Pulse”",
        "Stage: Potential → Existing",
        "“Old twin” was merged into this client",
    ]
    assert count_queries(lambda: read_timeline(client, reader)) == 1


def test_timeline_never_repeats_what_was_answered(reader):
    response = ResponseFactory(scores={"nps": 3, "text": "Confidential words"})
    Contact.objects.update(name="Ada Quay")

    page = timeline_of(response.client, reader)

    assert "Confidential" not in repr(page)
    assert "3" not in page.rows[0].detail


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({}, "Invited to “Fair”"),
        ({"answer": "accepted", "answered_at": NOW}, "Accepted the invitation to “Fair”"),
        ({"answer": "declined", "answered_at": NOW}, "Declined the invitation to “Fair”"),
        ({"attended": True, "activity__starts_at": NOW}, "Attended “Fair”"),
    ],
)
def test_invitation_is_one_entry_that_tells_its_latest_state(reader, fields, title):
    invitation = ActivityInvitationFactory(activity__name="Fair", **fields)

    assert told(invitation.client, reader) == [title]


def test_invitation_that_was_not_sent_is_no_entry(reader):
    invitation = ActivityInvitationFactory(sent_at=None)

    assert told(invitation.client, reader) == []


def test_open_follow_up_stands_with_its_entry_and_a_done_one_does_not(reader):
    person = UserFactory()
    day = dt.date(2026, 12, 2)
    promised = {"follow_up_on": day, "follow_up_by": person}
    client = InteractionFactory(**promised).client
    InteractionFactory(client=client, followed_up_at=NOW, **promised)

    ((_heading, entries),) = read_timeline(client, reader).groups

    assert sorted(entry.text.note for entry in entries) == ["", "Follow up on 2 Dec"]


def test_rating_stands_with_the_request(reader):
    client = RequestFactory(rating=4).client

    ((_heading, (entry,)),) = read_timeline(client, reader).groups

    assert entry.text.detail == "New · rated 4 of 5"


def test_deleted_touches_are_not_told(reader):
    touch = InteractionFactory(deleted_at=NOW)

    assert told(touch.client, reader) == []


def test_surveys_and_activities_of_groups_the_reader_does_not_see_are_not_told():
    member = MembershipFactory()
    reader = UserFactory()
    grant(reader, "viewer", member.client_group)
    contact = ContactFactory(client=member.client)
    own = {"client_group": member.client_group}
    ResponseFactory(contact=contact, survey__name="Hidden")
    ActivityInvitationFactory(contact=contact, activity__name="Hidden")
    ActivityInvitationFactory(contact=contact, activity__name="Seen",
                              activity__client_group=own["client_group"])  # fmt: skip

    assert told(member.client, reader) == ["Invited to “Seen”"]


# Merged clients -----------------------------------------------------------------------------------


def test_what_stayed_with_a_merged_client_belongs_to_the_story(reader):
    kept = ClientFactory()
    gone = ClientFactory(merged_into=kept, archived_at=NOW)
    InteractionFactory(client=gone, summary="Before the merge")

    assert told(kept, reader) == ["Before the merge"]


def test_merge_that_was_undone_is_not_told(reader):
    client = ClientFactory()
    ClientMerge.objects.create(kept=client, gone=ClientFactory(), actor=reader, undone_at=NOW)

    assert told(client, reader) == []


# Filters ------------------------------------------------------------------------------------------


def test_chips_narrow_to_a_kind(reader):
    client = InteractionFactory(summary="Call").client
    InteractionFactory(client=client, kind="note", summary="Note")
    PurchaseFactory(client=client, amount=5)

    assert told(client, reader, kind="note") == ["Note"]
    assert told(client, reader, kind="touch") == ["Call"]
    assert told(client, reader, kind="purchase") == ["Bought for ¥5"]
    assert len(told(client, reader, kind="nonsense")) == 3


def test_chips_name_every_kind():
    values = [value for value, _label in chips()]

    assert values[:2] == ["", "touch"]
    assert set(values[2:]) == set(kinds_known())
    assert chosen_kinds("") is None


def test_page_of_no_known_kind_is_empty(reader):
    assert timeline_of(ClientFactory(), reader, kinds={"nonsense"}).rows == []


# Pages --------------------------------------------------------------------------------------------


def all_pages(client, reader, size):
    found, before = [], ""
    while True:
        page = read_timeline(client, reader, size=size, before=before)
        found += titles(page)
        before = page.older
        if not before:
            return found


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_hold_every_entry_once_also_those_of_one_instant(reader, size):
    client = ClientFactory()
    for number in range(4):
        InteractionFactory(client=client, summary=f"T{number}", happened_at=NOW)
        RequestFactory(client=client, subject=f"R{number}", opened_at=NOW)
    ActivityInvitationFactory(contact=ContactFactory(client=client), sent_at=NOW)
    PurchaseFactory(client=client, bought_on=NOW.date())

    found = all_pages(client, reader, size)

    assert len(found) == len(set(found)) == 10
    assert found == all_pages(client, reader, 50)


def test_new_entry_does_not_shift_the_next_page(reader):
    client = ClientFactory()
    for days in range(4):
        at = NOW - dt.timedelta(days=days)
        InteractionFactory(client=client, summary=f"{days}", happened_at=at)
    first = read_timeline(client, reader, size=2)
    InteractionFactory(client=client, summary="new", happened_at=NOW + dt.timedelta(hours=1))

    assert told(client, reader, size=2, before=first.older) == ["2", "3"]


def test_heading_is_not_said_twice_where_a_page_ends_within_it(reader):
    client = ClientFactory()
    for hour in range(3):
        InteractionFactory(client=client, happened_at=dt.datetime(2026, 3, 4, hour, tzinfo=dt.UTC))
    first = read_timeline(client, reader, size=2)

    second = read_timeline(client, reader, size=2, before=first.older)

    assert [heading for heading, _rows in first.groups] == ["March 2026"]
    assert [heading for heading, _rows in second.groups] == [""]


@pytest.mark.parametrize(
    "text",
    ["", "x", "2026-01-01~a~1", "nonsense~a~1~", "2026-01-01T00:00:00~a~1~", "~~~",
     "2026-13-45T00:00:00+00:00~a~1~", "2026-01-01T00:00:00+00:00~a~-1~",
     f"2026-01-01T00:00:00+00:00~a~{'9' * 30}~"],
)  # fmt: skip
def test_cursor_that_makes_no_sense_begins_at_the_beginning(text):
    assert Cursor.parse(text) is None


def test_cursor_reads_what_it_wrote():
    cursor = Cursor(NOW, "interaction", 7, "2026-11")

    assert Cursor.parse(str(cursor)) == cursor


# Days ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "key"),
    [
        ("2026-11-25", "today"),
        ("2026-11-24", "yesterday"),
        ("2026-11-23", "week"),
        ("2026-11-22", "2026-11"),
        ("2026-12-01", "2026-12"),
        ("2025-11-25", "2025-11"),
    ],
)
def test_heading_of_a_day(day, key):
    today = dt.date(2026, 11, 25)  # a Wednesday

    assert heading_key(dt.date.fromisoformat(day), today) == key


def test_month_in_chinese():
    with translation.override("zh-hans"):
        assert timeline_page.month_of(dt.date(2026, 3, 4)) == "2026年3月"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Pacific/Honolulu"])
def test_purchase_stands_on_its_day_wherever_the_reader_is(reader, zone):
    purchase = PurchaseFactory(bought_on=dt.date(2026, 3, 4))

    with timezone.override(zone):
        ((_heading, (entry,)),) = read_timeline(purchase.client, reader).groups

        assert (entry.day, entry.dated) == (dt.date(2026, 3, 4), True)


def test_own_entries_are_marked():
    touch = InteractionFactory()

    ((_heading, (entry,)),) = read_timeline(touch.client, touch.by).groups

    assert entry.mine


def test_sources_are_those_of_this_app_and_of_feedback():
    assert sorted(SOURCES) == [
        "activity", "interaction", "merge", "purchase", "request", "stage", "survey"
    ]  # fmt: skip
