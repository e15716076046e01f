"""What is open when a client is erased or put away ends, and nobody is told about it later."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Client, ServiceRequest, StagedContact
from clientgroups.selectors.requests import queue_counts
from clientgroups.services.personal import erase_client
from clientgroups.services.sla_watch import watch_service_levels
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientFactory, ClientGroupFactory, MembershipFactory
from tests.factories.requests import ServiceRequestFactory

pytestmark = pytest.mark.django_db
AN_HOUR = dt.timedelta(hours=1)


def erase(client):
    return erase_client(client=client, actor=client.owner, confirm=client.name)


def late_request(**fields):
    now = timezone.now()
    return ServiceRequestFactory(
        first_answer_due_at=now - AN_HOUR, resolution_due_at=now - AN_HOUR, **fields
    )


def test_erasing_ends_listed_memberships_and_leaves_those_of_rules_to_their_rule():
    listed = MembershipFactory(valid_from=dt.date(2026, 1, 1))
    by_rule = MembershipFactory(client=listed.client, client_group=ClientGroupFactory(dynamic=True))

    erase(listed.client)

    listed.refresh_from_db()
    by_rule.refresh_from_db()
    listed.client_group.refresh_from_db()
    assert (listed.valid_to, listed.ended_because) == (timezone.localdate(), "archived")
    assert listed.client_group.member_count == 0
    assert by_rule.valid_to is None


def test_erasing_forgets_why_somebody_left_a_group():
    gone = MembershipFactory(
        valid_from=dt.date(2026, 1, 1),
        valid_to=dt.date(2026, 2, 1),
        began_because="Friend of Jane",
        ended_because="Divorced",
    )
    away = MembershipFactory(
        client=gone.client,
        valid_from=dt.date(2026, 1, 1),
        valid_to=dt.date(2026, 2, 1),
        ended_because="archived",
    )

    erase(gone.client)

    gone.refresh_from_db()
    away.refresh_from_db()
    assert (gone.began_because, gone.ended_because) == ("", "")
    assert away.ended_because == "archived"


def test_erasing_takes_lines_that_name_the_client_by_number_or_reference():
    client = ClientFactory(external_id="K-77", name="Blue Harbour")
    batch = uuid.uuid4()
    told = [{"number": "K-77", "name": "Other"}, {"ref": client.pk, "name": "New name"}]
    others = [{"number": "K-78", "name": "Other"}]
    for line, data in enumerate([*told, *others], 2):
        StagedContact.objects.create(
            batch=batch, line=line, client_key="", data={"client": data, "contact": {}}
        )

    counts = erase(client)

    assert counts["staged"] == 2
    assert StagedContact.objects.get().data["client"]["number"] == "K-78"


@pytest.mark.parametrize("status", ["new", "open", "waiting"])
def test_erasing_closes_what_is_open(status):
    paused = timezone.now() if status == "waiting" else None
    row = late_request(status=status, paused_at=paused)
    done = ServiceRequestFactory(
        client=row.client, status="resolved", resolved_at=timezone.now(), outcome="Mended"
    )

    counts = erase(row.client)

    row.refresh_from_db()
    done.refresh_from_db()
    assert counts["closed"] == 1
    assert (row.status, row.paused_at) == ("closed", None)
    assert row.resolved_at
    assert row.outcome == "The personal data of the client was erased."
    assert (done.status, done.outcome) == ("resolved", "")
    event = AuditEvent.objects.get(verb="request.closed")
    assert event.target_label == f"#{row.pk}"
    Message.objects.all().delete()
    assert watch_service_levels() == 0
    assert not Message.objects.exists()


def test_nobody_is_told_about_requests_of_clients_put_away():
    row = late_request()
    assert ServiceRequest.objects.running().count() == 1
    Client.objects.filter(pk=row.client_id).update(archived_at=timezone.now())

    assert watch_service_levels() == 0

    row.refresh_from_db()
    assert row.answer_breached_at is None


@pytest.mark.parametrize(("show", "found"), [("", 1), ("late", 1), ("all", 2)])
def test_chips_of_open_requests_leave_clients_put_away_out(client, sign_in, show, found):
    sign_in("admin")
    late_request(subject="Seen")
    gone = late_request(subject="Gone")
    Client.objects.filter(pk=gone.client_id).update(archived_at=timezone.now())

    page = client.get(reverse("clientgroups:request_list"), {"show": show}).content.decode()

    assert ("Seen" in page) + ("Gone" in page) == found
    counts = queue_counts(UserFactory(admin=True), timezone.now())
    assert (counts["open"], counts["late"], counts["unassigned"]) == (1, 1, 1)
