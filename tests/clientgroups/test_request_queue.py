import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import ServiceRequest
from clientgroups.selectors.requests import client_panel
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    GroupAccessFactory,
    MembershipFactory,
)
from tests.factories.requests import (
    RequestTypeFactory,
    ServiceRequestFactory,
    SlaPolicyFactory,
)

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def subjects(response):
    return [row.subject for row in response.context["page"].object_list]


def hours_ago(hours):
    return timezone.now() - dt.timedelta(hours=hours)


# The queue --------------------------------------------------------------------------------------


@pytest.fixture
def queue(sign_in):
    """A late, a soon, a calm, a waiting and a done request of an administrator's queue."""
    me = sign_in("admin")
    level = SlaPolicyFactory(calendar__always=True)
    common = {"type": level.type, "sla": level, "first_answered_at": hours_ago(90)}
    calm = {"resolution_due_at": timezone.now() + dt.timedelta(days=3)}
    ServiceRequestFactory(
        subject="late", open=True, resolution_due_at=hours_ago(2), assignee=me, **common
    )
    ServiceRequestFactory(
        subject="soon",
        open=True,
        resolution_due_at=timezone.now() + dt.timedelta(hours=2),
        priority="high",
        **common,
    )
    ServiceRequestFactory(subject="calm", open=True, **calm, **common)
    ServiceRequestFactory(subject="waiting", waiting=True, **calm, **common)
    ServiceRequestFactory(subject="done", resolved=True)
    return me


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["late", "soon", "calm", "waiting"]),
        ("?show=mine", ["late"]),
        ("?show=unassigned", ["soon", "calm", "waiting"]),
        ("?show=late", ["late"]),
        ("?show=soon", ["soon"]),
        ("?show=waiting", ["waiting"]),
        ("?show=done", ["done"]),
        ("?show=nonsense", ["late", "soon", "calm", "waiting"]),
        ("?priority=high", ["soon"]),
        ("?q=cal", ["calm"]),
        ("?q=%21%3F", []),
        ("?sort=-due", ["calm", "soon", "late", "waiting"]),
        ("?sort=subject", ["calm", "late", "soon", "waiting"]),
        ("?sort=nonsense", ["late", "soon", "calm", "waiting"]),
    ],
)
def test_queue_shows_what_is_asked_for(client, queue, query, wanted):
    assert subjects(client.get(url("request_list") + query)) == wanted


def test_queue_finds_by_number_and_client(client, queue):
    row = ServiceRequest.objects.get(subject="calm")
    row.client.name = "海港食品有限公司"
    row.client.save()

    assert subjects(client.get(url("request_list") + f"?q=r-{row.pk}")) == ["calm"]
    assert subjects(client.get(url("request_list") + f"?q={row.pk}")) == ["calm"]
    assert subjects(client.get(url("request_list") + "?q=食品")) == ["calm"]


def test_queue_filters_by_client_group_assignee_and_type(client, queue):
    row = ServiceRequest.objects.get(subject="calm")
    group = MembershipFactory(client=row.client).client_group
    own = RequestTypeFactory()
    ServiceRequest.objects.filter(pk=row.pk).update(type=own)

    for query in (f"client={row.client_id}", f"group={group.pk}", f"type={own.pk}"):
        assert subjects(client.get(url("request_list") + f"?{query}")) == ["calm"], query
    late = client.get(url("request_list") + f"?assignee={queue.pk}")
    assert subjects(late) == ["late"]


def test_queue_counts_stand_on_the_chips(client, queue):
    page = client.get(url("request_list")).text

    for chip in ("Open (4)", "Mine (1)", "Unassigned (3)", "Late (1)"):
        assert chip in page


def test_queue_of_a_stranger_is_empty_and_says_how_to_begin(client, sign_in):
    ServiceRequestFactory()
    sign_in("outsider")

    page = client.get(url("request_list"))

    assert subjects(page) == []
    assert "Nobody waits for you" in page.text
    assert "No request fits" in client.get(url("request_list") + "?q=x").text


def test_queue_shows_what_is_mine_of_clients_i_do_not_see(client, sign_in):
    me = sign_in("outsider")
    ServiceRequestFactory(subject="mine", assignee=me)

    assert subjects(client.get(url("request_list"))) == ["mine"]


def test_queue_is_paged_and_cheap(client, sign_in, count_queries):
    sign_in("admin")
    level = SlaPolicyFactory()
    for _number in range(52):
        ServiceRequestFactory(
            type=level.type, sla=level, resolution_due_at=timezone.now(), assignee=UserFactory()
        )
    address = url("request_list")
    client.get(address)

    # Three more than in earnest: inside a test a read-only page is a savepoint.
    assert count_queries(lambda: client.get(address)) <= 11 + 3
    assert len(subjects(client.get(address))) == 50
    assert len(subjects(client.get(address + "?page=2"))) == 2


def test_queue_answers_htmx_with_its_fragment(client, queue):
    whole = client.get(url("request_list")).text
    part = client.get(url("request_list"), headers=HTMX).text

    assert "<html" not in part
    assert 'id="request-list"' in part
    assert 'id="request-list"' in whole


# The client page --------------------------------------------------------------------------------


def test_client_panel_holds_the_open_ones_first_due_first(count_queries):
    row = ServiceRequestFactory(open=True, resolution_due_at=hours_ago(1))
    first = ServiceRequestFactory(client=row.client, open=True, resolution_due_at=hours_ago(3))
    ServiceRequestFactory(client=row.client, resolved=True)
    user = GroupAccessFactory().user

    panel = client_panel(row.client, user)["service"]

    assert (panel["rows"], panel["open"], panel["all"]) == ([first, row], 2, 3)
    assert count_queries(lambda: client_panel(row.client, user)) <= 4
