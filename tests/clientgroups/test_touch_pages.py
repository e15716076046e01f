import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import Client, TouchPlan
from clientgroups.services.health import rescore
from clientgroups.services.touch_plans import delete_plan
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
)
from tests.factories.touches import (
    ClientHealthFactory,
    ClientSilenceFactory,
    InteractionFactory,
    TouchPlanFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
CALL = {"kind": "call", "summary": "Asked how it goes", "follow_up": ""}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


@pytest.fixture
def member():
    """A client in a group, with a contact."""
    row = MembershipFactory()
    ContactFactory(client=row.client, name="Anna")
    return row


def text(response):
    return response.content.decode()


def toasts(response):
    return [str(message) for message in response.context["messages"]]


# Timeline, health, lists --------------------------------------------------------------------------


def test_timeline_page_and_what_it_adds_are_pieces_of_each_other(client, sign_in, member):
    sign_in("viewer", member)
    for number in range(35):
        InteractionFactory(client=member.client, summary=f"Talk number {number:02d}")
    address = url("client_timeline", member.client_id)

    first = client.get(address, {"kind": "call"})
    older = {"kind": "call", "before": first.context["timeline"].older}
    piece = client.get(address, older, headers=HTMX)
    page = client.get(address, older)

    assert "Talk number 34" in text(first)
    assert "Talk number 00" in text(piece)
    assert "<html" not in text(piece)
    assert "Newest" in text(page)
    assert 'aria-current="true"' in text(page)


def test_timeline_without_entries_says_so(client, sign_in, member):
    sign_in("viewer", member)

    assert "Nothing of this kind yet" in text(client.get(url("client_timeline", member.client_id)))


def test_timeline_of_a_merged_client_leads_to_the_one_kept(client, sign_in):
    sign_in("admin")
    kept = ClientFactory()
    gone = ClientFactory(merged_into=kept, archived_at=timezone.now())

    assert client.get(url("client_timeline", gone.pk)).url == url("client_timeline", kept.pk)


def test_health_page_tells_drivers_weights_and_course(client, sign_in, member):
    sign_in("viewer", member)
    InteractionFactory(client=member.client, kind="visit")
    Client.objects.update(stage="loyal")
    rescore(clients=[member.client_id])
    for days in (60, 120):
        day = timezone.localdate() - dt.timedelta(days=days)
        ClientHealthFactory(client=member.client, as_of=day, score=80)
    ClientSilenceFactory(client=member.client)

    page = text(client.get(url("client_health", member.client_id)))

    figures = ("Engagement is 6", "weighs 80%", "Watch", "after 90 days it counts half")
    for words in (*figures, "Health over twelve months", "No sign of life since", "Left out here"):
        assert words in page


def test_health_page_of_an_unknown_client_says_that_too_little_is_known(client, sign_in, member):
    sign_in("viewer", member)

    page = text(client.get(url("client_health", member.client_id)))

    assert "Too little is known" in page
    assert "<b>–</b>" in page


def due_member(**fields):
    plan = TouchPlanFactory()
    row = MembershipFactory(client_group=plan.client_group, valid_from=dt.date(2024, 1, 1))
    ContactFactory(client=row.client, **fields)
    return row


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"phone": "123", "phone_consent": True}, 'href="tel:123"'),
        ({"phone_consent": True}, "agrees to calls"),
        ({"email": "anna@example.org"}, 'href="mailto:anna@example.org"'),
        ({"email": ""}, "agrees to e-mail"),
        ({"chat_consent": True}, "agrees to chat"),
        ({"email_consent": False, "post_consent": True}, "agrees to letters"),
        ({"email_consent": False}, "agreed to nothing"),
    ],
)
def test_list_says_whom_to_turn_to_and_by_what(client, sign_in, fields, words):
    sign_in("admin")
    due_member(**fields)

    assert words in text(client.get(url("touch_list")))


