import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import RequestType, ServiceRequest
from clientgroups.services.requests import change_request
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    MembershipFactory,
)
from tests.factories.requests import (
    RequestMessageFactory,
    RequestTypeFactory,
    ServiceRequestFactory,
    SlaPolicyFactory,
    grouped_request,
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


# A new one --------------------------------------------------------------------------------------


def test_client_is_found_by_typing(client, sign_in):
    row = grouped_request()
    me = sign_in("member", row)
    ServiceRequest.objects.filter(pk=row.pk).update(assignee=me)
    foreign = ClientFactory(name="Larkfield")
    row.client.name = "Larkspur"
    row.client.save()

    page = client.get(url("request_choose_client"))
    assert "You served these lately" in page.text
    assert [each.pk for each in page.context["clients"]] == [row.client_id]
    found = client.get(url("request_choose_client") + "?q=lark").context["clients"]
    assert [each.pk for each in found] == [row.client_id]
    assert foreign not in found
    assert "No client of yours fits" in client.get(url("request_choose_client") + "?q=xyz").text


def test_viewer_finds_no_client_to_serve(client, sign_in):
    row = grouped_request()
    sign_in("viewer", row)

    page = client.get(url("request_choose_client") + f"?q={row.client.name}")

    assert page.context["clients"] == []


def new(client_row, **changes):
    data = {
        "subject": "The lid does not close",
        "type": RequestType.objects.first().pk,
        "priority": "normal",
        "source": "phone",
        "submission_key": uuid.uuid4(),
    }
    return url("client_request_create", client_row.pk), data | changes


def test_member_writes_a_request_down_with_one_line(client, sign_in):
    contact = ContactFactory()
    member = MembershipFactory(client=contact.client)
    SlaPolicyFactory()
    me = sign_in("member", member.client)
    form = client.get(url("client_request_create", contact.client_id)).context["form"]
    assert form.fields["contact"].initial == contact
    assert form.fields["assignee"].initial == me.pk
    assert form.fields["type"].initial is not None

    address, data = new(contact.client)
    first, second = client.post(address, data), client.post(address, data)

    row = ServiceRequest.objects.get()
    assert first.url == second.url == row.get_absolute_url()
    assert (row.created_by, row.client) == (me, contact.client)


def test_refused_request_keeps_what_was_typed(client, sign_in):
    member = MembershipFactory()
    SlaPolicyFactory()
    sign_in("member", member.client)
    address, data = new(member.client, subject="", text="Long story")

    response = client.post(address, data)

    assert response.status_code == 422
    assert "Long story" in response.text
    assert not ServiceRequest.objects.exists()


def test_request_for_a_contact_of_another_client_is_refused(client, sign_in):
    member = MembershipFactory()
    SlaPolicyFactory()
    sign_in("member", member.client)
    address, data = new(member.client, contact=ContactFactory().pk)

    assert client.post(address, data).status_code == 422


def test_request_for_an_erased_client_says_why_not(client, sign_in):
    member = MembershipFactory(client__erased_at=timezone.now())
    SlaPolicyFactory()
    sign_in("member", member.client)
    address, data = new(member.client)

    assert "put away" in client.post(address, data).text


# One request ------------------------------------------------------------------------------------


def test_viewer_reads_the_whole_conversation_and_writes_nothing(client, sign_in):
    row = grouped_request(contact=ContactFactory(), follows=ServiceRequestFactory())
    RequestMessageFactory(request=row, text="For you")
    RequestMessageFactory(request=row, internal=True, text="For us")
    RequestMessageFactory(request=row, from_client=True, text="For them")
    later = ServiceRequestFactory(follows=row)
    sign_in("viewer", row)

    page = client.get(row.get_absolute_url()).text

    assert all(text in page for text in ("For you", "For us", "For them", "Internal note"))
    assert url("request_write", row.pk) not in page
    assert row.token not in page
    assert later.number in page
    assert row.follows.number in page


def test_hostile_words_are_shown_as_words(client, sign_in):
    contact = ContactFactory(name=HOSTILE)
    row = grouped_request(subject=HOSTILE, text=HOSTILE, contact=contact, rating=1)
    ServiceRequest.objects.filter(pk=row.pk).update(rating_text=HOSTILE)
    RequestMessageFactory(request=row, text=HOSTILE)
    sign_in("member", row)

    for address in (
        row.get_absolute_url(),
        url("request_list"),
        url("request_resolve", row.pk),
        url("request_edit", row.pk),
        url("request_public", row.token),
    ):
        assert HOSTILE not in client.get(address).text


def test_changes_of_state_stand_in_the_story(client, sign_in):
    row = grouped_request()
    sign_in("member", row)
    client.post(url("request_move", row.pk), {"status": "waiting"})

    page = client.get(row.get_absolute_url())

    events = [entry for entry in page.context["story"] if entry.event]
    assert [entry.status for entry in events] == ["waiting"]
    assert [entry.side for entry in events] == ["event"]


def test_detail_takes_few_queries(client, sign_in, count_queries):
    row = grouped_request(contact=ContactFactory())
    RequestMessageFactory.create_batch(5, request=row)
    sign_in("member", row)
    client.get(row.get_absolute_url())

    assert count_queries(lambda: client.get(row.get_absolute_url())) <= 30


# Changing it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["priority", "type", "assignee"])
def test_field_is_changed_in_place_and_taken_back(client, sign_in, name):
    row = grouped_request()
    me = sign_in("member", row)
    values = {"priority": "urgent", "type": RequestTypeFactory().pk, "assignee": me.pk}
    before = getattr(ServiceRequest.objects.get(pk=row.pk), name)

    page = client.post(
        url("request_change", row.pk), {"field": name, name: values[name]}, follow=True
    )

    row.refresh_from_db()
    assert getattr(row, name) != before
    message = next(iter(page.context["messages"]))
    undo = message.extra_tags.removeprefix("undo:")
    assert undo in page.text
    client.post(undo)
    assert getattr(ServiceRequest.objects.get(pk=row.pk), name) == before


def test_saving_the_same_says_nothing(client, sign_in):
    row = grouped_request()
    sign_in("member", row)

    page = client.post(
        url("request_change", row.pk), {"field": "priority", "priority": "normal"}, follow=True
    )

    assert not list(page.context["messages"])


@pytest.mark.parametrize(
    "data",
    [
        {"field": "priority", "priority": "nonsense"},
        {"field": "assignee", "assignee": "999999"},
        {"field": "type", "type": ""},
    ],
)
def test_wrong_value_is_refused_with_a_word(client, sign_in, data):
    row = grouped_request()
    sign_in("member", row)

    page = client.post(url("request_change", row.pk), data, follow=True)

    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    row.refresh_from_db()
    assert row.priority == "normal"


def test_other_fields_are_not_changed_in_place(client, sign_in):
    row = grouped_request()
    sign_in("member", row)

    response = client.post(url("request_change", row.pk), {"field": "token", "token": "x"})

    assert response.status_code == 404


def test_stranger_cannot_be_made_assignee(client, sign_in):
    row = grouped_request()
    sign_in("member", row)
    stranger, colleague = UserFactory(), UserFactory()
    grant(colleague, "member", row.client)

    client.post(url("request_change", row.pk), {"field": "assignee", "assignee": stranger.pk})
    row.refresh_from_db()
    assert row.assignee is None
    client.post(url("request_change", row.pk), {"field": "assignee", "assignee": colleague.pk})
    row.refresh_from_db()
    assert row.assignee == colleague


def test_move_follows_the_allowed_ways(client, sign_in):
    row = grouped_request()
    sign_in("member", row)
    move = url("request_move", row.pk)

    page = client.post(move, {"status": "open"}, follow=True)
    assert "In work" in str(next(iter(page.context["messages"])))
    page = client.post(move, {"status": "closed"}, follow=True)
    assert "cannot become" in str(next(iter(page.context["messages"])))
    page = client.post(move, {"status": "nonsense"}, follow=True)
    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    assert client.post(move, {"status": "resolved"}).url == url("request_resolve", row.pk)


def test_resolve_asks_what_came_of_it(client, sign_in):
    row = grouped_request(open=True)
    sign_in("member", row)
    address = url("request_resolve", row.pk)

    assert client.post(address, {"outcome": " "}).status_code == 422
    page = client.post(address, {"outcome": "Sent a new lid."}, follow=True)
    assert "is resolved" in str(next(iter(page.context["messages"])))
    assert client.post(address, {"outcome": "Again."}).status_code == 302

    row.refresh_from_db()
    assert (row.status, row.outcome) == ("resolved", "Sent a new lid.")


def test_resolve_is_refused_when_the_client_wrote_meanwhile(client, sign_in):
    row = grouped_request(open=True)
    sign_in("member", row)
    seen = client.get(url("request_resolve", row.pk)).context["form"].initial["seen"]
    RequestMessageFactory(request=row, from_client=True)

    page = client.post(url("request_resolve", row.pk), {"outcome": "Done.", "seen": seen})

    assert page.status_code == 422
    assert "written since" in page.text
    assert "Done." in page.text


def test_words_of_a_request_are_edited(client, sign_in):
    contact = ContactFactory()
    row = grouped_request(client=contact.client)
    sign_in("member", row)
    data = {"subject": "New words", "text": "", "contact": contact.pk, "source": "email"}

    assert client.post(url("request_edit", row.pk), data).url == row.get_absolute_url()
    row.refresh_from_db()
    assert (row.subject, row.contact) == ("New words", contact)
    assert client.post(url("request_edit", row.pk), data | {"subject": ""}).status_code == 422


def test_undo_that_comes_too_late_says_so(client, sign_in):
    row = grouped_request()
    me = sign_in("member", row)
    event = change_request(request=row, actor=me, priority="high")
    change_request(request=row, actor=me, priority="urgent")

    page = client.post(url("request_undo", row.pk, event.pk), follow=True)

    assert "changed again" in str(next(iter(page.context["messages"])))


def test_change_of_another_request_cannot_be_undone(client, sign_in):
    row = grouped_request()
    me = sign_in("member", row)
    event = change_request(request=ServiceRequestFactory(), actor=me, priority="high")

    assert client.post(url("request_undo", row.pk, event.pk)).status_code == 404
