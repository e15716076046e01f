"""The care of one client in a real browser: a touch, a request, a merge, a rule, a comparison."""

import re
import time

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clientgroups.models import Client, ClientGroup, Interaction, ServiceRequest
from clientgroups.models.defaults import create_service_defaults
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
)
from tests.journeys.conftest import PHONE

FIFTEEN_SECONDS = 15


@pytest.fixture
def group(transactional_db):
    return ClientGroupFactory(name="Harbour shops")


@pytest.fixture
def client(group):
    client = ClientFactory(name="Quay Bakery")
    ContactFactory(client=client, name="Ada Quay")
    MembershipFactory(client_group=group, client=client)
    return client


def test_touch_with_follow_up_is_logged_by_keyboard_in_seconds(open_page, person, group, client):
    member = person("member", group)
    page = open_page(member, client.get_absolute_url())

    begun = time.monotonic()
    page.keyboard.press("l")
    page.keyboard.type("Asked about the winter menu")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Asked about the winter menu").first).to_be_visible()

    # The browser is faster than a hand; the steps are what must stay few.
    assert time.monotonic() - begun < FIFTEEN_SECONDS
    touch = Interaction.objects.get()
    assert (touch.client, touch.by) == (client, member)
    assert touch.follow_up_on > timezone.localdate()
    client.refresh_from_db()
    assert client.last_touch_on == timezone.localdate()


def test_request_goes_from_the_call_to_the_rating(open_page, person, group, client):
    # As the migrations of a fresh installation do; such tests begin with empty tables.
    create_service_defaults(apps.get_model)
    member = person("member", group)
    page = open_page(
        member, reverse("clientgroups:client_request_create", kwargs={"pk": client.pk})
    )
    page.get_by_label("What do they need?").fill("Two boxes came wet")
    page.get_by_role("button", name="Write down").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Two boxes came wet")
    row = ServiceRequest.objects.get()
    assert row.first_answer_due_at < row.resolution_due_at
    page.get_by_label("Your text").fill("We send two new ones today.")
    page.get_by_role("button", name="Send to the client").click()
    expect(page.get_by_text("We send two new ones today.").first).to_be_visible()

    # The client reads and answers on a phone, without an account and without scripts.
    theirs = open_page(
        None,
        reverse("clientgroups:request_public", kwargs={"token": row.token}),
        width=PHONE,
        script=False,
    )
    expect(theirs.get_by_text("We send two new ones today.")).to_be_visible()
    theirs.locator("#answer-t").fill("Thank you, they are here.")
    theirs.get_by_role("button", name="Send").click()
    expect(theirs.get_by_text("Thank you, they are here.").first).to_be_visible()

    page.goto(reverse("clientgroups:request_resolve", kwargs={"pk": row.pk}))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Resolve")
    page.locator("textarea").first.fill("Sent two new boxes.")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("Thank you, they are here.").first).to_be_visible()
    theirs.reload()
    theirs.locator("input[name=rating][value='5']").check(force=True)
    theirs.get_by_role("button", name="Rate").click()
    expect(theirs.get_by_text("5").first).to_be_visible()
    row.refresh_from_db()
    assert (row.status, row.rating) == ("resolved", 5)


def test_rule_with_a_nested_group_is_built_without_a_mouse(open_page, person):
    manager = person("manager")
    ClientFactory.create_batch(3, owner=manager, stage="loyal")
    ClientFactory(owner=manager, stage="lapsed")
    page = open_page(manager, reverse("clientgroups:group_create"))

    page.locator("[name=name]").focus()
    page.keyboard.type("Loyal ones")
    page.get_by_label("Value", exact=True).first.focus()
    page.keyboard.press("L")
    page.keyboard.press("o")
    page.get_by_role("button", name="Add group", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Group 2")).to_be_visible()
    page.get_by_role("group", name="Group 2").get_by_label("Value").first.focus()
    page.keyboard.press("L")
    page.keyboard.press("o")
    # What the rule says and how many it finds follow what is typed.
    expect(page.get_by_text("3", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Create group").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Loyal ones")

    group = ClientGroup.objects.get()
    assert any("rules" in part for part in group.rule["rules"])


def test_look_alikes_are_merged_and_taken_apart(open_page, person):
    manager = person("manager")
    for name in ("Acme Foods Ltd", "ACME Foods"):
        ContactFactory(client=ClientFactory(name=name, owner=manager))
    page = open_page(manager, reverse("clientgroups:duplicate_list"))

    page.get_by_role("link", name=re.compile("Compare|Merge|Look")).first.click()
    page.get_by_role("button", name=re.compile("Merge")).first.click()
    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_visible()
    assert Client.objects.active().count() == 1
    undo.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert Client.objects.active().count() == 2
