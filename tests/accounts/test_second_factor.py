import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.test import override_settings

from accounts.adapter import SecondFactorAdapter
from accounts.models import AuditEvent
from notifications.models import Message
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

ADD = "/accounts/second-factor/add/"


def code_for(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def confirm(client):
    """What decides about the sign-in asks for the password once more."""
    return client.post("/accounts/confirm/", {"password": PASSWORD, "next": "/profile/"})


@pytest.fixture
def enrolled(client, sign_in_as, django_capture_on_commit_callbacks):
    """A person with a second factor, signed out again; gives user and secret."""
    user = UserFactory()
    sign_in_as(user)
    confirm(client)
    page = client.get(ADD).content.decode()
    secret = re.search(r'people-key">(\w+)<', page).group(1)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(ADD, {"code": code_for(secret)})
    assert response["Location"] == "/accounts/recovery-codes/"
    page = client.get(response["Location"]).content.decode()
    user.codes = re.findall(r"<code>(\d+)</code>", page)
    client.post("/accounts/logout/")
    return user, secret


@pytest.fixture
def forget_used_codes(monkeypatch):
    """A code works once; tests that need two in one half minute forget the first."""
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.TOTP._mark_code_used", lambda *args: True)


def test_enrolment_shows_a_picture_that_the_policy_allows(client, sign_in_as):
    sign_in_as(UserFactory())
    assert client.get(ADD)["Location"].startswith("/accounts/confirm/?next=")
    confirm(client)

    response = client.get(ADD)

    page = response.content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    assert "img-src 'self' data:" in response["Content-Security-Policy"]
    assert "<svg:svg" not in page


def test_wrong_code_does_not_switch_it_on(client, sign_in_as):
    user = UserFactory()
    sign_in_as(user)
    confirm(client)
    client.get(ADD)

    response = client.post(ADD, {"code": "000000"})

    assert "This code is not right" in response.content.decode()
    assert not Authenticator.objects.filter(user=user).exists()


def test_enrolled_person_is_told_and_it_is_recorded(enrolled):
    user, secret = enrolled

    assert "user.second_factor_added" in verbs()
    assert Message.objects.get(recipient=user).subject == "Your sign-in now asks for a code"
    assert mail.outbox[0].to == [user.email]
    assert len(user.codes) == 10


def test_secret_is_not_kept_in_the_clear(enrolled):
    user, secret = enrolled

    stored = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).data["secret"]

    assert secret not in stored
    assert SecondFactorAdapter().decrypt(stored) == secret


