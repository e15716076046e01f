import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import Client, Interaction
from projects.models import ProjectInteraction
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    MembershipFactory,
)
from tests.factories.projects import ProjectFactory
from tests.factories.touches import (
    InteractionFactory,
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


# Log: without JavaScript --------------------------------------------------------------------------


def test_member_logs_a_touch_and_returns_to_the_client(client, sign_in, member):
    user = sign_in("member", member)

    response = client.post(url("client_log", member.client_id), CALL)

    assert response.url == member.client.get_absolute_url()
    touch = Interaction.objects.get()
    assert (touch.client, touch.by, touch.follow_up_on) == (member.client, user, None)


def test_log_returns_to_the_page_it_came_from_on_this_site_only(client, sign_in, member):
    sign_in("member", member)
    address = url("client_log", member.client_id)

    inside = client.post(address, CALL | {"next": url("touch_list")})
    outside = client.post(address, CALL | {"next": "https://evil.example/"})

    assert inside.url == url("touch_list")
    assert outside.url == member.client.get_absolute_url()


@pytest.mark.parametrize(
    ("choice", "days"), [("tomorrow", 1), ("week", 7)], ids=["tomorrow", "week"]
)
def test_chip_sets_the_day_of_the_follow_up(client, sign_in, member, choice, days):
    user = sign_in("member", member)

    client.post(
        url("client_log", member.client_id),
        CALL | {"follow_up": choice, "follow_up_by": user.pk, "follow_up_note": "Send it"},
    )

    touch = Interaction.objects.get()
    assert touch.follow_up_on == timezone.localdate() + dt.timedelta(days=days)
    assert (touch.follow_up_by, touch.follow_up_note) == (user, "Send it")


def test_chip_of_a_month_and_of_a_day(client, sign_in, member):
    sign_in("member", member)
    address, today = url("client_log", member.client_id), timezone.localdate()

    client.post(address, CALL | {"follow_up": "month"})
    client.post(address, CALL | {"follow_up": "day", "follow_up_on": today.isoformat()})

    month, day = Interaction.objects.order_by("pk").values_list("follow_up_on", flat=True)
    assert 28 <= (month - today).days <= 31
    assert day == today


def test_chip_of_no_follow_up_stands_before_a_day_left_in_the_field(client, sign_in, member):
    sign_in("member", member)

    client.post(url("client_log", member.client_id), CALL | {"follow_up_on": "2030-01-01"})

    assert Interaction.objects.get().follow_up_on is None


def test_everything_under_more_is_kept(client, sign_in, member):
    sign_in("member", member)
    project = ProjectFactory(client_group=member.client_group)
    contact = member.client.contacts.get()

    client.post(
        url("client_log", member.client_id),
        CALL
        | {
            "direction": "in",
            "happened_at": "2026-11-02T09:30",
            "contact": contact.pk,
            "text": "They are content.",
            "project": project.pk,
        },
    )

    touch = Interaction.objects.get()
    assert (touch.direction, touch.contact, touch.text) == ("in", contact, "They are content.")
    assert f"{touch.happened_at:%Y-%m-%d %H:%M}" == "2026-11-02 09:30"
    assert ProjectInteraction.objects.get().project == project


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"summary": ""}, "This field is required."),
        ({"kind": "smoke"}, "Select a valid choice."),
        ({"follow_up": "day"}, "Say on which day."),
        ({"follow_up": "day", "follow_up_on": "2020-01-01"}, "Choose a day that has not passed."),
        ({"follow_up": "day", "follow_up_on": "soon"}, "Enter a valid date."),
        ({"happened_at": "2999-01-01T10:00"}, "This lies in the future."),
    ],
)
def test_refused_form_says_why_and_loses_nothing(client, sign_in, member, fields, words):
    sign_in("member", member)

    response = client.post(
        url("client_log", member.client_id), CALL | {"text": "Long words"} | fields
    )

    assert response.status_code == 422
    assert words in text(response)
    assert "Long words" in text(response)
    assert not Interaction.objects.exists()


