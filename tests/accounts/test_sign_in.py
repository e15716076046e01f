import datetime as dt
import re
from unittest import mock

import pytest
import time_machine
from allauth.account.adapter import get_adapter
from django.conf import settings as project
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, resolve, reverse
from django.urls.exceptions import Resolver404
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts import tasks
from accounts.models import AuditEvent, User
from notifications.models import Message
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

ASK = "/accounts/password/reset/"


def signed_in(client):
    return client.get("/profile/").status_code == 200


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


# Sign-in -----------------------------------------------------------------------------------------


def test_person_signs_in_by_e_mail_however_it_is_written(client, sign_in_as):
    user = User.objects.create_user("Anna.Berg@example.org", PASSWORD, name="Anna Berg")

    response = client.post(
        "/accounts/login/", {"login": " anna.berg@EXAMPLE.org ", "password": PASSWORD}
    )

    assert response.status_code == 302
    assert response["Location"] == "/"
    assert signed_in(client)
    event = AuditEvent.objects.get(verb="user.signed_in")
    assert (event.actor, event.address) == (user, "127.0.0.1")


@pytest.mark.parametrize(("known", "password"), [(True, "wrong"), (False, PASSWORD)])
def test_wrong_sign_in_says_the_same_for_known_and_unknown(client, known, password):
    user = UserFactory()
    email = user.email if known else "nobody@example.org"

    response = client.post("/accounts/login/", {"login": email, "password": password})

    assert response.status_code == 200
    assert "The e-mail or the password is not right." in response.content.decode()
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor, event.address) == ("user.sign_in_failed", None, "127.0.0.1")
    assert event.target_id == (str(user.pk) if known else "")


def test_nothing_typed_is_kept_when_sign_in_fails(client):
    client.post("/accounts/login/", {"login": "typed@secret.example", "password": "my-secret"})

    event = AuditEvent.objects.get()
    assert "secret" not in f"{event.target_label}{event.changes}{event.target_id}"


def test_person_switched_off_is_told_so_and_stays_out(client, sign_in_as):
    user = UserFactory(is_active=False)

    response = sign_in_as(user)

    assert response["Location"] == "/accounts/inactive/"
    assert client.get("/accounts/inactive/").status_code == 200
    assert not signed_in(client)


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "javascript:1"])
def test_sign_in_leads_to_this_site_only(client, target):
    user = UserFactory()

    response = client.post(
        "/accounts/login/", {"login": user.email, "password": PASSWORD, "next": target}
    )

    assert response["Location"] == "/"


def test_sign_in_leads_to_where_the_person_wanted(client):
    user = UserFactory()
    page = client.get("/profile/")
    assert page["Location"] == "/accounts/login/?next=/profile/"
    assert 'name="next"' in client.get(page["Location"]).content.decode()

    response = client.post(
        "/accounts/login/", {"login": user.email, "password": PASSWORD, "next": "/profile/"}
    )

    assert response["Location"] == "/profile/"


def test_sign_in_page_speaks_chinese(client):
    page = client.get("/accounts/login/", headers={"Accept-Language": "zh-CN"})

    assert "登录" in page.content.decode()


def test_sign_in_page_lists_no_way_to_sign_up(client):
    page = client.get("/accounts/login/").content.decode()

    assert "signup" not in page
    assert not get_adapter().is_open_for_signup(None)
    assert "no-store" in client.get("/accounts/login/")["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "email/",
        "confirm-email/",
        "confirm-email/abc/",
        "password/set/",
        "login/code/confirm/",
        "social/login/cancelled/",
        "3rdparty/",
        "2fa/webauthn/",
        "sessions/",
    ],
)
def test_pages_of_allauth_that_we_do_not_use_do_not_exist(path):
    with pytest.raises(Resolver404):
        resolve(f"/accounts/{path}")


