"""`make run`: embedded servers when none are named, readable errors, no HTTPS."""

import os
import secrets

from config import embedded

embedded.use_unless_set(os.environ)
if not os.environ.get("SECRET_KEY"):
    # One per checkout: sessions outlive a restart, and no two installations share a key.
    path = embedded.BASE_DIR / "var" / "secret-key"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(60))
    os.environ["SECRET_KEY"] = path.read_text()

from config.settings.base import *  # noqa: E402,F403

DEBUG = env.bool("DEBUG", default=True)  # noqa: F405
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *ALLOWED_HOSTS]  # noqa: F405
STORAGES["staticfiles"]["BACKEND"] = (  # noqa: F405
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
# Static files straight from the source folders: nothing to collect, edits show at once.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
