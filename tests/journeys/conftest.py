"""Real Chromium against the live server.

`open_page(user, path, width=…, script=…)` signs a person in by a session cookie and opens a page;
whatever the browser complains about (scripts, the content policy, missing files) fails the test.
"""

import os
import shutil
import threading

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.staticfiles.handlers import StaticFilesHandler

from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.waiting import wait_for

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESK = 390, 1440
# A form that is refused answers 422; the browser logs that as an error.
EXPECTED = "status of 422"


@pytest.fixture(scope="session", autouse=True)
def _playwright_beside_django():
    """Playwright runs an event loop in this thread, which Django would take for async code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _styles_and_scripts_are_kept():
    """The browser keeps them as it does in production; only the pages are asked for again."""
    serve = StaticFilesHandler.serve

    def kept(self, request):
        response = serve(self, request)
        response["Cache-Control"] = "max-age=3600, immutable"
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", kept)
        yield


def nobody_is_served():
    """Whether the live server has answered every request and lost every connection."""
    return not any("process_request_thread" in thread.name for thread in threading.enumerate())


@pytest.fixture
def live_server(live_server, transactional_db):
    """The server, idle again before the tables are emptied: a late request would lock them."""
    yield live_server
    assert wait_for(nobody_is_served)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    return {"executable_path": path, "args": QUIET}


def session_cookie(user, url):
    """The cookie of a fresh session, without the sign-in page."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}


@pytest.fixture
def person(transactional_db):
    """`person("lead", project, language="zh-hans")`: somebody who holds the role on the row."""

    def person(role, obj=None, **fields):
        traits = {role: True} if role in ("manager", "admin") else {}
        user = UserFactory(**traits, **fields)
        if obj is not None and role in ("viewer", "member", "lead"):
            grant(user, role, obj)
        return user

    return person


def told(line):
    """What the browser complains about, and where."""
    return f"{line.text} {line.location['url']}"


@pytest.fixture
def open_page(browser, live_server):
    """Open a path as a person (or as nobody) in a context of its own; see the head of the file."""
    contexts, complaints = [], []

    def open_page(user, path="/", *, width=DESK, script=True, status=200, **options):
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 844 if width < 500 else 900},
            java_script_enabled=script,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        if user is not None:
            context.add_cookies([session_cookie(user, live_server.url)])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(told(line)) if line.type == "error" else None,
        )
        answer = page.goto(path)
        assert answer.status == status
        if status != 200:
            # The browser logs the page itself as an error; that is what was expected.
            complaints[:] = [line for line in complaints if not line.endswith(answer.url)]
        return page

    yield open_page

    for context in contexts:
        context.close()
    assert [line for line in complaints if EXPECTED not in line] == []
