import datetime as dt
import threading
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone, translation

from accounts.models import AuditEvent
from notifications import services, tasks
from notifications.models import Message
from notifications.services import (
    OutgoingMail,
    in_language_of,
    mark_all_read,
    mark_read,
    notify,
    queue_mail,
    queue_mails,
    retry_message,
)
from tests.factories.accounts import UserFactory
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db


def tell(recipient, **changes):
    fields = {
        "kind": "task.assigned",
        "subject": "A task is yours",
        "body": "Write the plan.",
        "url": "/my-work/",
        "dedupe_key": "task.assigned:1",
    }
    return notify(recipient=recipient, **(fields | changes))


def outgoing(number, **changes):
    fields = {
        "address": f"contact{number}@example.net",
        "language": "en",
        "kind": "survey.invitation",
        "subject": "How was it?",
        "body": "One minute is enough.",
        "dedupe_key": "wave:1",
        "url": "/s/token/",
    }
    return OutgoingMail(**(fields | changes))


def test_notify_stores_mails_and_shows_once(django_capture_on_commit_callbacks, mailoutbox):
    anna = UserFactory()

    with django_capture_on_commit_callbacks(execute=True):
        first, second = tell(anna), tell(anna)

    assert (first, second) == (True, False)
    assert [mail.to for mail in mailoutbox] == [[anna.email]]
    assert Message.objects.get().state == Message.State.SENT


def test_notify_leaves_out_people_who_no_longer_sign_in():
    gone = UserFactory(is_active=False)

    assert tell(gone) is False
    assert queue_mails([outgoing(1, recipient=gone)]) == 0
    assert not Message.objects.exists()


def test_notify_is_undone_with_the_callers_transaction():
    with transaction.atomic():
        assert tell(UserFactory())
        transaction.set_rollback(True)

    assert not Message.objects.exists()


def test_same_key_reaches_two_people():
    assert [tell(UserFactory()), tell(UserFactory())] == [True, True]


def test_queue_mail_stores_once_per_address(django_capture_on_commit_callbacks, mailoutbox):
    mail = {
        "language": "en",
        "kind": "survey.invitation",
        "subject": "How was it?",
        "body": "One minute.",
        "dedupe_key": "wave:1",
    }

    with django_capture_on_commit_callbacks(execute=True):
        stored = [queue_mail(address="li@example.net", **mail) for _ in range(2)]

    assert stored == [True, False]
    assert [each.to for each in mailoutbox] == [["li@example.net"]]


def test_queue_mails_stores_new_ones_and_wakes_one_worker(
    django_capture_on_commit_callbacks, mailoutbox
):
    queue_mails([outgoing(1)])

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        new = queue_mails([outgoing(1), outgoing(2), outgoing(3)])

    assert new == 2
    assert len(callbacks) == 1
    assert Message.objects.count() == 3
    assert len(mailoutbox) == 3


def test_queue_mails_sends_as_many_statements_for_many_as_for_two(django_assert_num_queries):
    for many in (2, 200):
        rows = [outgoing(many * 1000 + n) for n in range(many)]
        with django_assert_num_queries(4):  # savepoint, INSERT, SELECT, release
            queue_mails(rows)


def test_queue_mails_without_rows_does_nothing(django_assert_num_queries):
    with django_assert_num_queries(2):
        assert queue_mails([]) == 0


@pytest.mark.parametrize("address", ["", "nobody", "a@b.c\nBcc: all@example.org", "x@y z"])
def test_bad_address_is_given_up_and_never_stops_the_others(address):
    assert queue_mails([outgoing(1, address=address), outgoing(2)]) == 2

    bad = Message.objects.get(state=Message.State.PARKED)
    assert "\n" not in bad.address
    assert bad.last_error == "Not an e-mail address."


@pytest.mark.parametrize(
    "subject", ["Hello\r\nBcc: all@example.org", "Hello\nBcc: all@example.org", "Hello\u2028Bcc:"]
)
def test_subject_stays_one_header_line(subject, django_capture_on_commit_callbacks, mailoutbox):
    with django_capture_on_commit_callbacks(execute=True):
        tell(UserFactory(), subject=subject)

    assert mailoutbox[0].bcc == []
    assert len(mailoutbox[0].subject.splitlines()) == 1
    assert "Bcc" not in mailoutbox[0].message()


def test_long_and_odd_texts_are_stored(settings):
    tell(UserFactory(), subject="主" * 500, body="nul\x00" + "x" * 200_000)

    message = Message.objects.get()
    assert len(message.subject) == 200
    assert len(message.body) <= services.BODY_LIMIT
    assert "\x00" not in message.body


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"]
)
def test_link_to_another_site_is_refused(url):
    with pytest.raises(ValueError, match="this site only"):
        tell(UserFactory(), url=url)


def test_full_address_of_this_site_is_kept_as_a_path(settings):
    settings.SITE_URL = "https://tandem.example.org/"

    tell(UserFactory(), url="https://tandem.example.org/projects/1/")

    assert Message.objects.get().url == "/projects/1/"


def test_texts_are_written_as_the_receiver_reads_them():
    li = UserFactory(chinese=True)
    noon = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)

    with in_language_of(li):
        inside = translation.get_language(), timezone.localtime(noon).hour

    assert inside == ("zh-hans", 12)
    assert translation.get_language() == "en"


@pytest.fixture
def dead_broker(monkeypatch):
    """No queue answers; every try is counted."""
    tries = []

    def publish(*args, **kwargs):
        tries.append(args)
        raise ConnectionRefusedError

    monkeypatch.setattr(tasks.deliver, "apply_async", publish)
    return tries


def test_dead_broker_neither_breaks_nor_slows_the_request(
    dead_broker, django_capture_on_commit_callbacks, caplog
):
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(5):
            assert tell(UserFactory(), dedupe_key=f"k{number}")

    assert len(dead_broker) == 1
    assert "next sweep delivers" in caplog.text
    assert tasks.deliver_pending() == 5


def test_broker_is_asked_again_after_a_rest(dead_broker, django_capture_on_commit_callbacks):
    for number in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            tell(UserFactory(), dedupe_key=f"k{number}")
        services._broker["rest_until"] = time.monotonic() - 1

    assert len(dead_broker) == 2


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_store_one_message():
    anna = UserFactory()
    start = threading.Barrier(2)
    stored = []

    def work():
        start.wait()
        stored.append(tell(anna))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(stored) == [False, True]
    assert Message.objects.count() == 1


def test_mark_read_keeps_the_first_time():
    message = MessageFactory()

    first = mark_read(message=message).read_at

    assert first is not None
    assert mark_read(message=message).read_at == first


def test_mark_all_read_leaves_other_peoples_messages():
    mine, other = MessageFactory(), MessageFactory()

    assert mark_all_read(recipient=mine.recipient) == 1
    assert mark_all_read(recipient=mine.recipient) == 0
    other.refresh_from_db()
    assert other.read_at is None


def test_retry_sends_a_given_up_message_again_once(django_capture_on_commit_callbacks, mailoutbox):
    actor = UserFactory(admin=True)
    message = MessageFactory(state=Message.State.PARKED, attempts=5, last_error="550 no")

    with django_capture_on_commit_callbacks(execute=True):
        assert retry_message(message=message, actor=actor) is True
        assert retry_message(message=message, actor=actor) is False

    assert len(mailoutbox) == 1
    assert AuditEvent.objects.filter(verb="message.retried", actor=actor).count() == 1