def test_people_contacts_and_projects_of_others_cannot_be_chosen(client, sign_in, member):
    sign_in("member", member)
    foreign = {
        "follow_up": "week",
        "follow_up_by": UserFactory().pk,
        "contact": ContactFactory().pk,
        "project": ProjectFactory().pk,
    }

    response = client.post(url("client_log", member.client_id), CALL | foreign)

    assert set(response.context["form"].errors) == {"follow_up_by", "contact", "project"}


def test_same_form_sent_twice_writes_one_row(client, sign_in, member):
    sign_in("member", member)
    page = client.get(url("client_log", member.client_id))
    key = page.context["form"].initial["submission_key"]

    for _turn in range(2):
        client.post(url("client_log", member.client_id), CALL | {"submission_key": key})

    assert Interaction.objects.get().submission_key == key


def test_key_of_another_clients_form_is_refused_in_words(client, sign_in, member):
    sign_in("member", member)
    used = InteractionFactory(submission_key=uuid.uuid4())

    response = client.post(
        url("client_log", member.client_id), CALL | {"submission_key": used.submission_key}
    )

    assert response.status_code == 422


def test_archived_client_is_no_longer_touched(client, sign_in, member):
    sign_in("member", member)
    Client.objects.update(archived_at=timezone.now())

    assert client.get(url("client_log", member.client_id)).status_code == 403


# Log: with htmx -----------------------------------------------------------------------------------


def test_panel_comes_back_with_the_new_entry_and_an_empty_form(client, sign_in, member):
    sign_in("member", member)

    response = client.post(
        url("client_log", member.client_id), CALL | {"place": "panel"}, headers=HTMX
    )

    page = text(response)
    assert f'id="client-{member.client_id}-touches"' in page
    assert "<html" not in page
    assert "Asked how it goes" in page
    assert "The touch was logged." in page
    assert response.context["form"].is_bound is False
    reload = client.get(url("client_timeline", member.client_id))
    assert "Asked how it goes" in text(reload)


def test_panel_comes_back_with_what_was_wrong(client, sign_in, member):
    sign_in("member", member)

    response = client.post(
        url("client_log", member.client_id), {"place": "panel", "kind": "visit"}, headers=HTMX
    )

    assert response.status_code == 422
    assert f'id="client-{member.client_id}-touches"' in text(response)
    assert "This field is required." in text(response)


def test_line_of_the_list_opens_a_form_and_is_replaced(client, sign_in, member):
    sign_in("member", member)
    address = url("client_log", member.client_id)

    opened = client.get(f"{address}?place=row", headers=HTMX)
    assert f'id="due-{member.client_id}-log"' in text(opened)
    assert "autofocus" in text(opened)

    wrong = client.post(address, {"place": "row", "kind": "call"}, headers=HTMX)
    assert wrong.status_code == 422
    assert f'id="due-{member.client_id}-log"' in text(wrong)

    saved = client.post(address, CALL | {"place": "row"}, headers=HTMX)
    assert saved["HX-Retarget"] == f"#due-{member.client_id}"
    assert f'<tbody id="due-{member.client_id}">' in text(saved)


# Whom to log with ---------------------------------------------------------------------------------


def test_search_finds_clients_the_person_may_see(client, sign_in):
    user = sign_in("outsider")
    ClientFactory(name="Harbour Tea", owner=user)
    ClientFactory(name="Harbour Coffee")

    page = text(client.get(url("touch_create"), {"q": "harb"}))
    assert "Harbour Tea" in page
    assert "Harbour Coffee" not in page

    for nothing in ("zebra", "!!!"):
        assert "No client of that name" in text(client.get(url("touch_create"), {"q": nothing}))


def test_search_begins_with_clients_touched_last(client, sign_in):
    user = sign_in("outsider")
    InteractionFactory(by=user, client=ClientFactory(name="Harbour Tea", owner=user))

    assert "Harbour Tea" in text(client.get(url("touch_create")))