@pytest.mark.parametrize("name", ["account_signup", "account_email", "usersessions_list"])
def test_names_that_we_do_not_use_cannot_be_linked(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_sign_out_needs_a_post_and_is_recorded(client, sign_in_as):
    sign_in_as(UserFactory())

    assert client.get("/accounts/logout/").status_code == 200
    assert signed_in(client)
    assert client.post("/accounts/logout/").status_code == 302
    assert not signed_in(client)
    assert verbs() == ["user.signed_in", "user.signed_out"]


# Throttle ----------------------------------------------------------------------------------------


def fail(client, user, times, **extra):
    for _ in range(times):
        client.post("/accounts/login/", {"login": user.email, "password": "wrong"}, **extra)


def test_right_password_is_refused_after_eight_wrong_ones(client, sign_in_as):
    user = UserFactory()
    fail(client, user, 8)

    response = sign_in_as(user)

    assert "Too many failed attempts" in response.content.decode()
    assert not signed_in(client)


def test_right_password_works_after_seven_wrong_ones(client, sign_in_as):
    user = UserFactory()
    fail(client, user, 7)

    assert sign_in_as(user).status_code == 302


def test_throttle_ends_after_five_minutes(client, sign_in_as):
    user = UserFactory()
    with time_machine.travel(dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC), tick=False):
        fail(client, user, 8)

    with time_machine.travel(dt.datetime(2026, 11, 23, 9, 6, tzinfo=dt.UTC), tick=False):
        assert sign_in_as(user).status_code == 302


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP"])
def test_made_up_addresses_do_not_beat_the_throttle_by_account(client, sign_in_as, header):
    user = UserFactory()
    for number in range(8):
        fail(client, user, 1, **{header: f"10.0.0.{number}"})

    response = sign_in_as(user, **{header: "10.0.0.99"})

    assert "Too many failed attempts" in response.content.decode()


def test_other_host_names_do_not_beat_the_throttle(client, sign_in_as):
    user = UserFactory()
    fail(client, user, 4, HTTP_HOST="localhost")
    fail(client, user, 4, HTTP_HOST="127.0.0.1")

    assert "Too many failed attempts" in sign_in_as(user).content.decode()


