import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import CannedAnswer, RequestType, ServiceRequest
from clientgroups.selectors.requests import client_panel
from clientgroups.services.requests import change_request
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)
from tests.factories.requests import (
    CannedAnswerFactory,
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


# Writing ----------------------------------------------------------------------------------------


def write(client, row, **data):
    data = {"to": "client", "text": "We look.", "submission_key": uuid.uuid4()} | data
    return client.post(url("request_write", row.pk), data)


def test_words_to_the_client_and_notes_are_told_apart(client, sign_in):
    contact = ContactFactory()
    row = grouped_request(client=contact.client, contact=contact)
    sign_in("member", row)

    page = client.post(
        url("request_write", row.pk),
        {"to": "client", "text": "We look.", "submission_key": uuid.uuid4()},
        follow=True,
    )
    assert f"Sent to {contact.name}" in str(next(iter(page.context["messages"])))
    write(client, row, to="team", text="Careful.")

    assert list(row.messages.values_list("text", "is_internal")) == [
        ("We look.", False),
        ("Careful.", True),
    ]


def test_nobody_to_mail_is_said(client, sign_in):
    row = grouped_request()
    sign_in("member", row)

    response = write(client, row, wait="on")

    page = client.get(response.url)
    assert "nobody has an address" in page.text
    row.refresh_from_db()
    assert row.status == "waiting"


@pytest.mark.parametrize("htmx", [False, True])
def test_refused_words_stay_in_the_box(client, sign_in, htmx):
    row = grouped_request()
    sign_in("member", row)
    data = {"to": "team", "text": "x" * 20_001, "submission_key": uuid.uuid4()}

    response = client.post(url("request_write", row.pk), data, headers=HTMX if htmx else {})

    assert response.status_code == 422
    assert "x" * 20_001 in response.text
    assert str(data["submission_key"]) in response.text
    assert f'id="request-{row.pk}"' in response.text
    assert ("<html" in response.text) is not htmx


def test_key_used_elsewhere_is_refused_without_loss(client, sign_in):
    other = RequestMessageFactory()
    row = grouped_request()
    sign_in("member", row)

    response = write(client, row, text="Mine", submission_key=other.submission_key)

    assert response.status_code == 422
    assert "Mine" in response.text


def test_key_that_is_none_is_replaced(client, sign_in):
    row = grouped_request()
    sign_in("member", row)

    response = write(client, row, submission_key="nonsense")

    assert response.status_code == 422
    assert "nonsense" not in response.text


# Canned answers ---------------------------------------------------------------------------------


@pytest.fixture
def answer():
    return CannedAnswerFactory(
        title="Opening hours",
        text="Dear {contact}, {agent} looks after {number} of {client}."
        " {unknown} {client.__class__}",
        text_zh="{contact}您好，{agent} 负责 {number}。",
    )


def test_canned_answer_is_inserted_and_read_before_it_is_sent(client, sign_in, answer):
    row = grouped_request(contact=ContactFactory(name="Mr Wu"))
    me = sign_in("member", row, name="Ana Ruiz")

    page = write(client, row, insert="1", canned=answer.pk, text="First:")

    assert page.status_code == 200
    assert page.context["draft"] == (
        f"First:\n\nDear Mr Wu, {me.name} looks after {row.number} of {row.client.name}."
        " {unknown} {client.__class__}"
    )
    assert not row.messages.exists()


def test_canned_answer_speaks_the_language_of_the_contact(client, sign_in, answer):
    row = grouped_request(contact=ContactFactory(chinese=True, name="吴强"))
    sign_in("member", row)

    page = write(client, row, insert="1", canned=answer.pk, text="")

    assert page.context["draft"].startswith("吴强您好，")
    assert "invalid" not in page.text


def test_canned_answer_without_a_contact_names_the_client(client, sign_in, answer):
    row = grouped_request()
    sign_in("member", row)

    page = write(client, row, insert="1", canned=answer.pk, text="")

    assert f"Dear {row.client.name}," in page.context["draft"]


@pytest.mark.parametrize("chosen", ["", "999999", "x"])
def test_inserting_nothing_keeps_the_text(client, sign_in, answer, chosen):
    row = grouped_request()
    sign_in("member", row)

    assert write(client, row, insert="1", canned=chosen, text="Mine").context["draft"] == "Mine"


@pytest.mark.parametrize("line", ["/opening", "/Opening hours"])
def test_slash_and_the_beginning_of_the_title_insert_it_too(client, sign_in, answer, line):
    if " " in line:
        CannedAnswerFactory(title="Opening hours in winter", text="Closed.")
    row = grouped_request()
    sign_in("member", row)

    page = write(client, row, text=f"Hello,\n{line}\nBye")

    assert page.context["draft"].startswith("Hello,\nDear ")
    assert page.context["draft"].endswith("\nBye")
    assert not row.messages.exists()


@pytest.mark.parametrize(
    "text", ["/nothing so", "see /opening", "/o", "https://example.org/opening"]
)
def test_slash_that_fits_nothing_or_several_is_sent_as_it_is(client, sign_in, answer, text):
    CannedAnswerFactory(title="Orders")
    row = grouped_request()
    sign_in("member", row)

    write(client, row, text=text)

    assert row.messages.get().text == text


def test_answers_of_other_types_and_archived_ones_are_not_offered(client, sign_in):
    row = grouped_request()
    CannedAnswerFactory(title="Every")
    CannedAnswerFactory(title="Mine", type=row.type)
    CannedAnswerFactory(title="Other", type=RequestTypeFactory())
    CannedAnswerFactory(title="Old", archived_at=timezone.now())
    sign_in("member", row)

    offered = client.get(row.get_absolute_url()).context["canned"]

    assert [str(each) for each in offered] == ["Mine", "Every"]


def test_manager_keeps_canned_answers(client, sign_in):
    sign_in("manager")
    kind = RequestTypeFactory()
    data = {"title": "Hours", "text": "Dear {contact}", "text_zh": "", "type": kind.pk}

    assert client.post(url("canned_create"), data).url == url("canned_list")
    answer = CannedAnswer.objects.get()
    assert client.post(url("canned_edit", answer.pk), data | {"title": "Open"}).status_code == 302
    assert client.post(url("canned_edit", answer.pk), data | {"title": ""}).status_code == 422
    page = client.post(url("canned_archive", answer.pk), follow=True)
    assert "put away" in str(next(iter(page.context["messages"])))
    client.post(url("canned_archive", answer.pk))
    assert not client.get(url("canned_list")).context["rows"]
    assert "Open" in client.get(url("canned_list") + "?archived=1").text
    client.post(url("canned_archive", answer.pk) + "?back=1")
    assert "Open" in client.get(url("canned_list")).text


def test_saving_a_canned_answer_again_changes_nothing(client, sign_in, answer):
    sign_in("manager")
    data = {"title": answer.title, "text": "Dear {contact}", "text_zh": ""}

    for _number in range(2):
        client.post(url("canned_edit", answer.pk), data)

    answer.refresh_from_db()
    assert answer.text == "Dear {contact}"
    assert AuditEvent.objects.filter(verb="canned_answer.changed").count() == 1


def test_placeholder_that_nothing_fills_in_is_refused(client, sign_in):
    sign_in("manager")

    page = client.post(url("canned_create"), {"title": "x", "text": "{price} {contact}"})

    assert page.status_code == 422
    assert "Nothing fills in {price}" in page.text


def test_second_answer_of_one_title_is_refused(client, sign_in, answer):
    sign_in("manager")

    page = client.post(url("canned_create"), {"title": answer.title, "text": "Again"})

    assert page.status_code == 422


def test_unknown_canned_answer_is_not_found(client, sign_in):
    sign_in("manager")

    assert client.get(url("canned_edit", 999_999)).status_code == 404


# The client page --------------------------------------------------------------------------------


def test_client_panel_holds_the_open_ones_first_due_first(count_queries):
    row = ServiceRequestFactory(open=True, resolution_due_at=hours_ago(1))
    first = ServiceRequestFactory(client=row.client, open=True, resolution_due_at=hours_ago(3))
    ServiceRequestFactory(client=row.client, resolved=True)
    user = GroupAccessFactory().user

    panel = client_panel(row.client, user)["service"]

    assert (panel["rows"], panel["open"], panel["all"]) == ([first, row], 2, 3)
    assert count_queries(lambda: client_panel(row.client, user)) <= 4
