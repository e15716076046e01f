import datetime as dt
import threading
from smtplib import SMTPException

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import JobRun
from notifications import delivery
from notifications.models import Message
from notifications.selectors import queue_state
from notifications.services import retry_message
from notifications.tasks import deliver, deliver_pending, purge_old
from tests.factories.accounts import UserFactory
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db

AGO = dt.timedelta(seconds=1)


def make_due():
    Message.objects.update(next_try_at=timezone.now() - AGO)


def reload(message):
    message.refresh_from_db()
    return message


def test_message_is_sent_once(mailoutbox):
    message = MessageFactory()

    assert [deliver(message.pk), deliver(message.pk)] == [True, False]
    assert [mail.to for mail in mailoutbox] == [[message.recipient.email]]
    assert reload(message).state == Message.State.SENT
    assert message.sent_at is not None
    assert (message.attempts, message.leased_until) == (1, None)


def test_mail_carries_headers_text_and_one_button(smtp, settings):
    settings.SITE_URL = "https://tandem.example.org"
    message = MessageFactory(
        subject="Größe: 任务", body="Line one.\n\nLine <two>.", url="/my-work/?a=1&b=2"
    )

    deliver(message.pk)

    ((to, mail),) = smtp.mails
    text = mail.get_body("plain").get_content()
    html = mail.get_body("html").get_content()
    assert to == [message.recipient.email]
    assert mail["Subject"] == "Größe: 任务"
    assert mail["Message-ID"] == f"<{message.message_id}@tandem.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"] == settings.DEFAULT_FROM_EMAIL
    assert "https://tandem.example.org/my-work/?a=1&b=2" in text
    assert "Line <two>." in text
    assert "Line &lt;two&gt;." in html
    assert html.count('href="https://tandem.example.org/my-work/?a=1&amp;b=2"') == 1
    assert "<img" not in html
    assert "List-Unsubscribe" not in mail


def test_mail_to_a_contact_names_its_way_out(smtp, settings):
    settings.SITE_URL = "https://tandem.example.org"
    message = MessageFactory(
        contact=True, unsubscribe_url="/s/t/stop/", action="Answer now", html=""
    )

    deliver(message.pk)

    ((_to, mail),) = smtp.mails
    assert mail["List-Unsubscribe"] == "<https://tandem.example.org/s/t/stop/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Answer now" in mail.get_body("html").get_content()
    assert "/inbox/" not in mail.get_body("plain").get_content()


def test_mail_speaks_the_receivers_language(mailoutbox):
    message = MessageFactory(language="zh-hans", recipient=UserFactory(chinese=True), url="")

    deliver(message.pk)

    assert "收件箱" in mailoutbox[0].body
    assert 'lang="zh-hans"' in mailoutbox[0].alternatives[0].content


def test_own_html_replaces_the_usual_one(mailoutbox):
    deliver(MessageFactory(html="<p>Mine</p>").pk)

    assert mailoutbox[0].alternatives[0].content == "<p>Mine</p>"


def test_mail_goes_where_the_person_is_now(mailoutbox):
    message = MessageFactory(address="before@example.org")

    deliver(message.pk)

    assert mailoutbox[0].to == [message.recipient.email]


def test_person_switched_off_meanwhile_gets_nothing(mailoutbox):
    message = MessageFactory(recipient=UserFactory(is_active=False))

    assert deliver(message.pk) is False
    assert mailoutbox == []
    assert reload(message).state == Message.State.PARKED
    assert "no longer signs in" in message.last_error


def test_sweep_sends_all_that_is_due_over_one_connection(smtp):
    due = MessageFactory.create_batch(3) + MessageFactory.create_batch(2, contact=True)
    later = MessageFactory(next_try_at=timezone.now() + dt.timedelta(minutes=1))

    assert deliver_pending() == 5
    assert deliver_pending() == 0
    assert sorted(smtp.subjects) == sorted(message.subject for message in due)
    assert smtp.connections == 1
    assert reload(later).state == Message.State.WAITING
    assert JobRun.objects.get(name="notifications.tasks.deliver_pending").rows == 0