def test_one_address_cannot_try_many_accounts(client, sign_in_as):
    for number in range(30):
        made_up = {"HTTP_X_FORWARDED_FOR": f"10.0.1.{number}"}
        client.post("/accounts/login/", {"login": f"p{number}@x.org", "password": "w"}, **made_up)

    assert "Too many failed attempts" in sign_in_as(UserFactory()).content.decode()
    elsewhere = sign_in_as(UserFactory(), REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 302


def test_throttle_counts_the_address_that_our_proxy_saw(client, sign_in_as, settings):
    settings.TRUSTED_PROXIES = 1
    for number in range(30):
        chain = {"HTTP_X_FORWARDED_FOR": f"10.0.1.{number}, 198.51.100.9"}
        client.post("/accounts/login/", {"login": f"p{number}@x.org", "password": "w"}, **chain)

    user = UserFactory()
    seen = sign_in_as(user, HTTP_X_FORWARDED_FOR="1.2.3.4, 198.51.100.9")
    other = sign_in_as(user, HTTP_X_FORWARDED_FOR="198.51.100.9, 198.51.100.10")

    assert "Too many failed attempts" in seen.content.decode()
    assert other.status_code == 302


def test_sign_in_is_closed_while_nobody_counts_the_attempts(client, sign_in_as):
    user = UserFactory()

    with mock.patch.object(cache, "add", side_effect=RedisConnectionError):
        response = sign_in_as(user)

    assert response.status_code == 200
    assert "Signing in is not possible for a moment." in response.content.decode()
    assert not signed_in(client)


# Forgotten password ------------------------------------------------------------------------------


def link_in(message):
    return re.search(r"https?://\S+", message.body).group()


def test_forgotten_password_is_replaced_by_the_link_in_the_mail(client, settings):
    settings.SITE_URL = "https://tandem.example.org"
    user = UserFactory()
    other = Client()
    other.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    asked = client.post(ASK, {"email": user.email.upper()}, HTTP_HOST="localhost")

    assert asked["Location"] == "/accounts/password/reset/done/"
    assert client.get(asked["Location"]).status_code == 200
    (message,) = mail.outbox
    link = link_in(message)
    assert message.to == [user.email]
    assert message.subject == "A new password for Tandem"
    assert link.startswith("https://tandem.example.org/accounts/password/reset/key/")
    form = client.get(link.removeprefix("https://tandem.example.org"))
    assert form["Location"].endswith("-set-password/")
    assert "Choose a new password" in client.get(form["Location"]).content.decode()

    new = {"password1": "harbour-violin-73", "password2": "harbour-violin-73"}
    saved = client.post(form["Location"], new)

    assert client.get(saved["Location"]).status_code == 200
    assert not signed_in(client), "the link alone signs nobody in"
    assert not signed_in(other)
    assert verbs()[-1] == "user.password_reset"
    assert Message.objects.get().kind == "user.password_reset"
    again = client.get(link.removeprefix("https://tandem.example.org"))
    assert "This link does not work" in again.content.decode()
    user.refresh_from_db()
    assert user.check_password("harbour-violin-73")


def test_answer_is_the_same_for_known_and_unknown_addresses(client):
    user = UserFactory()
    UserFactory(email="off@example.org", is_active=False)

    pages = []
    for email in (user.email, "nobody@example.org", "off@example.org"):
        response = client.post(ASK, {"email": email}, follow=True)
        pages.append((response.redirect_chain, response.content.decode().count("a link is on")))

    assert pages[0] == pages[1] == pages[2]
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_request_looks_nobody_up(client, django_assert_max_num_queries):
    with (
        mock.patch.object(tasks.send_reset_mail, "apply_async") as wake,
        django_assert_max_num_queries(0),
    ):
        client.post(ASK, {"email": "anybody@example.org"})

    wake.assert_called_once_with(["anybody@example.org"], retry=False)


def test_link_is_sent_even_without_a_queue(client):
    user = UserFactory()

    with mock.patch.object(tasks.send_reset_mail, "apply_async", side_effect=OperationalError):
        response = client.post(ASK, {"email": user.email})

    assert response.status_code == 302
    assert len(mail.outbox) == 1


def test_mail_about_the_password_speaks_the_persons_language(client):
    user = UserFactory(chinese=True)

    client.post(ASK, {"email": user.email})

    assert "密码" in mail.outbox[0].subject
    assert "链接" in mail.outbox[0].body


def test_asking_for_links_is_throttled_per_address(client):
    user = UserFactory()

    answers = [client.post(ASK, {"email": user.email}).status_code for _ in range(6)]

    assert answers == [302] * 5 + [429]
    assert len(mail.outbox) == 5


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short-1", "at least 10 characters"),
        ("password123", "too common"),
        ("84736251940", "entirely numeric"),
        ("lindqvist@example.org", "too similar"),
    ],
)
def test_weak_new_password_is_refused(client, sign_in_as, password, sentence):
    user = UserFactory(email="lindqvist@example.org")
    sign_in_as(user)

    response = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )

    assert sentence in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_passwords_are_kept_by_argon2():
    assert "argon2" in project.PASSWORD_HASHERS[0].lower() or "MD5" in project.PASSWORD_HASHERS[0]
    text = (project.BASE_DIR / "config/settings/base.py").read_text()
    assert text.index("Argon2PasswordHasher") < text.index("PBKDF2PasswordHasher")


def test_reset_leaves_other_people_alone(client):
    user, other = UserFactory(), UserFactory()
    before = User.objects.get(pk=other.pk).password

    client.post(ASK, {"email": user.email})

    assert User.objects.get(pk=other.pk).password == before
