import datetime as dt
import logging
import threading

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from accounts import refusals
from accounts.models import AuditEvent
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db


def refused():
    return AuditEvent.objects.filter(verb__startswith="access.").order_by("pk")


def test_known_row_without_the_right_is_recorded(client, sign_in):
    project = ProjectFactory()
    user = sign_in("viewer", project)

    answer = client.post(f"/projects/{project.pk}/edit/?token=secret", REMOTE_ADDR="192.0.2.7")

    assert answer.status_code == 403
    event = refused().get()
    assert (event.verb, event.actor, event.address) == ("access.refused", user, "192.0.2.7")
    assert event.changes == {
        "page": [None, f"POST /projects/{project.pk}/edit/"],
        "permission": [None, "projects.edit"],
    }
    assert (event.target_type, event.target_id) == ("accounts.user", str(user.pk))


def test_row_of_others_is_recorded(client, sign_in):
    group = ClientGroupFactory()
    user = sign_in("outsider")

    assert client.get(f"/groups/{group.pk}/").status_code == 404

    assert [(each.verb, each.actor) for each in refused()] == [("access.not_found", user)]


def test_refusal_of_a_page_that_is_only_read_is_recorded(client, sign_in):
    sign_in("viewer")

    assert client.get("/audit/").status_code == 403

    assert refused().get().changes["page"] == [None, "GET /audit/"]


@pytest.mark.django_db(transaction=True)
def test_refusal_is_stored_beside_the_read_only_transaction(client, sign_in):
    project = ProjectFactory()
    sign_in("viewer", project)

    client.get(f"/projects/{project.pk}/edit/")

    assert refused().count() == 1


def test_refusal_in_the_support_tool_is_recorded(client, sign_in):
    sign_in("viewer")

    assert client.get("/admin/login/").status_code == 403

    assert refused().get().changes == {"page": [None, "GET /admin/login/"]}


def test_form_from_elsewhere_is_recorded_without_the_secret_of_its_address():
    user = UserFactory()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)

    assert browser.post("/s/a-secret-token/stop/").status_code == 403

    assert refused().get().changes == {"page": [None, "POST /s/<slug:token>/stop/"]}


@pytest.mark.parametrize("path", ["/no/such/page/", "/s/unknown-token/"])
def test_mistyped_address_is_no_refusal(client, sign_in, path):
    sign_in("viewer")

    assert client.get(path).status_code in (200, 404, 410)

    assert not refused().exists()


def test_people_who_are_not_signed_in_leave_no_row(client):
    client.get(f"/projects/{ProjectFactory().pk}/")

    assert not refused().exists()


def test_nobody_floods_the_trail(client, sign_in):
    sign_in("viewer")
    for _ in range(13):
        client.get("/audit/")

    events = list(refused())

    assert len(events) == 10
    assert "rest_left_out" not in events[8].changes
    assert events[9].changes["rest_left_out"] == [None, True]


def test_next_minute_is_recorded_again_and_others_at_once(client, sign_in):
    user = sign_in("viewer")
    for _ in range(11):
        client.get("/audit/")
    refused().update(at=timezone.now() - dt.timedelta(seconds=61))
    client.get("/audit/")
    other = sign_in("viewer")
    client.get("/audit/")

    assert refused().filter(actor=user).count() == 11
    assert refused().filter(actor=other).count() == 1


@pytest.mark.django_db(transaction=True)
def test_limit_holds_at_the_same_moment():
    user, gate = UserFactory(), threading.Barrier(20)

    def ask():
        try:
            gate.wait()
            refusals.record_refusal(
                actor=user, verb="access.refused", page="GET /audit/", permission=""
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused().count() == 10


def test_refusal_stays_one_when_it_cannot_be_written(client, sign_in, monkeypatch, caplog):
    def broken(**_fields):
        raise DatabaseError

    sign_in("viewer")
    monkeypatch.setattr(refusals, "record_refusal", broken)

    with caplog.at_level(logging.ERROR, "accounts.refusals"):
        answer = client.get("/audit/")

    assert answer.status_code == 403
    assert "could not be written" in caplog.text


def test_history_of_a_row_says_nothing_of_refusals(client, sign_in):
    project = ProjectFactory()
    sign_in("viewer", project)
    client.get(f"/projects/{project.pk}/edit/")
    lead = UserFactory()
    grant(lead, "lead", project)
    client.force_login(lead)

    page = client.get(f"/projects/{project.pk}/").content.decode()

    assert "access." not in page
