import datetime as dt
import gzip
import re
import uuid

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import ConnectionError as CacheDown

from core import public_pages
from feedback.models import Response
from tests.factories.clientgroups import ContactFactory
from tests.factories.feedback import InvitationFactory, QuestionFactory, WaveFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def invitation():
    return InvitationFactory(contact=ContactFactory(name="Ann Lee"))


def data_for(invitation, **values):
    known = {q.kind: f"q{q.pk}" for q in invitation.wave.version.questions.all()}
    sheet = {known[kind]: value for kind, value in values.items()}
    return sheet | {"submission_key": str(uuid.uuid4()), "language": "en"}


def test_form_shows_each_question_with_its_scale(client, invitation):
    page = client.get(invitation.get_absolute_url()).text

    assert page.count("<fieldset") == page.count("<legend") == 2
    assert page.count('type="radio"') == 11 + 5
    assert page.count("<textarea") == 1
    assert "Very satisfied" in page
    assert "stored together with your name, Ann Lee" in page
    assert "<script" not in page
    assert 'content="noindex' in page


def test_form_writes_nothing_and_is_not_kept_or_followed(client, invitation):
    response = client.get(invitation.get_absolute_url())

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    invitation.refresh_from_db()
    assert invitation.state == "sent"


def test_form_speaks_the_language_of_the_contact_and_switches(client):
    invitation = InvitationFactory(contact=ContactFactory(chinese=True))

    page = client.get(invitation.get_absolute_url()).text
    assert '<html lang="zh-hans">' in page
    assert "问题 csat？" in page
    assert 'href="?lang=en"' in page

    page = client.get(invitation.get_absolute_url() + "?lang=en").text
    assert '<html lang="en">' in page
    assert "Question csat?" in page


def test_form_and_its_stylesheet_weigh_little(client, invitation):
    for _ in range(7):
        QuestionFactory(version=invitation.wave.version, kind="nps")
    page = client.get(invitation.get_absolute_url()).content
    with open(finders.find("css/survey.css"), "rb") as file:
        styles = file.read()

    assert len(gzip.compress(page)) + len(gzip.compress(styles)) < 30_000
    assert page.count(b"stylesheet") == 1


def test_form_takes_few_queries(client, invitation, count_queries):
    # begin, read only, invitation, questions, release
    assert count_queries(lambda: client.get(invitation.get_absolute_url())) <= 5


def test_answer_is_stored_and_thanked_for(client, invitation):
    response = client.post(
        invitation.get_absolute_url(), data_for(invitation, nps=9, csat=4, text="Fine")
    )

    assert response.status_code == 302
    page = client.get(response.headers["Location"]).text
    assert "Your answers have arrived" in page
    assert Response.objects.get().answers.count() == 3


def test_sending_again_thanks_again(client, invitation):
    data = data_for(invitation, csat=4)
    first = client.post(invitation.get_absolute_url(), data)
    second = client.post(invitation.get_absolute_url(), data)

    assert first.headers["Location"] == second.headers["Location"]
    assert Response.objects.count() == 1


def test_wrong_answers_come_back_beside_the_question_with_what_was_typed(client, invitation):
    invitation.wave.version.questions.filter(kind="csat").update(is_required=True)
    data = data_for(invitation, nps="12", text="A <b>long</b> story")

    response = client.post(invitation.get_absolute_url(), data)

    page = response.text
    assert response.status_code == 422
    assert "Please answer this question." in page
    assert "Please choose one of the answers." in page
    assert "A &lt;b&gt;long&lt;/b&gt; story" in page
    assert data["submission_key"] in page
    assert page.count("aria-describedby") == 2
    assert Response.objects.count() == 0


def test_chosen_points_stay_chosen_after_an_error(client, invitation):
    invitation.wave.version.questions.filter(kind="csat").update(is_required=True)

    page = client.post(invitation.get_absolute_url(), data_for(invitation, nps="7")).text

    assert re.search(r'value="7" checked', page)
    assert page.count("checked") == 1


