"""The page of an invited person: answers, seats, consent, the calendar file; and races on seats."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import ActivityInvitation, ConsentChange
from tests.factories.activities import ActivityInvitationFactory

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
HOSTILE = "<script>alert('x')</script>"


def text_of(response):
    return response.content.decode()


def url(row, name="activity_answer"):
    return reverse(f"clientgroups:{name}", args=[row.token])


def answer_of(row):
    return ActivityInvitation.objects.get(pk=row.pk).answer


# The page ----------------------------------------------------------------------------------------


def test_page_needs_no_account_and_no_script(client):
    row = ActivityInvitationFactory(
        activity__name="Harvest evening", activity__text="Come!", activity__place="Quay 4"
    )

    response = client.get(url(row))
    page = text_of(response)

    assert response.status_code == 200
    assert "Harvest evening" in page
    assert "Come!" in page
    assert "I will come" in page
    assert "<script" not in page
    assert response["Referrer-Policy"] == "strict-origin"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"


def test_page_speaks_the_language_of_the_contact_and_can_be_switched(client):
    row = ActivityInvitationFactory(
        contact__language="zh-hans",
        activity__text="Come!",
        activity__text_zh="敬请光临",
        activity__starts_at=dt.datetime(2027, 1, 10, 1, tzinfo=dt.UTC),
        contact__time_zone="Asia/Shanghai",
    )

    chinese, english = text_of(client.get(url(row))), text_of(client.get(url(row) + "?lang=en"))

    assert 'lang="zh-hans"' in chinese
    assert "敬请光临" in chinese
    assert "2027年1月10日" in chinese
    assert "09:00" in chinese
    assert "Come!" in english
    assert "Sunday 10 January 2027 09:00" in english.replace(",", "")


def test_hostile_texts_are_shown_as_text(client):
    row = ActivityInvitationFactory(
        activity__name=HOSTILE,
        activity__text=HOSTILE,
        activity__place=HOSTILE,
        contact__name=HOSTILE,
        activity__owner__name=HOSTILE,
    )

    for name in ("activity_answer", "activity_stop"):
        assert HOSTILE not in text_of(client.get(url(row, name)))


def test_unknown_links_of_all_kinds_look_the_same(client):
    draft = ActivityInvitationFactory(activity__status="draft")
    erased = ActivityInvitationFactory(client__erased_at=timezone.now())
    unknown = reverse("clientgroups:activity_answer", args=["nothing"])
    cache.clear()

    pages = [client.get(path) for path in (unknown, url(draft), url(erased))]
    pages += [client.get(url(draft, name)) for name in ("activity_stop", "activity_calendar")]

    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1


def test_guessing_tokens_ends_after_thirty(client):
    row = ActivityInvitationFactory()
    cache.clear()
    for number in range(30):
        client.get(reverse("clientgroups:activity_answer", args=[f"guess{number}"]))

    assert client.get(url(row)).status_code == 404
    cache.clear()
    assert client.get(url(row)).status_code == 200


def test_page_works_while_the_cache_is_away(client, monkeypatch):
    def away(*args, **kwargs):
        raise OSError

    for name in ("get", "add", "incr"):
        monkeypatch.setattr(f"core.public_pages.cache.{name}", away)
    row = ActivityInvitationFactory()

    assert client.get(url(row)).status_code == 200
    assert client.get("/i/nothing/").status_code == 404


# Answering ---------------------------------------------------------------------------------------


def test_answers_are_kept_and_may_change_until_the_beginning(client):
    row = ActivityInvitationFactory()

    first = client.post(url(row), {"answer": "accept", "language": "en"})
    assert first.status_code == 302
    assert answer_of(row) == "accepted"
    assert "You have a seat" in text_of(client.get(first["Location"]))
    client.post(url(row), {"answer": "decline"})
    assert answer_of(row) == "declined"
    assert "You do not take part" in text_of(client.get(url(row)))

    verbs = AuditEvent.objects.filter(verb="invitation.answered")
    assert verbs.count() == 2
    assert verbs.first().actor is None


def test_forms_need_their_token():
    row = ActivityInvitationFactory()
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(url(row), {"answer": "accept"}).status_code == 403
    page = text_of(strict.get(url(row)))
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    sent = {"answer": "accept", "csrfmiddlewaretoken": token}
    assert strict.post(url(row), sent).status_code == 302


def test_same_answer_twice_is_recorded_once(client):
    row = ActivityInvitationFactory()

    for _ in range(2):
        client.post(url(row), {"answer": "accept"})

    assert AuditEvent.objects.count() == 1


def test_unknown_answer_changes_nothing(client):
    row = ActivityInvitationFactory()

    assert client.post(url(row), {"answer": "maybe"}).status_code == 422
    assert answer_of(row) == "none"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"activity__begun": True}, "Answers are closed"),
        ({"activity__status": "done"}, "Answers are closed"),
        ({"activity__status": "cancelled"}, "does not take place"),
        (
            {
                "activity__starts_at": None,
                "activity__ends_at": timezone.now() - dt.timedelta(days=1),
                "activity__kind": "offer",
            },
            "Answers are closed",
        ),
    ],
)
def test_answers_after_the_beginning_are_closed_politely(client, fields, sentence):
    row = ActivityInvitationFactory(**fields)

    response = client.post(url(row), {"answer": "accept"})

    assert response.status_code == 409
    assert sentence in text_of(response)
    assert 'name="answer"' not in text_of(response)
    assert answer_of(row) == "none"


def test_cancelled_page_says_why_and_takes_the_event_out_of_the_calendar(client):
    row = ActivityInvitationFactory(
        answer="accepted", activity__status="cancelled", activity__cancelled_because="Storm"
    )

    page = text_of(client.get(url(row)))

    assert "Storm" in page
    assert "Take it out of my calendar" in page
    assert b"METHOD:CANCEL" in client.get(url(row, "activity_calendar")).content


def test_campaign_asks_in_its_own_words(client):
    row = ActivityInvitationFactory(activity__kind="offer", activity__starts_at=None)

    assert "Yes, I am interested" in text_of(client.get(url(row)))
    client.post(url(row), {"answer": "accept"})
    page = text_of(client.get(url(row)))
    assert "noted that you take part" in page
    assert "calendar" not in page


def test_calendar_file_is_for_who_accepted(client):
    row = ActivityInvitationFactory(activity__name="Tea; cakes")
    path = url(row, "activity_calendar")

    assert client.get(path).status_code == 404
    client.post(url(row), {"answer": "accept"})
    response = client.get(path)

    assert response["Content-Type"].startswith("text/calendar")
    assert b"SUMMARY:Tea\\; cakes\r\n" in response.content
    assert client.get(reverse("clientgroups:activity_calendar", args=["no"])).status_code == 404


# Taking back consent -----------------------------------------------------------------------------


def test_consent_is_taken_back_on_its_own_page(client):
    row = ActivityInvitationFactory(contact__name="Ann")
    path = url(row, "activity_stop")

    page = client.get(path)
    assert "Ann" in text_of(page)
    row.contact.refresh_from_db()
    assert row.contact.email_consent

    response = client.post(path, {"language": "en"})

    row.contact.refresh_from_db()
    assert not row.contact.email_consent
    assert ConsentChange.objects.count() == 1
    assert "You get no more e-mails" in text_of(client.get(response["Location"]))
    assert "No more invitations by e-mail" not in text_of(client.get(url(row)))


def test_mail_program_takes_consent_back_with_one_click():
    row = ActivityInvitationFactory()
    program = Client(enforce_csrf_checks=True)
    path = url(row, "activity_stop")

    for body in ({}, {"language": "en"}, ONE_CLICK | {"more": "1"}, {"List-Unsubscribe": "No"}):
        assert program.post(path, body).status_code == 403
    assert program.post(path, {"List-Unsubscribe": ["One-Click", "x"]}).status_code == 403
    row.contact.refresh_from_db()
    assert row.contact.email_consent

    for _ in range(2):
        assert program.post(path, ONE_CLICK).status_code == 200
    row.contact.refresh_from_db()
    assert not row.contact.email_consent
    assert ConsentChange.objects.count() == 1


def test_one_click_opens_no_other_page():
    row = ActivityInvitationFactory()
    program = Client(enforce_csrf_checks=True)

    assert program.post(url(row), ONE_CLICK).status_code == 403
    unknown = reverse("clientgroups:activity_stop", args=["guess"])
    assert program.post(unknown, ONE_CLICK).status_code == 404


@pytest.mark.parametrize("channel", ["phone", "chat", "post"])
def test_consent_of_every_channel_can_be_taken_back_after_the_end_too(client, channel):
    row = ActivityInvitationFactory(
        activity__channel=channel,
        activity__begun=True,
        **{f"contact__{channel}_consent": True},
    )

    client.post(url(row, "activity_stop"))

    row.contact.refresh_from_db()
    assert not row.contact.agrees_to(channel)
    assert row.contact.email_consent
