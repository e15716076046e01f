"""Pages that count attempts, while the cache is dead: a port where nobody listens."""

import pytest

from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
ASK = "/accounts/password/reset/"
DEAD = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_connect_timeout": 1},
    }
}


@pytest.fixture
def dead_cache(settings):
    settings.CACHES = DEAD


def test_asking_for_a_password_says_a_sentence_and_keeps_the_address(
    client, dead_cache, mailoutbox
):
    answer = client.post(ASK, {"email": UserFactory(email="anna@example.org").email})

    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "Asking for a new password is not possible for a moment" in page
    assert 'value="anna@example.org"' in page
    assert mailoutbox == []


def test_unknown_address_gets_the_same_sentence(client, dead_cache):
    answer = client.post(ASK, {"email": "nobody@example.org"})

    assert answer.status_code == 503
    assert "not possible for a moment" in answer.content.decode()


def test_page_that_asks_opens_without_the_cache(client, dead_cache):
    assert client.get(ASK).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/accounts/password/change/", "/accounts/confirm/"],
)
def test_page_of_a_signed_in_person_says_a_sentence(client, dead_cache, path):
    user = UserFactory()
    client.force_login(user)

    answer = client.post(
        path,
        {"oldpassword": PASSWORD, "password": PASSWORD, "password1": "x", "password2": "x"},
    )

    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "Nothing was changed" in answer.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_link_of_a_reset_mail_says_a_sentence(client, dead_cache):
    answer = client.post("/accounts/password/reset/key/1-set-password/", {})

    assert answer.status_code == 503
    assert "Nothing was changed" in answer.content.decode()


def test_sign_in_says_a_sentence(client, dead_cache):
    answer = client.post("/accounts/login/", {"login": UserFactory().email, "password": PASSWORD})

    assert answer.status_code == 200
    assert "Signing in is not possible for a moment" in answer.content.decode()