def test_list_needs_twelve_queries(client, sign_in, count_queries):
    row = due_member()
    sign_in("member", row)
    client.get(url("touch_list"))

    assert count_queries(lambda: client.get(url("touch_list"))) <= 12


def test_page_that_does_not_exist_is_the_last_one(client, sign_in):
    row = due_member()
    sign_in("member", row)

    assert str(row.client) in text(client.get(url("touch_list"), {"page": "9" * 18}))


def test_list_explains_itself_when_nobody_waits(client, sign_in):
    sign_in("outsider")

    page = text(client.get(url("touch_list"), {"group": "x", "stage": "y", "owner": "9" * 30}))

    assert "Nobody waits for a touch" in page
    assert "Notes, survey answers, purchases and requests do not." in page


def test_silent_list_tells_who_and_offers_to_log(client, sign_in):
    row = MembershipFactory()
    ClientSilenceFactory(client=row.client)
    sign_in("member", row)

    page = text(client.get(url("silent_list")))

    assert str(row.client) in page
    assert url("client_log", row.client_id) in page


# Plans --------------------------------------------------------------------------------------------


def test_lead_adds_changes_deletes_and_brings_back_a_plan(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)
    fields = {"stage": "loyal", "every_days": "30", "kind": "visit", "begins_on": "2026-01-01"}

    client.post(url("plan_create", group.pk), fields)
    plan = TouchPlan.objects.get()
    client.post(url("plan_edit", group.pk, plan.pk), fields | {"every_days": "45"})
    plan.refresh_from_db()
    assert plan.every_days == 45
    assert "every 45 days" in text(client.get(url("plan_list", group.pk)))

    response = client.post(url("plan_delete", group.pk, plan.pk), follow=True)
    (message,) = response.context["messages"]
    assert not TouchPlan.objects.exists()
    client.post(message.extra_tags.removeprefix("undo:"))
    assert TouchPlan.objects.get().every_days == 45


@pytest.mark.parametrize("days", ["0", "soon", "731", ""])
def test_refused_plan_says_why(client, sign_in, days):
    plan = TouchPlanFactory()
    sign_in("lead", plan.client_group)

    for address in (
        url("plan_create", plan.client_group_id),
        url("plan_edit", plan.client_group_id, plan.pk),
    ):
        response = client.post(address, {"every_days": days, "begins_on": "2026-01-01"})
        assert response.status_code == 422
        assert "every_days" in response.context["form"].errors


def test_second_plan_of_a_stage_is_refused_in_words(client, sign_in):
    plan = TouchPlanFactory(stage="loyal")
    sign_in("lead", plan.client_group)

    response = client.post(
        url("plan_create", plan.client_group_id),
        {"stage": "loyal", "every_days": "9", "begins_on": "2026-01-01"},
    )

    assert response.status_code == 422
    assert "cadence in the group already" in text(response)


def test_plan_of_another_group_is_not_found(client, sign_in):
    plan, other = TouchPlanFactory(), ClientGroupFactory()
    sign_in("lead", other)
    event = delete_plan(plan=TouchPlanFactory(), actor=other.owner)

    assert client.get(url("plan_edit", other.pk, plan.pk)).status_code == 404
    assert client.post(url("plan_delete", other.pk, plan.pk)).status_code == 404
    assert client.post(url("plan_undo", other.pk, event.pk)).status_code == 404


def test_group_panel_tells_plans_and_who_waits(client, sign_in):
    row = due_member()
    sign_in("lead", row)

    page = text(client.get(url("group_touches", row.client_group_id), headers=HTMX))

    assert "<html" not in page
    assert "1 client waits for a touch" in page
    assert "never touched" in page
    assert str(row.client) in page


def test_group_panel_without_a_plan_offers_one_to_leads_only(client, sign_in):
    group = ClientGroupFactory()
    sign_in("viewer", group)
    assert url("plan_create", group.pk) not in text(client.get(url("group_touches", group.pk)))

    sign_in("lead", group)
    assert url("plan_create", group.pk) in text(client.get(url("group_touches", group.pk)))
