import pytest

from notifications import services
from tests.notifications.post_office import free_port, post_office


@pytest.fixture
def smtp(settings):
    with post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        yield office


@pytest.fixture
def no_smtp(settings):
    """A mail server that is away."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()


@pytest.fixture(autouse=True)
def rested_broker():
    """What one test learnt about the broker is nothing to the next."""
    services._broker["rest_until"] = 0.0
