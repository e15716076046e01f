"""Every page of the product with the demo's data, in a browser, as the right person.

Each is opened on a desk (1440, light, English) and on a phone (390, dark, Chinese): it answers,
the browser complains about nothing, and nothing has to be pushed sideways. axe looks at every page
once, at the desk and the phone in turns; test_shell.py shows it each component in both themes.
"""

import time

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from reports.demo.people import DOMAIN
from tests.journeys.axe import SCRIPT, sideways_scroll, violations
from tests.journeys.conftest import DESK, PHONE, session_cookie
from tests.journeys.story import Story
from tests.journeys.visiting import USER
from tests.journeys.visits import (
    ADMIN,
    GUARDED,
    HALF,
    NO_PAGE,
    VISITOR,
    VISITS,
    addresses,
    answers_get,
)

PASSWORD = "every-page-2026"  # noqa: S105 - of people who live as long as the test
SIZES = [
    ("omar", DESK, {"color_scheme": "light", "locale": "en-GB"}),
    ("lin", PHONE, {"color_scheme": "dark", "locale": "zh-CN"}),
]
SETTLED = "() => !document.querySelector('.htmx-request')"


def test_every_page_is_visited():
    gettable = {name for name, view in addresses().items() if answers_get(view)}
    listed = {visit.name for visit in VISITS if visit.status == 200} | set(NO_PAGE)

    assert sorted(gettable - listed) == []
    assert sorted(listed - gettable - {"admin:index"}) == []


@pytest.fixture
def demo(transactional_db, monkeypatch, settings, tmp_path):
    """The people of the demo by short name; the administrator also as somebody with a code."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    monkeypatch.setenv("TANDEM_DEMO", "1")
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    call_command("seed_demo", verbosity=0)
    return {user.email.partition("@")[0]: user for user in User.objects.all()}


def guarded_by_code(language):
    """Somebody whose sign-in asks for a code."""
    guarded = User.objects.create_user(
        f"guarded-{language}@{DOMAIN}", PASSWORD, name="Guarded", language=language
    )
    TOTP.activate(guarded, generate_totp_secret())
    RecoveryCodes.activate(guarded)
    return guarded


class Reader:
    """A person at one size: one window, in which page after page is opened and looked at."""

    def __init__(self, browser, url, width, options):
        height = 844 if width < DESK else 900
        self.context = browser.new_context(
            base_url=url,
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            **options,
        )
        self.context.add_init_script(SCRIPT)
        self.url, self.complaints = url, []
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, line):
        if line.type == "error":
            self.complaints.append(line.text)

    def sign_in(self, user):
        """By cookie, as somebody who has just typed the password."""
        cookie = session_cookie(user, self.url)
        session = SessionStore(cookie["value"])
        method = {"method": "password", "at": time.time(), "reauthenticated": True}
        session["account_authentication_methods"] = [method]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        self.context.add_cookies([cookie])

    def half_sign_in(self, user):
        """Up to the page that asks for the code."""
        self.page.goto(reverse("account_login"))
        self.page.locator("[name=login]").fill(user.email)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.locator("[name=password]").press("Enter")
        self.page.wait_for_url(f"**{reverse('mfa_authenticate')}")

    def findings(self, path, status, with_axe):
        """What is wrong with a page, in readable lines."""
        self.complaints.clear()
        answer = self.page.goto(path)
        self.page.wait_for_function(SETTLED)
        found = [] if answer.status == status else [f"answered {answer.status}, not {status}"]
        moved = self.page.url.removeprefix(self.url) != path
        found += [f"led on to {self.page.url}"] if moved and "/reset/key/" not in path else []
        found += violations(self.page) if with_axe else []
        found += [text for text in self.complaints if f"status of {status}" not in text]
        wide = sideways_scroll(self.page)
        return found + ([f"{wide} px wider than the window"] if wide else [])


def open_all(browser, url, story, people, visits, size):
    width, options = size
    found = {}
    for who, user in people.items():
        mine = [visit for visit in visits if visit.who == who]
        if not mine:
            continue
        reader = Reader(browser, url, width, options)
        if who == HALF:
            reader.half_sign_in(user)
        elif user is not None:
            reader.sign_in(user)
        for visit in mine:
            with_axe = visits.index(visit) % 2 == (width < DESK)
            lines = reader.findings(visit.path(story), visit.status, with_axe)
            found[f"{visit} at {width}"] = lines
        reader.context.close()
    return {page: lines for page, lines in found.items() if lines}


@pytest.mark.long
@pytest.mark.parametrize(("short", "size"), [(short, size) for short, *size in SIZES])
def test_every_page_opens_is_accessible_and_fits(demo, browser, live_server, short, size):
    story = Story(demo[short])
    User.objects.filter(role=User.Role.ADMIN).update(language=story.user.language)
    guarded = guarded_by_code(story.user.language)
    people = {
        VISITOR: None,
        HALF: guarded,
        USER: story.user,
        GUARDED: guarded,
        ADMIN: demo["admin"],
    }

    found = open_all(browser, live_server.url, story, people, VISITS, size)

    assert found == {}
