"""A real worker and beat beside the test suite: on the test database, each job each second.

Started by journeys as processes of their own, with TEST_DATABASE naming the test database, a
KEY_PREFIX of their own and EMAIL_URL naming the test's mail server: see tests/workers.py.
"""

import os

os.environ.setdefault("BEAT_MAX_INTERVAL", "1")

from config.settings.test import *  # noqa: E402,F403

DATABASES["default"]["NAME"] = env("TEST_DATABASE")  # noqa: F405
CACHES["default"] = {  # noqa: F405
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": REDIS_URL,  # noqa: F405
    "KEY_PREFIX": KEY_PREFIX,  # noqa: F405
}
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = False
