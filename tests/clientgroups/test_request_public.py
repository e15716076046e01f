import datetime as dt
import uuid

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import ConnectionError as CacheDown

from clientgroups.models import ServiceRequest
from core import public_pages
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ContactFactory
from tests.factories.requests import (
    RequestMessageFactory,
    ServiceRequestFactory,
    SlaPolicyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


def address(row, name="request_public"):
    return reverse(f"clientgroups:{name}", args=[row.token])


def of_contact(contact=None, **fields):
    contact = contact or ContactFactory()
    return ServiceRequestFactory(client=contact.client, contact=contact, **fields)


def answer(client, row, **changes):
    data = {"text": "The blue one.", "submission_key": uuid.uuid4(), "language": "en"} | changes
    return client.post(address(row), data)


# What they see ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({}, "We have your request"),
        ({"open": True}, "We are working on it"),
        ({"waiting": True}, "We are waiting for your answer"),
        ({"resolved": True}, "This request is resolved"),
        ({"closed": True}, "This request is resolved"),
    ],
)
def test_page_says_in_plain_words_how_it_stands(client, traits, words):
    assert words in client.get(address(of_contact(**traits))).text


def test_page_shows_what_was_written_to_them_and_nothing_internal(client):
    assignee = UserFactory(name="Ana Ruiz", email="ana@staff.example")
    row = of_contact(open=True, assignee=assignee)
    RequestMessageFactory(request=row, author=assignee, text="A new lid is on its way.")
    RequestMessageFactory(request=row, internal=True, text="Difficult client.")
    RequestMessageFactory(request=row, from_client=True, text="Any news?")

    page = client.get(address(row)).text

    assert all(text in page for text in (row.text, "A new lid is on its way.", "Any news?"))
    assert "Ana Ruiz" in page
    assert "Difficult client." not in page
    assert "ana@staff.example" not in page
    assert row.contact.email not in page


def test_page_speaks_both_languages(client):
    row = of_contact(ContactFactory(chinese=True))

    assert '<html lang="zh-hans">' in client.get(address(row)).text
    assert '<html lang="en">' in client.get(address(row) + "?lang=en").text
    page = client.get(address(ServiceRequestFactory()), headers={"Accept-Language": "zh-CN,zh"})
    assert '<html lang="zh-hans">' in page.text


def test_page_shows_the_time_of_the_contact(client):
    row = of_contact(ContactFactory(time_zone="Asia/Tokyo"), open=True)
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)):
        RequestMessageFactory(request=row)

    assert "10:30" in client.get(address(row)).text


def test_page_shows_the_time_of_the_desk_without_a_contact(client):
    row = ServiceRequestFactory(sla=SlaPolicyFactory())
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)):
        RequestMessageFactory(request=row)

    assert "09:30" in client.get(address(row)).text


def test_page_needs_no_script_no_session_and_leaks_no_address(client):
    response = client.get(address(of_contact(resolved=True)))

    assert "<script" not in response.text
    assert "sessionid" not in response.cookies
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert len(response.content) < 30_000


@pytest.mark.parametrize("name", ["request_public", "request_rate"])
@pytest.mark.parametrize("case", ["unknown", "erased", "left"])
def test_link_that_leads_nowhere_is_neutral(client, name, case):
    token = "guess"  # noqa: S105
    if case != "unknown":
        contact = ContactFactory(is_active=case != "left")
        row = of_contact(contact, resolved=True)
        if case == "erased":
            contact.client.erased_at = timezone.now()
            contact.client.save()
        token = row.token

    for method in ("get", "post"):
        response = getattr(client, method)(reverse(f"clientgroups:{name}", args=[token]))

        assert response.status_code == 404
        assert "This link cannot be used" in response.text


# What they write --------------------------------------------------------------------------------


def test_client_answers_once_however_often_it_is_sent(client):
    row, key = of_contact(waiting=True), uuid.uuid4()

    responses = [answer(client, row, submission_key=key) for _number in range(2)]

    assert {response.url for response in responses} == {address(row) + "?lang=en&said=sent"}
    assert row.messages.get().text == "The blue one."
    assert "we have your message" in client.get(responses[0].url).text
    row.refresh_from_db()
    assert row.status == "open"


@pytest.mark.parametrize("text", ["", "  ", "x" * 5001])
def test_answer_that_cannot_be_kept_stays_in_the_box(client, text):
    row = of_contact(open=True)

    response = answer(client, row, text=text)

    assert response.status_code == 422
    assert not row.messages.exists()
    assert 'aria-invalid="true"' in response.text
    if text.strip():
        assert text in response.text


def test_answer_without_a_key_is_asked_for_again(client):
    response = answer(client, of_contact(open=True), submission_key="")

    assert response.status_code == 422
    assert "send it once more" in response.text


