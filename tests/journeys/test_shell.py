"""The frame of every page, in a browser: keyboard, menus, themes, phone, without scripts."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories.projects import ProjectFactory
from tests.journeys.axe import sideways_scroll, violations
from tests.journeys.conftest import DESK, PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def styleguide(settings, person, open_page):
    def styleguide(user=None, **options):
        settings.DEBUG = True
        return open_page(user or person("admin"), reverse("reports:styleguide"), **options)

    return styleguide


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_component_is_accessible_and_fits(styleguide, person, language, theme):
    page = styleguide(person("admin", language=language, theme=theme))

    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert sideways_scroll(page) == 0


def test_components_fit_the_narrowest_phone(styleguide):
    assert sideways_scroll(styleguide(width=320)) == 0


def test_components_need_no_script(styleguide):
    page = styleguide(width=PHONE, script=False)

    page.get_by_role("link", name="Menu").click()

    expect(page.get_by_role("link", name="Overview").first).to_be_visible()
    assert page.locator("html").get_attribute("data-bs-theme") is None


def test_palette_finds_by_keyboard(person, open_page):
    ProjectFactory(name="海港满意度提升")
    project = ProjectFactory(name="Harbour uplift")
    page = open_page(person("admin"), reverse("reports:search"))

    page.keyboard.press("Control+k")
    palette = page.get_by_role("combobox")
    expect(palette).to_be_focused()
    palette.fill("满意")
    expect(page.get_by_role("option", name=re.compile("海港满意度提升"))).to_be_visible()
    assert violations(page) == []
    palette.fill("Harbour")
    expect(page.get_by_role("option", name=re.compile("Harbour uplift"))).to_have_attribute(
        "aria-selected", "true"
    )
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{project.get_absolute_url()}")


def test_escape_closes_the_palette_with_text_in_it(styleguide):
    page = styleguide()

    page.keyboard.press("/")
    page.keyboard.type("abc")
    page.keyboard.press("Escape")

    expect(page.locator("#palette")).to_be_hidden()


def test_single_keys_go_places_and_can_be_switched_off(person, open_page):
    project = ProjectFactory()
    page = open_page(person("admin"), reverse("reports:search"))

    page.locator("h1").click()
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url(f"**{reverse('projects:board', args=[project.pk])}")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()


def test_keys_are_silent_in_fields(person, open_page):
    page = open_page(person("admin"), reverse("reports:search"))

    page.locator("#search-q").click()
    page.keyboard.type("n?gb/")

    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#search-q")).to_have_value("n?gb/")


def test_lines_of_lists_are_walked_with_j_and_k(styleguide):
    page = styleguide()
    lines = page.locator("[data-row]")

    for key in "jjjk":
        page.keyboard.press(key)

    expect(lines.nth(1)).to_have_class(re.compile(r"\bat\b"))
    expect(page.locator("[data-row].at")).to_have_count(1)


def test_theme_is_switched_and_kept(person, open_page):
    user = person("admin", theme="light")
    page = open_page(user, reverse("reports:search"))

    with page.expect_response(lambda answer: "theme" in answer.url):
        page.get_by_role("button", name="Dark mode").click()

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    user.refresh_from_db()
    assert user.theme == "dark"


def test_system_theme_is_followed_without_a_choice(person, open_page):
    page = open_page(
        person("admin", theme="system"), reverse("reports:search"), color_scheme="dark"
    )

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_language_is_switched_without_a_script(person, open_page):
    page = open_page(person("admin"), reverse("reports:search"), script=False)

    page.get_by_role("button", name="切换为中文").click()

    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")


def test_drawer_of_the_phone_opens_and_closes(person, open_page):
    ProjectFactory()
    page = open_page(person("admin"), reverse("reports:search"), width=PHONE)
    menu = page.get_by_role("button", name="Menu")

    menu.click()
    expect(page.locator("#side")).to_be_visible()
    expect(menu).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    page.keyboard.press("Escape")

    expect(page.locator("#side")).to_be_hidden()
    expect(menu).to_be_focused()


def test_toast_waits_while_it_is_looked_at(styleguide):
    page = styleguide()
    toast = page.locator("[data-toast]")

    expect(toast.get_by_role("button", name="Undo")).to_be_visible()
    toast.get_by_role("button", name="Close").click()

    expect(toast).to_have_count(0)


def test_ended_session_leads_to_sign_in_and_back(person, open_page):
    page = open_page(person("admin"), reverse("reports:search") + "?q=a")
    Session.objects.all().delete()

    page.keyboard.press("Control+k")

    page.wait_for_url("**/accounts/login/?next=**")
    assert "next=%2Fsearch%2F%3Fq%3Da" in page.url


def test_axe_says_what_is_wrong(browser):
    page = browser.new_page()
    page.set_content(
        "<html lang='en'><title>t</title><main><h1>h</h1><img id='bad' src='x'></main>"
    )

    assert [line.partition(":")[0] for line in violations(page)] == ["image-alt"]
    page.close()