@pytest.mark.parametrize("key", ["", "not-a-key"])
def test_sheet_without_its_key_is_not_taken(client, invitation, key):
    data = data_for(invitation, csat=4) | {"submission_key": key}

    assert client.post(invitation.get_absolute_url(), data).status_code == 422
    assert Response.objects.count() == 0


def used():
    return InvitationFactory(state="answered").token


def revoked():
    return InvitationFactory(state="revoked").token


def expired():
    wave = WaveFactory(closes_at=timezone.now() - dt.timedelta(hours=1))
    return InvitationFactory(wave=wave).token


def closed():
    invitation = InvitationFactory()
    invitation.wave.survey.state = "closed"
    invitation.wave.survey.save()
    return invitation.token


def unknown():
    return "x" * 32


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("make", [used, revoked, expired, closed, unknown])
def test_link_that_cannot_be_used_says_the_same_whatever_the_reason(client, make, method):
    token = make()
    reference = client.get(reverse("feedback:answer", args=["y" * 32]))

    response = getattr(client, method)(reverse("feedback:answer", args=[token]))

    assert (response.status_code, response.content) == (404, reference.content)
    assert dict(response.headers) == dict(reference.headers)


def test_answer_sent_to_a_used_link_is_refused_neutrally(client):
    invitation = InvitationFactory(state="answered")

    response = client.post(invitation.get_absolute_url(), data_for(invitation, csat=4))

    assert response.status_code == 404
    assert "This link cannot be used" in response.text


def test_guessing_is_stopped_for_one_address_only(client, invitation, monkeypatch):
    monkeypatch.setattr(public_pages, "MISSES", 3)
    for number in range(3):
        client.get(reverse("feedback:answer", args=[f"guess{number}"]))

    assert client.get(invitation.get_absolute_url()).status_code == 404
    spoofed = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get(invitation.get_absolute_url(), headers=spoofed).status_code == 404
    elsewhere = client.get(invitation.get_absolute_url(), REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 200


def test_page_works_while_the_cache_is_down(client, invitation, monkeypatch):
    def fail(*args, **kwargs):
        raise CacheDown("down")

    for name in ("get", "add", "incr"):
        monkeypatch.setattr(cache, name, fail)

    assert client.get(invitation.get_absolute_url()).status_code == 200
    assert client.get(reverse("feedback:answer", args=["guess"])).status_code == 404


def test_forged_form_without_a_token_is_refused(invitation):
    browser = Client(enforce_csrf_checks=True)

    assert browser.post(invitation.get_absolute_url(), {}).status_code == 403


def test_stop_page_asks_first_and_then_stops(client, invitation):
    url = reverse("feedback:answer_stop", args=[invitation.token])

    page = client.get(url)
    invitation.contact.refresh_from_db()
    assert "Stop these e-mails" in page.text
    assert invitation.contact.email_consent is True

    response = client.post(url, {"language": "en"})
    invitation.contact.refresh_from_db()
    assert invitation.contact.email_consent is False
    assert "no more surveys by e-mail" in client.get(response.headers["Location"]).text


def test_mail_program_stops_surveys_with_one_click(invitation):
    program = Client(enforce_csrf_checks=True)
    url = reverse("feedback:answer_stop", args=[invitation.token])

    assert program.post(url, {"language": "en"}).status_code == 403
    response = program.post(
        url,
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 200
    invitation.contact.refresh_from_db()
    assert invitation.contact.email_consent is False


def test_stop_page_of_an_unknown_link_is_neutral(client):
    response = client.get(reverse("feedback:answer_stop", args=["guess"]))

    assert response.status_code == 404
    assert "This link cannot be used" in response.text


def test_thanks_follow_the_browser_when_no_language_is_named(client):
    url = reverse("feedback:answer_thanks")

    assert '<html lang="en">' in client.get(url).text
    page = client.get(url, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    assert '<html lang="zh-hans">' in page


def test_sheet_falls_back_to_the_only_wording(client, invitation):
    survey = invitation.wave.survey
    survey.title_zh = survey.intro_zh = ""
    survey.intro_en = "One minute."
    survey.save()

    page = client.get(invitation.get_absolute_url() + "?lang=zh-hans").text

    assert survey.title_en in page
    assert "One minute." in page
