import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import CannedAnswer
from tests.factories.clientgroups import (
    ContactFactory,
)
from tests.factories.requests import (
    CannedAnswerFactory,
    RequestMessageFactory,
    RequestTypeFactory,
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
