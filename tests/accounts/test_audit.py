import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.audit import record
from accounts.models import AuditEvent
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = UserFactory(admin=True, name="Ada Admin")
    client.force_login(user)
    return user


def verbs_on(page):
    return re.findall(r'data-verb="([\w.]+)"', page.content.decode())


def at(event, *moment):
    AuditEvent.objects.filter(pk=event.pk).update(at=dt.datetime(*moment, tzinfo=dt.UTC))
    return event


def test_trail_shows_who_did_what_from_where(client, admin):
    person = UserFactory(name="Li <b>Na</b>")
    record(actor=admin, verb="user.changed", target=person, role=["staff", "manager"], a_note="x")

    page = client.get("/audit/").content.decode()

    assert "Ada Admin changed the person “Li &lt;b&gt;Na&lt;/b&gt;” <small>person</small>" in page
    assert "<small>role</small> Team member → Project manager" in page
    assert "<small>a note</small> x" in page


def test_trail_is_newest_first_and_paged(client, admin):
    for number in range(51):
        record(actor=admin, verb=f"thing.done{number}", target=admin)

    first, second = client.get("/audit/"), client.get("/audit/?page=2")

    assert verbs_on(first)[0] == "thing.done50"
    assert len(verbs_on(first)) == 50
    assert verbs_on(second) == ["thing.done0"]


def test_trail_is_filtered_in_the_address(client, admin):
    other = UserFactory()
    record(actor=admin, verb="user.changed", target=other)
    record(actor=other, verb="session.ended", target=admin)

    def found(query):
        return verbs_on(client.get(f"/audit/?{query}"))

    assert found(f"actor={other.pk}") == ["session.ended"]
    assert found("verb=user.changed") == ["user.changed"]
    assert found("kind=accounts.user&verb=session.ended") == ["session.ended"]
    assert found(f"kind=accounts.user&row={other.pk}") == ["user.changed"]
    assert found("kind=accounts.jobrun") == []
    assert found(f"actor={other.pk}&verb=user.changed") == []


def test_trail_is_filtered_by_the_readers_days(client, admin):
    admin.time_zone = "Asia/Shanghai"
    admin.save()
    at(record(actor=admin, verb="a.before", target=admin), 2026, 11, 22, 15, 59)
    at(record(actor=admin, verb="b.within", target=admin), 2026, 11, 22, 16, 0)
    at(record(actor=admin, verb="c.within", target=admin), 2026, 11, 23, 15, 59)
    at(record(actor=admin, verb="d.after", target=admin), 2026, 11, 23, 16, 0)

    page = client.get("/audit/?since=2026-11-23&until=2026-11-23")

    assert verbs_on(page) == ["c.within", "b.within"]


@pytest.mark.parametrize(
    "query", ["actor=zz", "since=yesterday", "kind=nothing", "verb=none", "page=zz"]
)
def test_trail_bears_nonsense_in_the_address(client, admin, query):
    record(actor=admin, verb="user.changed", target=admin)

    assert client.get(f"/audit/?{query}").status_code == 200


def test_trail_without_hits_says_what_to_do(client, admin):
    assert "Nothing fits these filters" in client.get("/audit/?verb=board.undone").content.decode()


def test_trail_knows_rows_of_kinds_that_are_gone(client, admin):
    AuditEvent.objects.create(verb="pet.fed", target_type="zoo.pet", target_id="1")

    assert "zoo.pet" in client.get("/audit/").content.decode()


def test_trail_answers_htmx_with_a_part_of_the_page(client, admin):
    part = client.get("/audit/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in part
    assert 'id="audit-list"' in part
    assert 'id="audit-list"' in client.get("/audit/").content.decode()


def test_trail_needs_as_many_statements_for_three_lines_as_for_one(client, admin):
    counts = []
    for lines in (1, 2):
        for _ in range(lines):
            record(actor=UserFactory(), verb="user.changed", target=UserFactory())
        with CaptureQueriesContext(connection) as captured:
            client.get("/audit/")
        counts.append(len(captured))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("traits", [{}, {"manager": True}, {"is_staff": True}])
def test_trail_is_for_administrators(client, traits):
    client.force_login(UserFactory(**traits))

    assert client.get("/audit/").status_code == 403


def test_trail_cannot_be_written_from_the_page(client, admin):
    assert client.post("/audit/").status_code == 405
    assert client.delete("/audit/").status_code == 405
