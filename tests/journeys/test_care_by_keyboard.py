"""The care of clients with the keyboard alone: nothing is out of reach, no step loses the focus."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.requests import ServiceRequestFactory

pytestmark = pytest.mark.django_db(transaction=True)


def tab_to(page, target):
    """Press Tab until the one element of a locator has the focus."""
    for _n in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} cannot be reached by keyboard")


def test_manager_answers_a_request_by_keyboard_and_keeps_the_focus(person, open_page):
    row = ServiceRequestFactory(grouped=True, open=True)
    group = row.client.memberships.get().client_group
    page = open_page(person("lead", group), row.get_absolute_url())
    send = page.get_by_role("button", name="Send to the client")

    tab_to(page, page.get_by_label("Your text"))
    page.keyboard.type("We looked into it.")
    tab_to(page, send)
    page.keyboard.press("Enter")

    expect(page.locator("article, li").get_by_text("We looked into it.").first).to_be_visible()
    expect(send).to_be_focused()


def test_manager_writes_a_client_and_compares_groups_by_keyboard(person, open_page):
    user = person("admin")
    ClientGroupFactory(name="Alpha")
    ClientGroupFactory(name="Beta")
    page = open_page(user, reverse("clientgroups:client_create"))

    tab_to(page, page.get_by_label("Name", exact=False).first)
    page.keyboard.type("Keyboard Ltd")
    tab_to(page, page.get_by_role("button", name="Create client"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keyboard Ltd")).to_be_visible()

    page.goto(reverse("clientgroups:group_list"))
    for name in ("Alpha", "Beta"):
        tab_to(page, page.locator("tr", has_text=name).get_by_role("checkbox"))
        page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Compare the ticked groups"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Compare groups")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Beta")).to_be_visible()