def test_secret_outlives_a_new_key_of_the_installation(settings):
    stored = SecondFactorAdapter().encrypt("SECRET")

    with override_settings(SECRET_KEY="another-key", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert SecondFactorAdapter().decrypt(stored) == "SECRET"


def test_sign_in_asks_for_the_code(client, sign_in_as, enrolled, forget_used_codes):
    user, secret = enrolled

    response = sign_in_as(user)

    assert response["Location"] == "/accounts/code/"
    assert client.get("/profile/").status_code == 302, "not signed in yet"
    assert "Your code" in client.get("/accounts/code/").content.decode()
    wrong = client.post("/accounts/code/", {"code": "000000"})
    assert "This code is not right" in wrong.content.decode()
    assert verbs()[-1] == "user.code_failed"
    right = client.post("/accounts/code/", {"code": code_for(secret)})
    assert right["Location"] == "/"
    assert client.get("/profile/").status_code == 200
    assert verbs()[-1] == "user.signed_in"


def test_recovery_code_works_once(client, sign_in_as, enrolled):
    user, _secret = enrolled
    sign_in_as(user)
    assert client.post("/accounts/code/", {"code": user.codes[0]}).status_code == 302
    client.post("/accounts/logout/")
    sign_in_as(user)

    again = client.post("/accounts/code/", {"code": user.codes[0]})

    assert "This code is not right" in again.content.decode()


def test_codes_are_throttled(client, sign_in_as, enrolled, forget_used_codes):
    user, secret = enrolled
    sign_in_as(user)
    for _ in range(8):
        client.post("/accounts/code/", {"code": "000000"})

    response = client.post("/accounts/code/", {"code": code_for(secret)})

    assert "Too many failed attempts" in response.content.decode()
    assert client.get("/profile/").status_code == 302


def test_code_page_needs_the_password_first(client):
    assert client.get("/accounts/code/")["Location"] == "/accounts/login/"


def test_sign_in_as_somebody_else_starts_over(client, sign_in_as, enrolled):
    user, _secret = enrolled
    sign_in_as(user)

    client.post("/accounts/logout/", {"next": "/accounts/login/"})

    assert client.get("/accounts/code/")["Location"] == "/accounts/login/"


def test_reset_link_does_not_go_round_the_code(client, enrolled):
    user, _secret = enrolled
    mail.outbox.clear()
    client.post("/accounts/password/reset/", {"email": user.email})
    path = re.search(r"https?://[^/]+(\S+)", mail.outbox[0].body).group(1)
    form = client.get(path)["Location"]
    new = {"password1": "harbour-violin-73", "password2": "harbour-violin-73"}
    client.post(form, new)

    response = client.post(
        "/accounts/login/", {"login": user.email, "password": "harbour-violin-73"}
    )

    assert response["Location"] == "/accounts/code/"


@pytest.fixture
def inside(client, sign_in_as, enrolled, forget_used_codes):
    user, secret = enrolled
    sign_in_as(user)
    client.post("/accounts/code/", {"code": code_for(secret)})
    confirm(client)
    return user, secret


def test_security_page_tells_what_is_on(client, inside):
    page = client.get("/profile/security/").content.decode()

    assert "10 recovery codes are left." in page
    assert "/accounts/second-factor/remove/" in page
    assert client.get("/accounts/second-factor/")["Location"] == "/profile/security/"


def test_second_factor_is_switched_off(client, inside):
    user, _secret = inside
    assert client.get("/accounts/second-factor/remove/").status_code == 200

    response = client.post("/accounts/second-factor/remove/")

    assert response["Location"] == "/accounts/second-factor/"
    assert not Authenticator.objects.filter(user=user).exists()
    assert verbs()[-1] == "user.second_factor_removed"


def test_new_recovery_codes_replace_the_old(client, inside, django_capture_on_commit_callbacks):
    user, _secret = inside
    assert client.get("/accounts/recovery-codes/new/").status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/recovery-codes/new/")

    codes = client.get("/accounts/recovery-codes/download/").content.decode().split()
    assert len(codes) == 10
    assert not set(codes) & set(user.codes)
    assert "user.recovery_codes_made" in verbs()


def test_stale_sign_in_confirms_before_it_changes_the_factor(client, inside, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = -1

    for path in ("/accounts/second-factor/remove/", "/accounts/recovery-codes/"):
        response = client.get(path)
        assert response.status_code == 302
        page = client.get(response["Location"])
        assert "Confirm that it is you" in page.content.decode()


@pytest.mark.parametrize(
    ("answer", "wrong", "sentence"),
    [
        ("/accounts/confirm/", {"password": "nonsense"}, "not your password"),
        ("/accounts/code/confirm/", {"code": "000000"}, "This code is not right"),
    ],
)
def test_confirmation_refuses_what_is_wrong(client, inside, answer, wrong, sentence):
    assert client.get(answer).status_code == 200

    assert sentence in client.post(answer, wrong).content.decode()


def test_confirmation_takes_the_password(client, inside):
    response = client.post("/accounts/confirm/", {"password": PASSWORD})

    assert response.status_code == 302


def test_no_secret_stands_in_the_trail(inside):
    user, secret = inside

    trail = " ".join(f"{event.changes}{event.target_label}" for event in AuditEvent.objects.all())

    assert secret not in trail
    assert PASSWORD not in trail
    assert not any(code in trail for code in user.codes)