def test_sweep_goes_on_batch_after_batch(smtp, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 2)
    MessageFactory.create_batch(5)

    assert deliver_pending() == 5


def test_sweep_ends_when_its_time_is_up(smtp, monkeypatch):
    monkeypatch.setattr(delivery, "SWEEP_SECONDS", -1)
    MessageFactory()

    assert deliver_pending() == 0


def test_slow_batch_gives_its_rest_back(monkeypatch, mailoutbox):
    monkeypatch.setattr(delivery, "BATCH_SECONDS", -1)
    message = MessageFactory()

    assert deliver(message.pk) is False
    assert (reload(message).state, message.attempts) == (Message.State.WAITING, 0)
    monkeypatch.undo()
    assert deliver(message.pk) is True


def test_lease_in_force_is_left_alone(mailoutbox):
    MessageFactory(state="leased", leased_until=timezone.now() + dt.timedelta(minutes=1))

    assert deliver_pending() == 0
    assert mailoutbox == []


def test_lease_that_ran_out_is_taken_over_with_the_same_message_id(mailoutbox):
    message = MessageFactory(state="leased", leased_until=timezone.now() - AGO, attempts=1)

    assert deliver_pending() == 1
    assert str(message.message_id) in mailoutbox[0].extra_headers["Message-ID"]


def test_message_that_no_worker_comes_back_from_is_given_up(mailoutbox):
    message = MessageFactory(
        state="leased", leased_until=timezone.now() - AGO, attempts=delivery.MAX_ATTEMPTS
    )

    assert deliver(message.pk) is False
    assert deliver_pending() == 0
    assert reload(message).state == Message.State.PARKED
    assert mailoutbox == []


@pytest.mark.parametrize("answer", ["550 no such mailbox", "554 refused"])
def test_refused_message_is_tried_five_times_and_given_up(smtp, answer):
    message = MessageFactory()

    for attempt in range(1, delivery.MAX_ATTEMPTS + 1):
        smtp.refusals = [answer]
        make_due()
        assert deliver_pending() == 0
        assert reload(message).attempts == attempt
        assert answer.split()[1] in message.last_error
        assert message.next_try_at > timezone.now()

    assert message.state == Message.State.PARKED
    make_due()
    assert deliver_pending() == 0
    assert smtp.mails == []
    assert queue_state().parked == 1


def test_refused_recipient_does_not_stop_the_others(smtp):
    bad, good = MessageFactory(), MessageFactory()
    smtp.rcpt_answers[bad.recipient.email] = "550 unknown"

    assert deliver_pending() == 1
    assert reload(bad).state == Message.State.WAITING
    assert reload(good).state == Message.State.SENT
    assert smtp.connections == 1


def test_recipient_asked_to_come_later_keeps_all_attempts(smtp):
    message = MessageFactory()
    smtp.rcpt_answers[message.recipient.email] = "451 greylisted"

    assert deliver_pending() == 0
    assert (reload(message).state, message.attempts) == (Message.State.WAITING, 0)
    smtp.rcpt_answers.clear()
    make_due()
    assert deliver_pending() == 1


def test_waits_grow_with_age_and_differ(smtp):
    old = dt.timedelta(hours=1)
    young, aged = MessageFactory(), MessageFactory()
    Message.objects.filter(pk=aged.pk).update(created_at=timezone.now() - old)
    smtp.refusals = ["451 later", "451 later"]

    deliver_pending()

    now = timezone.now()
    assert dt.timedelta(seconds=20) < reload(young).next_try_at - now < dt.timedelta(seconds=40)
    assert dt.timedelta(minutes=20) < reload(aged).next_try_at - now < dt.timedelta(minutes=40)