def test_refusal_of_the_service_is_shown_in_their_language(client, monkeypatch):
    monkeypatch.setattr("clientgroups.services.request_messages.MOST_FROM_CLIENT", 0)

    response = answer(client, of_contact(open=True))

    assert response.status_code == 422
    assert "very long" in response.text


def test_words_long_after_the_end_lead_to_the_new_request(client):
    row = of_contact(closed=True)
    assert "becomes a new request" in client.get(address(row)).text

    response = answer(client, row)

    made = ServiceRequest.objects.get(follows=row)
    assert response.url.startswith(address(made))


def test_words_soon_after_the_end_take_it_up(client):
    row = of_contact(resolved=True)
    assert "take it up again" in client.get(address(row)).text

    answer(client, row)

    row.refresh_from_db()
    assert row.status == "open"


def test_hostile_words_are_words(client):
    row = of_contact(open=True)
    answer(client, row, text="<script>alert(1)</script>\n{{ request.client }}")

    page = client.get(address(row)).text

    assert "<script" not in page
    assert "{{ request.client }}" in page


def test_forged_form_is_refused():
    row = of_contact(open=True)
    browser = Browser(enforce_csrf_checks=True)

    for name in ("request_public", "request_rate"):
        assert browser.post(address(row, name), {}).status_code == 403


def test_form_that_the_page_made_is_accepted():
    row = of_contact(open=True)
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get(address(row))
    token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    response = answer(browser, row, csrfmiddlewaretoken=token)

    assert response.status_code == 302


# The rating -------------------------------------------------------------------------------------


def test_client_rates_and_changes_their_mind(client):
    row = of_contact(resolved=True)
    rate = address(row, "request_rate")

    response = client.post(rate, {"rating": "4", "rating_text": "Quick.", "language": "en"})
    page = client.get(response.url).text
    assert "Thank you for your rating" in page
    assert "Change the rating" in page
    assert 'value="4" checked' in page
    client.post(rate, {"rating": "5", "rating_text": ""})

    row.refresh_from_db()
    assert (row.rating, row.rating_text) == (5, "")


@pytest.mark.parametrize("rating", ["", "0", "6", "five"])
def test_rating_that_is_none_is_asked_for_again(client, rating):
    row = of_contact(resolved=True)

    response = client.post(
        address(row, "request_rate"), {"rating": rating, "rating_text": "Quick."}
    )

    assert response.status_code == 422
    assert "one of the five" in response.text
    assert "Quick." in response.text


def test_open_request_is_not_rated(client):
    row = of_contact(open=True)

    assert "How satisfied" not in client.get(address(row)).text
    assert client.post(address(row, "request_rate"), {"rating": "5"}).status_code == 422


def test_old_rating_is_shown_and_stays(client):
    past = timezone.now() - dt.timedelta(days=16)
    row = of_contact(closed=True, rating=3, rated_at=past)

    assert "You rated our service 3 of 5" in client.get(address(row)).text
    response = client.post(address(row, "request_rate"), {"rating": "5"})
    assert response.status_code == 422
    row.refresh_from_db()
    assert row.rating == 3


def test_rating_page_alone_leads_back(client):
    row = of_contact(resolved=True)

    assert client.get(address(row, "request_rate")).url == address(row) + "?lang=en"


# Limits -----------------------------------------------------------------------------------------


def test_too_many_guesses_close_every_link_for_a_while(client, monkeypatch):
    monkeypatch.setattr(public_pages, "MISSES", 3)
    row = of_contact()

    for _number in range(3):
        assert client.get(reverse("clientgroups:request_public", args=["x"])).status_code == 404

    assert client.get(address(row)).status_code == 404
    assert client.get(address(row), REMOTE_ADDR="203.0.113.9").status_code == 200


def test_too_many_answers_wait_and_lose_nothing(client, monkeypatch):
    monkeypatch.setattr(public_pages, "SENT", 2)
    row = of_contact(open=True)
    for _number in range(2):
        assert answer(client, row).status_code == 302

    response = answer(client, row, text="One more thing")

    assert response.status_code == 422
    assert "wait ten minutes" in response.text
    assert "One more thing" in response.text
    assert row.messages.count() == 2
    row = of_contact(resolved=True)
    for status in (302, 302, 422):
        rated = client.post(address(row, "request_rate"), {"rating": "5"})
        assert rated.status_code == status


def test_page_works_while_the_cache_is_down(client, monkeypatch):
    row = of_contact(open=True)

    def fail(*args, **kwargs):
        raise CacheDown("down")

    for name in ("get", "add", "incr"):
        monkeypatch.setattr(cache, name, fail)

    assert client.get(address(row)).status_code == 200
    assert answer(client, row).status_code == 302
    assert client.get(reverse("clientgroups:request_public", args=["x"])).status_code == 404
