"""The pages of activities, in a browser with and without script, per role."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

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
    GroupAccessFactory(client_group=further, user=user, role="lead")
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


def test_groups_that_one_only_sees_are_no_audience(client, sign_in):
    group, seen = ClientGroupFactory(), ClientGroupFactory(name="Neighbours")
    user = sign_in("lead", group)
    GroupAccessFactory(client_group=seen, user=user, role="viewer")
    data = filled(group, audience=[seen.pk], owner=user.pk)

    assert f'name="audience" value="{seen.pk}"' not in text_of(client.get(url("activity_create")))
    response = client.post(url("activity_create"), data)

    assert response.status_code == 422
    assert "groups that you may plan for" in text_of(response)
    assert not Activity.objects.exists()


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
