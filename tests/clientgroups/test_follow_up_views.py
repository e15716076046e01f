import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.services.follow_ups import finish_follow_up, snooze_follow_up
from clientgroups.services.touches import delete_touch
from tests.factories.clientgroups import (
    ContactFactory,
    MembershipFactory,
)
from tests.factories.touches import (
    InteractionFactory,
    touch_in_group,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
CALL = {"kind": "call", "summary": "Asked how it goes", "follow_up": ""}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


@pytest.fixture
def member():
    """A client in a group, with a contact."""
    row = MembershipFactory()
    ContactFactory(client=row.client, name="Anna")
    return row


def text(response):
    return response.content.decode()


def toasts(response):
    return [str(message) for message in response.context["messages"]]


# One touch ----------------------------------------------------------------------------------------


def test_text_is_shown_as_markdown_and_never_as_html(client, sign_in):
    touch = touch_in_group(text="**bold** <script>alert(1)</script>", summary="<b>x</b>")
    sign_in("viewer", touch.client)

    page = text(client.get(url("touch_detail", touch.pk)))

    assert "<strong>bold</strong>" in page
    assert "<script>alert" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert url("touch_edit", touch.pk) not in page


def test_author_edits_a_touch_and_a_colleague_may_not(client, sign_in, member):
    user = sign_in("member", member)
    own = InteractionFactory(client=member.client, by=user, promised=True)
    other = InteractionFactory(client=member.client)

    page = client.get(url("touch_edit", own.pk))
    assert "Send the offer" in text(page)
    response = client.post(
        url("touch_edit", own.pk), CALL | {"summary": "Corrected", "follow_up": "week"}
    )

    own.refresh_from_db()
    assert response.url == member.client.get_absolute_url()
    assert own.summary == "Corrected"
    assert client.get(url("touch_edit", other.pk)).status_code == 403
    assert client.post(url("touch_delete", other.pk)).status_code == 403


def test_edit_keeps_the_former_contact_though_inactive_and_an_overdue_day(client, sign_in, member):
    user = sign_in("member", member)
    contact = ContactFactory(client=member.client, is_active=False)
    day = timezone.localdate() - dt.timedelta(days=5)
    touch = InteractionFactory(
        client=member.client, by=user, contact=contact, follow_up_on=day, follow_up_by=user
    )

    response = client.post(
        url("touch_edit", touch.pk),
        CALL | {"contact": contact.pk, "follow_up": "day", "follow_up_on": day.isoformat()},
    )

    touch.refresh_from_db()
    assert response.status_code == 302
    assert (touch.contact, touch.follow_up_on) == (contact, day)


def test_refused_edit_says_why(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user)

    for fields in ({"summary": ""}, {"happened_at": "2999-01-01T10:00"}):
        response = client.post(url("touch_edit", touch.pk), CALL | fields)
        assert response.status_code == 422


def test_delete_offers_undo_and_undo_brings_the_touch_back(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user)

    response = client.post(url("touch_delete", touch.pk), {"next": url("touch_list")}, follow=True)
    assert toasts(response) == ["The touch was deleted."]
    (message,) = response.context["messages"]
    assert client.get(url("touch_detail", touch.pk)).status_code == 404

    back = client.post(message.extra_tags.removeprefix("undo:"), follow=True)
    assert toasts(back) == ["Undone."]
    assert client.get(url("touch_detail", touch.pk)).status_code == 200


def test_deleted_touch_cannot_be_deleted_again(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user)
    delete_touch(touch=touch, actor=user)

    assert client.post(url("touch_delete", touch.pk)).status_code == 404


def test_undo_of_another_touch_is_not_found(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)
    other = InteractionFactory(client=member.client, by=user)
    event = finish_follow_up(touch=touch, actor=user)

    assert client.post(url("touch_undo", other.pk, event.pk)).status_code == 404
    assert client.post(url("touch_undo", touch.pk, event.pk + 99)).status_code == 404


# Follow-ups ---------------------------------------------------------------------------------------


def test_follow_up_is_ticked_off_and_taken_back(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)
    assert "Send the offer" in text(client.get(url("follow_up_list")))

    response = client.post(url("follow_up_done", touch.pk), follow=True)
    (message,) = response.context["messages"]
    assert str(message) == f"Followed up with {member.client}."
    assert "Nothing is promised" in text(response)
    assert "Done" in text(client.get(url("touch_detail", touch.pk)))

    client.post(message.extra_tags.removeprefix("undo:"))
    touch.refresh_from_db()
    assert touch.followed_up_at is None
    client.post(url("follow_up_done", touch.pk))
    assert client.post(url("follow_up_done", touch.pk), follow=True).context["messages"]


@pytest.mark.parametrize("fields", [{"until": "week"}, {"day": "2999-01-01"}])
def test_follow_up_is_put_off_and_taken_back(client, sign_in, member, fields):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)
    before = touch.follow_up_on

    response = client.post(url("follow_up_snooze", touch.pk), fields, follow=True)
    (message,) = response.context["messages"]
    assert str(message).startswith("Put off to ")
    touch.refresh_from_db()
    assert touch.follow_up_on > before

    client.post(message.extra_tags.removeprefix("undo:"))
    touch.refresh_from_db()
    assert touch.follow_up_on == before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Say on which day."),
        ({"until": "never"}, "Select a valid choice. never is not one of the available choices."),
        ({"day": "2020-01-01"}, "Choose a day that has not passed."),
    ],
)
def test_put_off_to_nowhere_is_refused_in_words(client, sign_in, member, fields, words):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)

    response = client.post(url("follow_up_snooze", touch.pk), fields, follow=True)

    assert toasts(response) == [words]


def test_put_off_to_the_same_day_says_nothing(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)

    day = touch.follow_up_on.isoformat()
    response = client.post(url("follow_up_snooze", touch.pk), {"day": day}, follow=True)

    assert toasts(response) == []


def test_undo_after_another_change_says_why_not(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)
    later = timezone.localdate() + dt.timedelta(days=5)
    event = snooze_follow_up(touch=touch, actor=user, until=later)
    snooze_follow_up(touch=touch, actor=user, until=later + dt.timedelta(days=1))

    response = client.post(url("touch_undo", touch.pk, event.pk), follow=True)

    assert "has changed since" in toasts(response)[0]


def test_viewer_reads_follow_ups_and_has_no_buttons(client, sign_in):
    touch = touch_in_group(promised=True)
    sign_in("viewer", touch.client)

    page = text(client.get(url("follow_up_list"), {"who": "all"}))

    assert "Send the offer" in page
    assert url("follow_up_done", touch.pk) not in page
