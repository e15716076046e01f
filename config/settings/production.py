"""HTTPS, strict cookies, JSON logs. Refuses to start while a required variable is missing."""

import logging
import os

import environ
from django.core.exceptions import ImproperlyConfigured
from django_structlog.celery.steps import DjangoStructLogInitStep

from config.celery import app as celery_app
from config.embedded import BASE_DIR
from config.logs import json_logging

REQUIRED = ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")
SAMPLE_KEY = "change-me"

environ.Env.read_env(BASE_DIR / ".env")
missing = [name for name in REQUIRED if not os.environ.get(name)]
if missing:
    raise ImproperlyConfigured("Set these environment variables: " + ", ".join(missing))
if os.environ["SECRET_KEY"].startswith(SAMPLE_KEY) or len(os.environ["SECRET_KEY"]) < 50:
    raise ImproperlyConfigured(
        "SECRET_KEY must be your own: at least 50 random characters, not the sample's. Make one: "
        'python -c "import secrets; print(secrets.token_urlsafe(60))"'
    )
if "*" in os.environ["ALLOWED_HOSTS"]:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts; * would accept any of them.")

from config.settings.base import *  # noqa: E402,F403

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)  # noqa: F405
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if TRUSTED_PROXIES:  # noqa: F405
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = True

INSTALLED_APPS.append("django_structlog")  # noqa: F405
MIDDLEWARE.insert(1, "django_structlog.middlewares.RequestMiddleware")  # noqa: F405
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line for a request, when it is done
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # an anonymous answer must stay anonymous in the logs
LOGGING = json_logging()
# The id of the request that caused a job is logged with the job.
celery_app.steps["worker"].add(DjangoStructLogInitStep)
