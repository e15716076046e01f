"""A nested rule written with the keyboard alone, and another one without scripts."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clientgroups.models import ClientGroup
from tests.factories.clientgroups import ClientFactory
from tests.journeys.axe import sideways_scroll, violations
from tests.journeys.conftest import PHONE

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "clientgroups:group_create"
RULE = {
    "op": "and",
    "rules": [
        {
            "op": "or",
            "rules": [{"field": "purchase_sum", "op": "gte", "value": "500"}],
        },
        {"field": "stage", "op": "is", "value": "loyal"},
    ],
}


def tab_to(page, name):
    """Press Tab until the element with this id has the focus."""
    for _n in range(60):
        if page.evaluate("document.activeElement.id") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached by keyboard")


def focused(page, name):
    expect(page.locator(f"#{name}")).to_be_focused()


def fits(page):
    for width in (1440, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        assert sideways_scroll(page) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_manager_writes_a_nested_rule_by_keyboard_alone(person, open_page, theme):
    user = person("manager", theme=theme)
    ClientFactory(owner=user, stage="loyal", name="Harbour")
    page = open_page(user, reverse(NEW))
    said, counted = page.locator("#rule-said"), page.locator("#rule-counted")

    tab_to(page, "c-1-value")
    page.keyboard.press("L")
    expect(counted).to_have_text("1 of 1 clients")
    tab_to(page, "c-group")
    page.keyboard.press("Enter")
    expect(said).to_have_text("Group 2 was added.")
    focused(page, "c-2-match")
    tab_to(page, "c-2-1-field")
    page.keyboard.type("Sum")
    expect(page.locator("input#c-2-1-value")).to_be_visible()
    focused(page, "c-2-1-field")
    tab_to(page, "c-2-1-value")
    page.keyboard.type("500")
    expect(counted).to_have_text("0 of 1 clients")
    focused(page, "c-2-1-value")
    tab_to(page, "c-1-down")
    page.keyboard.press("Enter")
    expect(said).to_have_text("Moved to place 1.1.")
    focused(page, "c-1-1-down")
    page.keyboard.press("Alt+ArrowUp")
    expect(said).to_have_text("Moved to place 1.")
    assert violations(page) == []
    fits(page)


def test_nested_rule_is_written_without_scripts(person, open_page):
    user = person("manager")
    page = open_page(user, reverse(NEW), script=False)
    page.locator("#id_name").fill("Without scripts")
    page.locator("#c-group").click()
    focused(page, "c-2-match")
    page.locator("#c-1-value").select_option("loyal")
    page.locator("#c-2-1-field").select_option("purchase_sum")
    page.get_by_role("button", name="Update the fields").click()
    page.locator("#c-2-1-value").fill("500")
    page.locator("#c-2-up").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".rules-size")).to_contain_text("of 0 clients")

    page.get_by_role("button", name="Create group").last.click()

    expect(page.get_by_role("heading", name="Without scripts")).to_be_visible()
    assert ClientGroup.objects.get().rule == RULE
