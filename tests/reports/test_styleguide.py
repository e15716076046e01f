import re

import pytest
from django.urls import reverse

from tests.sources import BASE_DIR

pytestmark = pytest.mark.django_db
COMPONENTS = BASE_DIR / "templates" / "components"


@pytest.fixture
def styleguide(sign_in, client, settings):
    def styleguide(**user):
        settings.DEBUG = True
        sign_in("admin", **user)
        return client.get(reverse("reports:styleguide"))

    return styleguide


def test_styleguide_is_hidden_outside_of_debug(sign_in, client):
    sign_in("admin")

    assert client.get(reverse("reports:styleguide")).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_styleguide_shows_every_component(styleguide, language):
    page = styleguide(language=language)

    assert page.status_code == 200
    shown = {template.name for template in page.templates}
    parts = {f"components/{path.name}" for path in COMPONENTS.glob("_*.html")}
    assert parts - shown == set()


def test_styleguide_holds_under_the_content_policy(styleguide):
    page = styleguide()

    assert "default-src 'self'" in page["Content-Security-Policy"]
    html = page.content.decode()
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", html)
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)


def test_ids_of_the_styleguide_are_unique(styleguide):
    ids = re.findall(r'\sid="([^"]+)"', styleguide().content.decode())
    # The three forms of samples show the same fields, as no page does.
    ids = [one for one in ids if not one.startswith(("id_", "div_id_", "error_"))]

    assert sorted({one for one in ids if ids.count(one) > 1}) == []


def test_toast_offers_to_undo(styleguide):
    html = styleguide().content.decode()

    assert re.search(r'<form method="post" action="/styleguide/">.*?Undo', html, re.DOTALL)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chosen_theme_stands_in_the_page(styleguide, theme):
    assert f'data-bs-theme="{theme}"' in styleguide(theme=theme).content.decode()


def test_theme_of_the_system_is_left_to_the_browser(styleguide):
    assert "data-bs-theme" not in styleguide(theme="system").content.decode()[:400]


@pytest.mark.parametrize(("code", "path"), [(404, "/no/such/page/")])
def test_error_pages_stand_without_the_shell(sign_in, client, code, path):
    sign_in("admin")

    page = client.get(path)

    assert page.status_code == code
    assert b"There is nothing here" in page.content
    assert b'class="side"' not in page.content
