import pytest
from django.core.cache import cache

from tests.factories.accounts import PASSWORD


@pytest.fixture(autouse=True)
def no_throttle_left():
    """Failed attempts of one test are not counted against the next."""
    cache.clear()


@pytest.fixture
def sign_in_as(client):
    """Sign in through the page, as a person does: the session is recorded."""

    def sign_in_as(user, password=PASSWORD, to=client, **extra):
        return to.post("/accounts/login/", {"login": user.email, "password": password}, **extra)

    return sign_in_as
