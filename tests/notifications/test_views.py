import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Message
from notifications.selectors import unread_count
from tests.factories.accounts import UserFactory
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    user = UserFactory()
    client.force_login(user)
    return user


def subjects_on(page):
    return re.findall(r"people-text\">\s*<b>([^<]+)</b>", page.content.decode())


def test_inbox_lists_own_messages_unread_first(client, reader):
    read = MessageFactory(recipient=reader, subject="Read", read_at="2026-01-01T00:00Z")
    older = MessageFactory(recipient=reader, subject="Older")
    newer = MessageFactory(recipient=reader, subject="Newer & <b>bold</b>")
    MessageFactory(subject="Somebody else's")

    page = client.get("/inbox/")

    assert subjects_on(page) == ["Newer &amp; &lt;b&gt;bold&lt;/b&gt;", "Older", "Read"]
    assert "2 unread messages" in page.content.decode()
    assert {read.pk, older.pk, newer.pk} == set(
        Message.objects.filter(recipient=reader).values_list("pk", flat=True)
    )


def test_empty_inbox_teaches(client, reader):
    page = client.get("/inbox/").content.decode()

    assert "Nothing has come in yet" in page
    assert "a task that is now yours" in page
    assert "Mark all as read" not in page


def test_opening_a_message_marks_it_and_leads_to_its_page(client, reader):
    message = MessageFactory(recipient=reader, url="/profile/?tab=1")

    response = client.post(f"/inbox/{message.pk}/open/")

    assert response["Location"] == "/profile/?tab=1"
    assert unread_count(reader) == 0
    client.post(f"/inbox/{message.pk}/open/")
    assert unread_count(reader) == 0


def test_message_without_a_page_leads_back_to_the_inbox(client, reader):
    message = MessageFactory(recipient=reader, url="")

    assert client.post(f"/inbox/{message.pk}/open/")["Location"] == "/inbox/"


def test_looking_marks_nothing(client, reader):
    message = MessageFactory(recipient=reader)

    client.get("/inbox/")
    assert client.get(f"/inbox/{message.pk}/open/").status_code == 405
    assert unread_count(reader) == 1


def test_all_are_marked_at_once(client, reader):
    MessageFactory.create_batch(2, recipient=reader)
    other = MessageFactory()

    assert client.post("/inbox/read/")["Location"] == "/inbox/"

    assert unread_count(reader) == 0
    assert unread_count(other.recipient) == 1


@pytest.mark.parametrize("traits", [{}, {"manager": True}, {"admin": True}])
def test_somebody_elses_message_is_not_found(client, traits):
    client.force_login(UserFactory(**traits))
    message = MessageFactory()

    assert client.post(f"/inbox/{message.pk}/open/").status_code == 404
    message.refresh_from_db()
    assert message.read_at is None


@pytest.mark.parametrize("path", ["/inbox/", "/inbox/read/", "/inbox/1/open/"])
def test_inbox_is_for_people_who_signed_in(client, path):
    assert client.get(path)["Location"].startswith("/accounts/login/")
    assert client.post(path)["Location"].startswith("/accounts/login/")


def test_inbox_is_paged(client, reader):
    MessageFactory.create_batch(51, recipient=reader)

    assert len(subjects_on(client.get("/inbox/"))) == 50
    assert len(subjects_on(client.get("/inbox/?page=2"))) == 1
    assert client.get("/inbox/?page=zz").status_code == 200


def test_inbox_needs_as_many_statements_for_three_messages_as_for_one(client, reader):
    counts = []
    for messages in (1, 2):
        MessageFactory.create_batch(messages, recipient=reader)
        with CaptureQueriesContext(connection) as captured:
            client.get("/inbox/")
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_inbox_answers_htmx_with_a_part_of_the_page(client, reader):
    part = client.get("/inbox/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in part
    assert 'id="message-list"' in part
    assert 'id="message-list"' in client.get("/inbox/").content.decode()


def test_inbox_speaks_chinese(client):
    client.force_login(UserFactory(chinese=True))

    assert "收件箱" in client.get("/inbox/").content.decode()


def test_message_is_named_by_its_subject():
    assert str(MessageFactory(subject="Hello")) == "Hello"
