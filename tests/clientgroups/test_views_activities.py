"""The pages of activities, in a browser with and without script, per role."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Activity
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.activities import ActivityFactory, ActivityInvitationFactory, person_in
from tests.factories.clientgroups import ClientGroupFactory, GroupAccessFactory, MembershipFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


def filled(group, **fields):
    standing = {
        "client_group": group.pk,
        "name": "Harvest evening",
        "kind": "event",
        "channel": "email",
        "starts_at": "2027-01-10T17:30",
        "seats": "20",
        "owner": "",
        "submission_key": str(uuid.uuid4()),
    }
    return standing | fields


# The list ----------------------------------------------------------------------------------------


def test_list_shows_only_activities_of_groups_with_a_role(client, sign_in):
    shown = ActivityFactory(name=HOSTILE)
    ActivityFactory(name="Secret")
    sign_in("viewer", shown)

    page = text_of(client.get(url("activity_list")))

    assert url("activity_detail", shown.pk) in page
    assert "Secret" not in page
    assert HOSTILE not in page
    assert url("activity_create") not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Tea", "Gift", "茶会"}),
        ("?q=te", {"Tea"}),
        ("?q=茶", {"茶会"}),
        ("?kind=offer", {"Gift"}),
        ("?status=done", {"茶会"}),
        ("?sort=-name&page=99", {"Tea", "Gift", "茶会"}),
        ("?kind=nonsense&sort=nonsense", {"Tea", "Gift", "茶会"}),
    ],
)
def test_list_is_filtered_by_its_address(client, sign_in, query, names):
    sign_in("admin")
    ActivityFactory(name="Tea")
    ActivityFactory(name="Gift", kind="offer", starts_at=None)
    ActivityFactory(name="茶会", status="done")

    page = text_of(client.get(url("activity_list") + query))

    assert {name for name in ("Tea", "Gift", "茶会") if f">{name}</a>" in page} == names


def test_list_of_one_group_is_asked_by_its_filter(client, sign_in):
    one, other = ActivityFactory(name="Tea"), ActivityFactory(name="Gift")
    sign_in("admin")

    page = text_of(client.get(url("activity_list") + f"?group={one.client_group_id}"))

    assert ">Tea</a>" in page
    assert f">{other.name}</a>" not in page


def test_empty_list_offers_the_first_step_to_who_leads_a_group(client, sign_in):
    group = ClientGroupFactory()
    sign_in("viewer", group)
    assert url("activity_create") not in text_of(client.get(url("activity_list")))

    sign_in("lead", group)
    assert url("activity_create") in text_of(client.get(url("activity_list"), headers=HTMX))


# Planning ----------------------------------------------------------------------------------------


def test_new_activity_leads_to_its_audience_and_sends_nothing(client, sign_in):
    group, further = ClientGroupFactory(), ClientGroupFactory()
    user = sign_in("lead", group, time_zone="Asia/Shanghai")
    GroupAccessFactory(client_group=further, user=user, role="viewer")
    person_in(group)
    data = filled(group, audience=[further.pk], owner=user.pk)

    response = client.post(url("activity_create") + f"?group={group.pk}", data)
    again = client.post(url("activity_create") + f"?group={group.pk}", data)

    activity = Activity.objects.get()
    assert response["Location"] == again["Location"] == url("activity_audience", activity.pk)
    assert timezone.localtime(activity.starts_at, user.zone).strftime("%H:%M") == "17:30"
    assert list(activity.audience.all()) == [further]
    assert not activity.invitations.exists()
    assert "1 contact" in text_of(client.get(response["Location"])) or "of 1 client" in text_of(
        client.get(response["Location"])
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "required"),
        ({"ends_at": "2027-01-10T17:00"}, "cannot end before"),
        ({"seats": "0"}, "At least one seat"),
        ({"seats": "many"}, "whole number"),
        ({"starts_at": "tomorrow"}, "valid date"),
        ({"channel": "pigeon"}, "not one of the available choices"),
    ],
)
def test_wrong_input_is_said_beside_its_field_and_nothing_is_lost(
    client, sign_in, fields, sentence
):
    group = ClientGroupFactory()
    user = sign_in("lead", group)
    data = filled(group, text="Come all!", owner=user.pk) | fields

    response = client.post(url("activity_create") + f"?group={group.pk}", data)

    assert response.status_code == 422
    assert sentence in text_of(response)
    assert "Come all!" in text_of(response)
    assert not Activity.objects.exists()


def test_nobody_plans_for_a_group_they_do_not_lead(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("member", group)

    response = client.post(url("activity_create"), filled(group, owner=user.pk))

    assert response.status_code == 422
    assert not Activity.objects.exists()
    assert "You lead no client group" in text_of(client.get(url("activity_create")))


def test_edit_keeps_what_is_not_asked_and_shows_refusals(client, sign_in):
    row = ActivityInvitationFactory(activity__name="Tea")
    activity = row.activity
    user = sign_in("lead", activity)
    data = filled(activity.client_group, owner=user.pk, name="Coffee", kind="webinar")
    path = url("activity_edit", activity.pk)

    refused = client.post(path, data)
    assert refused.status_code == 422
    assert "no longer change" in text_of(refused)
    assert "Coffee" in text_of(refused)
    stored = client.post(path, data | {"kind": "event"})

    assert stored["Location"] == activity.get_absolute_url()
    activity.refresh_from_db()
    assert activity.name == "Coffee"
    assert 'value="Coffee"' in text_of(client.get(path))


def test_edit_of_an_activity_that_is_over_says_so(client, sign_in):
    activity = ActivityFactory(status="done")
    user = sign_in("lead", activity)

    response = client.post(
        url("activity_edit", activity.pk), filled(activity.client_group, owner=user.pk)
    )

    assert response.status_code == 422
    assert "Reopen it" in text_of(response)


def test_draft_is_thrown_away_after_a_question(client, sign_in):
    activity = ActivityFactory()
    sign_in("lead", activity)
    path = url("activity_delete", activity.pk)

    assert client.get(path).status_code == 200
    assert Activity.objects.exists()
    assert client.post(path)["Location"] == url("activity_list")
    assert not Activity.objects.exists()


def test_invited_activity_is_not_thrown_away(client, sign_in):
    activity = ActivityInvitationFactory().activity
    sign_in("lead", activity)

    response = client.post(url("activity_delete", activity.pk), follow=True)

    assert "Cancel the activity instead" in text_of(response)
    assert Activity.objects.exists()


# Asking ------------------------------------------------------------------------------------------


def test_audience_is_shown_before_sending_with_reasons(client, sign_in):
    activity = ActivityFactory()
    person_in(activity.client_group)
    person_in(activity.client_group, email_consent=False)
    person_in(activity.client_group, email="")
    person_in(activity.client_group, is_active=False)
    person_in(activity.client_group, client__archived_at=timezone.now())
    MembershipFactory(client_group=activity.client_group)
    sign_in("lead", activity)

    page = text_of(client.get(url("activity_audience", activity.pk)))

    assert "Send 1 invitation" in page
    for words in (
        "no consent for this channel",
        "no address or number",
        "no longer active",
        "nobody to ask is known",
        "archived, merged or erased",
    ):
        assert words in page
    assert not Message.objects.exists()


def test_invitations_are_sent_from_the_preview(client, sign_in):
    activity = ActivityFactory()
    person_in(activity.client_group)
    sign_in("lead", activity)
    path = url("activity_audience", activity.pk)

    response = client.post(path, follow=True)

    assert "1 invitation is on its way" in text_of(response)
    assert Message.objects.filter(kind="activity.invitation").count() == 1
    assert "Nobody new can be asked" in text_of(client.post(path, follow=True))


def test_list_of_calls_is_made_from_the_preview(client, sign_in):
    activity = ActivityFactory(channel="phone")
    person_in(activity.client_group, phone="010 5550", phone_consent=True)
    sign_in("lead", activity)

    page = text_of(client.post(url("activity_audience", activity.pk), follow=True))

    assert "1 person is on your list" in page
    assert "List to work through" in page
    assert "tel:0105550" in page


def test_refused_sending_stays_on_the_preview(client, sign_in):
    activity = ActivityFactory()
    sign_in("lead", activity)

    response = client.post(url("activity_audience", activity.pk))

    assert response.status_code == 422
    assert "Nobody can be asked" in text_of(response)


# The page ----------------------------------------------------------------------------------------


def test_page_of_a_draft_shows_who_would_be_asked(client, sign_in):
    activity = ActivityFactory(text=HOSTILE, name=HOSTILE, place=HOSTILE)
    person_in(activity.client_group)
    sign_in("lead", activity)

    page = text_of(client.get(url("activity_detail", activity.pk)))

    assert "nobody was asked yet" in page
    assert "contacts would be asked" in page
    assert HOSTILE not in page


def test_page_shows_rates_with_interval_and_dashes_without_data(client, sign_in):
    row = ActivityInvitationFactory(answer="accepted")
    ActivityInvitationFactory(activity=row.activity)
    sign_in("viewer", row.activity)

    page = text_of(client.get(url("activity_detail", row.activity.pk)))

    assert "<b>50%</b>" in page
    assert "95% interval 9% to 91%" in page
    assert "<b>–</b>" in page
    assert "Not noted yet" in page
    assert url("activity_mark", row.activity.pk) not in page or 'name="row"' not in page


def test_clients_that_the_reader_does_not_see_are_named_without_a_link(client, sign_in):
    row = ActivityInvitationFactory(client__name="Foreign")
    MembershipFactory(client_group=row.activity.client_group, client__name="Own")
    seen = person_in(row.activity.client_group, client__name="Seen")
    ActivityInvitationFactory(activity=row.activity, client=seen.client, contact=seen)
    sign_in("viewer", row.activity)

    page = text_of(client.get(url("activity_detail", row.activity.pk)))

    assert "Foreign" in page
    assert url("client_detail", row.client.pk) not in page
    assert url("client_detail", seen.client.pk) in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?list=accepted", {"Ann"}),
        ("?list=silent", {"Bob"}),
        ("?list=nonsense", {"Ann", "Bob"}),
        ("?q=an", {"Ann"}),
        ("?q=Harbour", {"Bob"}),
        ("?q=%25", set()),
    ],
)
def test_people_are_narrowed_by_the_address(client, sign_in, query, names):
    row = ActivityInvitationFactory(contact__name="Ann", client__name="Quay", answer="accepted")
    ActivityInvitationFactory(activity=row.activity, contact__name="Bob", client__name="Harbour")
    sign_in("viewer", row.activity)

    page = text_of(client.get(url("activity_detail", row.activity.pk) + query))

    shown = page.split('id="people"')[1]
    found = {name for name in ("Ann", "Bob") if name in shown.split("<table", 1)[-1]}
    assert (found if "<table" in shown else set()) == names


def test_page_is_the_same_fragment_for_htmx(client, sign_in):
    activity = ActivityInvitationFactory().activity
    sign_in("viewer", activity)
    path = url("activity_detail", activity.pk)

    fragment = text_of(client.get(path, headers=HTMX))

    assert "<html" not in fragment
    assert f'id="activity-{activity.pk}"' in text_of(client.get(path))
    assert f'id="activity-{activity.pk}"' in fragment


def test_cancelled_page_lists_who_must_be_told_by_hand(client, sign_in):
    activity = ActivityFactory(status="cancelled", cancelled_because="Storm")
    ActivityInvitationFactory(
        activity=activity, answer="accepted", contact__name="Ann", contact__email=""
    )
    ActivityInvitationFactory(activity=activity, answer="accepted", contact__name="Bob")
    sign_in("lead", activity)

    page = text_of(client.get(url("activity_detail", activity.pk)))

    told = page.split("groups-tell")[1].split("</ul>")[0]
    assert "Storm" in page
    assert "Ann" in told
    assert "Bob" not in told


# Steps -------------------------------------------------------------------------------------------


def test_reminder_says_how_many(client, sign_in):
    activity = ActivityInvitationFactory().activity
    sign_in("lead", activity)
    path = url("activity_remind", activity.pk)

    assert "1 person is reminded" in text_of(client.post(path, follow=True))
    assert "was reminded already" in text_of(client.post(path, follow=True))


def test_reminder_of_what_has_begun_is_refused(client, sign_in):
    activity = ActivityFactory(begun=True)
    sign_in("lead", activity)

    page = text_of(client.post(url("activity_remind", activity.pk), follow=True))

    assert "Nobody can be reminded" in page


def test_cancelling_asks_first_and_tells_then(client, sign_in):
    row = ActivityInvitationFactory(answer="accepted")
    sign_in("lead", row.activity)
    path = url("activity_cancel", row.activity.pk)

    assert "1 person has accepted" in text_of(client.get(path))
    assert Activity.objects.get().status == "invited"
    too_long = client.post(path, {"reason": "x" * 301})
    assert too_long.status_code == 422
    page = text_of(client.post(path, {"reason": "Storm"}, follow=True))

    assert "Cancelled: Storm" in page
    assert Message.objects.filter(kind="activity.cancelled").count() == 1


def test_done_and_open_again(client, sign_in):
    activity = ActivityInvitationFactory().activity
    sign_in("lead", activity)
    path = url("activity_close", activity.pk)

    assert "Marked as done" in text_of(client.post(path, follow=True))
    assert "open again" in text_of(client.post(path, {"done": "no"}, follow=True))
    Activity.objects.update(status="cancelled")
    assert "was cancelled" in text_of(client.post(path, follow=True))


# People ------------------------------------------------------------------------------------------


def test_ticked_people_are_noted_and_the_list_stays_open(client, sign_in):
    activity = ActivityFactory(begun=True)
    rows = [ActivityInvitationFactory(activity=activity, answer="accepted") for _ in range(3)]
    sign_in("member", activity)
    path = url("activity_mark", activity.pk)

    response = client.post(
        path, {"mark": "came", "row": [rows[0].pk], "query": "list=accepted&page=1"}
    )
    assert response["Location"] == f"{activity.get_absolute_url()}?list=accepted&page=1"
    client.post(path, {"mark": "absent", "row": [rows[1].pk]})
    assert "Noted for 2 people" in text_of(client.post(path, {"mark": "all_came"}, follow=True))

    assert activity.invitations.filter(attended=True).count() == 3
    assert AuditEvent.objects.filter(verb="activity.attended").count() == 3


def test_answers_told_by_phone_are_noted(client, sign_in):
    activity = ActivityFactory(invited=True, channel="phone")
    rows = [ActivityInvitationFactory(activity=activity, sent_at=None) for _ in range(3)]
    sign_in("member", activity)
    path = url("activity_mark", activity.pk)

    client.post(path, {"mark": "accepted", "row": [rows[0].pk]})
    client.post(path, {"mark": "declined", "row": [rows[1].pk]})
    client.post(path, {"mark": "asked", "row": [rows[2].pk]})

    found = activity.invitations.order_by("pk").values_list("answer", flat=True)
    assert list(found) == ["accepted", "declined", "none"]
    assert not activity.invitations.filter(sent_at=None).exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"mark": "came"}, "Tick at least one person"),
        ({"mark": "nonsense"}, "Tick at least one person"),
        ({"mark": "nonsense", "row": ["own"]}, "Nothing was noted"),
        ({"mark": "asked", "row": ["own"]}, "is known"),
    ],
)
def test_wrong_marks_are_refused_in_words(client, sign_in, data, sentence):
    row = ActivityInvitationFactory()
    sign_in("member", row.activity)
    if data.get("row") == ["own"]:
        data = data | {"row": [row.pk]}

    page = text_of(client.post(url("activity_mark", row.activity.pk), data, follow=True))

    assert sentence in page


def test_people_of_another_activity_cannot_be_marked(client, sign_in):
    own, foreign = ActivityInvitationFactory(), ActivityInvitationFactory()
    sign_in("lead", own.activity)

    client.post(url("activity_mark", own.activity.pk), {"mark": "came", "row": [foreign.pk]})

    foreign.refresh_from_db()
    assert foreign.attended is None


def test_return_address_cannot_lead_elsewhere(client, sign_in):
    row = ActivityInvitationFactory()
    sign_in("member", row.activity)

    response = client.post(
        url("activity_mark", row.activity.pk),
        {"mark": "came", "row": [row.pk], "query": "//evil.example"},
    )

    assert response["Location"] == row.activity.get_absolute_url()


def test_list_is_exported_without_running_formulas(client, sign_in):
    activity = ActivityFactory(invited=True, channel="phone", name="Calls")
    ActivityInvitationFactory(
        activity=activity, client__name="=cmd()", contact__name="陈宇", attended=True
    )
    ActivityInvitationFactory(activity=activity, sent_at=None)
    sign_in("lead", activity)

    response = client.get(url("activity_people", activity.pk) + "?list=nonsense")
    text = b"".join(response.streaming_content).decode("utf-8-sig")

    lines = text.splitlines()
    assert len(lines) == 3
    assert "'=cmd()" in text
    assert "陈宇" in text
    assert "/i/" in lines[1]
    short = client.get(url("activity_people", activity.pk) + "?list=unasked")
    assert len(b"".join(short.streaming_content).decode().splitlines()) == 2


# In the group ------------------------------------------------------------------------------------


def test_panel_of_a_group_is_a_page_and_a_fragment(client, sign_in):
    activity = ActivityFactory(name=HOSTILE)
    sign_in("viewer", activity)
    path = url("group_activities", activity.client_group_id)

    page, fragment = text_of(client.get(path)), text_of(client.get(path, headers=HTMX))

    assert 'id="group-activities"' in page
    assert fragment.lstrip().startswith('<section class="card" id="group-activities"')
    assert HOSTILE not in page
    assert url("activity_create") not in fragment


def test_panel_without_activities_says_so(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)

    page = text_of(client.get(url("group_activities", group.pk)))

    assert "not invited to anything yet" in page
    assert f"{url('activity_create')}?group={group.pk}" in page


def test_owner_is_chosen_among_people_of_the_group(client, sign_in):
    activity = ActivityFactory()
    sign_in("lead", activity)
    stranger = UserFactory(name="Stranger")

    page = text_of(client.get(url("activity_edit", activity.pk)))

    assert str(activity.owner) in page
    assert "Stranger" not in page
    refused = client.post(
        url("activity_edit", activity.pk), filled(activity.client_group, owner=stranger.pk)
    )
    assert refused.status_code == 422