def test_server_away_for_days_gives_up_in_the_end(no_smtp):
    message = MessageFactory()
    Message.objects.update(created_at=timezone.now() - delivery.PATIENCE - AGO)

    assert deliver_pending() == 0
    assert reload(message).state == Message.State.PARKED


def test_server_away_costs_no_attempt_and_nothing_is_lost(no_smtp):
    messages = MessageFactory.create_batch(4)

    assert deliver_pending() == 0

    for message in messages:
        assert reload(message).state == Message.State.WAITING
        assert message.attempts == 0
        assert message.next_try_at > timezone.now()


def test_connection_lost_after_the_mail_was_taken_repeats_under_the_same_id(smtp):
    message = MessageFactory()
    smtp.refusals = ["drop"]

    assert deliver_pending() == 0
    make_due()
    assert deliver_pending() == 1

    first, second = (mail["Message-ID"] for _to, mail in smtp.mails)
    assert first == second == f"<{message.message_id}@127.0.0.1>"


def test_batch_goes_on_over_a_new_connection(smtp):
    MessageFactory.create_batch(3)
    smtp.refusals = ["421 closing"]

    assert deliver_pending() == 2
    assert smtp.connections == 2


def test_address_that_no_mail_can_carry_is_refused_and_the_next_goes_out(smtp):
    bad, good = MessageFactory(contact=True), MessageFactory(contact=True)
    Message.objects.filter(pk=bad.pk).update(address="a@b c@d\nBcc: x@example.org")

    assert deliver_pending() == 1
    assert reload(bad).attempts == 1
    assert reload(good).state == Message.State.SENT
    assert [to for to, _mail in smtp.mails] == [[good.address]]


def test_goodbye_that_fails_is_no_failure():
    line = delivery._Line()

    class Backend:
        def close(self):
            raise SMTPException

    line.backend = Backend()
    line.close()

    assert line.backend is None


def test_late_worker_does_not_overwrite_the_next_ones_lease():
    message = MessageFactory(state="leased", leased_until=timezone.now() + dt.timedelta(minutes=2))
    stale = Message.objects.get(pk=message.pk)
    Message.objects.update(leased_until=timezone.now() + dt.timedelta(minutes=4))

    delivery._come_again(stale, "451 later")

    assert reload(message).state == Message.State.LEASED


@pytest.mark.django_db(transaction=True)
def test_two_deliverers_send_one_mail(smtp):
    messages = MessageFactory.create_batch(6)
    start = threading.Barrier(3)
    sent = []

    def work(call):
        start.wait()
        sent.append(int(call()))
        connection.close()

    calls = [deliver_pending, deliver_pending, lambda: deliver(messages[0].pk)]
    threads = [threading.Thread(target=work, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sent) == 6
    assert sorted(smtp.subjects) == sorted(message.subject for message in messages)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_server_answers(monkeypatch):
    message = MessageFactory()
    seen = []
    monkeypatch.setattr(
        delivery._Line, "send", lambda self, mail: seen.append(connection.in_atomic_block)
    )

    deliver(message.pk)

    assert seen == [False]


def test_old_messages_are_purged():
    long_ago = timezone.now() - dt.timedelta(days=181)
    MessageFactory(read_at=long_ago)
    MessageFactory(contact=True, state="sent", sent_at=long_ago)
    kept = [
        MessageFactory(read_at=timezone.now()),
        MessageFactory(state="sent", sent_at=long_ago),
        MessageFactory(contact=True),
    ]

    assert purge_old() == 2
    assert purge_old() == 0
    assert set(Message.objects.all()) == set(kept)


def test_queue_state_counts_what_waits_since_when():
    oldest = MessageFactory()
    MessageFactory(state="sent")
    parked = MessageFactory(state="parked")

    assert queue_state().waiting == 1
    assert queue_state().oldest_at == oldest.created_at
    retry_message(message=parked, actor=UserFactory())
    assert queue_state().waiting == 2
