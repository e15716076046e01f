"""Two people at the same moment: real threads, real transactions."""

import threading
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from clientgroups.models import RequestMessage, ServiceRequest
from clientgroups.services import request_messages as talk
from clientgroups.services import sla_watch
from clientgroups.services.requests import change_request, move_request, open_request
from notifications.models import Message
from projects.services.request_tasks import echo_done_tasks
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ContactFactory
from tests.factories.requests import (
    CalendarFactory,
    ServiceRequestFactory,
    SlaPolicyFactory,
    linked_task,
)

pytestmark = pytest.mark.django_db(transaction=True)


def together(*calls):
    """Run the calls at the same moment; what each returned, or the refusal it met."""
    gate = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(place, call):
        try:
            gate.wait()
            results[place] = call()
        except ValidationError as problem:
            results[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def of_contact(**fields):
    contact = ContactFactory()
    return ServiceRequestFactory(client=contact.client, contact=contact, **fields)


def test_form_sent_many_times_at_once_opens_one_request():
    level, client, actor, key = (
        SlaPolicyFactory(),
        ContactFactory().client,
        UserFactory(),
        uuid.uuid4(),
    )

    def send():
        return open_request(
            actor=actor, client=client, type=level.type, subject="Lid", submission_key=key
        )

    rows = together(*[send] * 6)

    assert len({row.pk for row in rows}) == 1
    assert ServiceRequest.objects.count() == 1


def test_answer_of_the_client_sent_many_times_at_once_is_kept_once():
    row, key = of_contact(waiting=True, assignee=UserFactory()), uuid.uuid4()

    together(*[lambda: talk.write_as_client(request=row, text="Here.", submission_key=key)] * 6)

    assert row.messages.count() == 1
    assert Message.objects.count() == 1


def test_late_words_sent_many_times_at_once_open_one_request():
    row, key = of_contact(closed=True), uuid.uuid4()

    together(*[lambda: talk.write_as_client(request=row, text="Again.", submission_key=key)] * 4)

    assert ServiceRequest.objects.filter(follows=row).count() == 1
    assert RequestMessage.objects.count() == 1


@pytest.mark.parametrize("turn", range(4))
def test_client_who_answers_while_it_is_resolved_is_never_lost(turn):
    row, agent = of_contact(open=True), UserFactory()

    calls = [
        lambda: talk.write_as_client(request=row, text="Wait!", submission_key=uuid.uuid4()),
        lambda: move_request(request=row, actor=agent, status="resolved", outcome="Done.", seen=0),
    ]
    results = together(*(calls if turn % 2 else calls[::-1]))

    row.refresh_from_db()
    refused = [result for result in results if isinstance(result, ValidationError)]
    # Either the agent is told that the client wrote, or the client took it up again.
    assert row.status == "open"
    assert row.messages.filter(author=None).count() == 1
    assert row.messages.filter(author=agent).count() == 1 - len(refused)


def test_resolving_twice_at_once_mails_once():
    row, agent = of_contact(open=True), UserFactory()

    together(
        *[
            lambda: move_request(request=row, actor=agent, status="resolved", outcome="Done."),
        ]
        * 4
    )

    assert Message.objects.filter(kind="request.resolved").count() == 1
    assert row.messages.count() == 1


def test_pausing_and_priority_at_once_agree_about_the_clock():
    level = SlaPolicyFactory(calendar=CalendarFactory(always=True))
    SlaPolicyFactory(
        type=level.type, priority="urgent", calendar=level.calendar, resolution_minutes=300
    )
    actor = UserFactory()
    row = open_request(actor=actor, client=ContactFactory().client, type=level.type, subject="Lid")

    together(
        lambda: move_request(request=row, actor=actor, status="waiting"),
        lambda: change_request(request=row, actor=actor, priority="urgent"),
    )

    row.refresh_from_db()
    assert (row.status, row.priority) == ("waiting", "urgent")
    assert (row.resolution_due_at - row.opened_at).total_seconds() == 300 * 60


def test_two_watchers_tell_each_breach_once():
    level = SlaPolicyFactory(calendar=CalendarFactory(always=True))
    for _number in range(5):
        ServiceRequestFactory(
            type=level.type,
            sla=level,
            open=True,
            resolution_due_at=timezone.now(),
            assignee=UserFactory(),
        )

    found = together(*[sla_watch.watch_service_levels] * 3)

    assert sum(found) == 5
    # The assignee and, as there is no lead, the owner.
    assert Message.objects.filter(kind="request.late").count() == 10


def test_two_sweeps_write_one_note():
    link = linked_task()
    type(link.task).objects.filter(pk=link.task_id).update(completed_at=timezone.now())

    together(*[echo_done_tasks] * 3)

    assert link.request.messages.count() == 1


def test_rating_twice_at_once_is_told_once():
    row = of_contact(resolved=True, assignee=UserFactory())

    together(*[lambda: talk.rate_request(request=row, rating=1)] * 4)

    told = Message.objects.filter(kind="request.rated_low")
    assert told.count() == 2
