import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import Client, Interaction, TouchPlan
from clientgroups.services.follow_ups import finish_follow_up, snooze_follow_up
from clientgroups.services.health import rescore
from clientgroups.services.touch_plans import delete_plan
from clientgroups.services.touches import delete_touch
from projects.models import ProjectInteraction
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    MembershipFactory,
)
from tests.factories.projects import ProjectFactory
from tests.factories.touches import (
    ClientHealthFactory,
    ClientSilenceFactory,
    InteractionFactory,
    TouchPlanFactory,
    touch_in_group,
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


# Log: without JavaScript --------------------------------------------------------------------------


def test_member_logs_a_touch_and_returns_to_the_client(client, sign_in, member):
    user = sign_in("member", member)

    response = client.post(url("client_log", member.client_id), CALL)

    assert response.url == member.client.get_absolute_url()
    touch = Interaction.objects.get()
    assert (touch.client, touch.by, touch.follow_up_on) == (member.client, user, None)


def test_log_returns_to_the_page_it_came_from_on_this_site_only(client, sign_in, member):
    sign_in("member", member)
    address = url("client_log", member.client_id)

    inside = client.post(address, CALL | {"next": url("touch_list")})
    outside = client.post(address, CALL | {"next": "https://evil.example/"})

    assert inside.url == url("touch_list")
    assert outside.url == member.client.get_absolute_url()


@pytest.mark.parametrize(
    ("choice", "days"), [("tomorrow", 1), ("week", 7)], ids=["tomorrow", "week"]
)
def test_chip_sets_the_day_of_the_follow_up(client, sign_in, member, choice, days):
    user = sign_in("member", member)

    client.post(
        url("client_log", member.client_id),
        CALL | {"follow_up": choice, "follow_up_by": user.pk, "follow_up_note": "Send it"},
    )

    touch = Interaction.objects.get()
    assert touch.follow_up_on == timezone.localdate() + dt.timedelta(days=days)
    assert (touch.follow_up_by, touch.follow_up_note) == (user, "Send it")


def test_chip_of_a_month_and_of_a_day(client, sign_in, member):
    sign_in("member", member)
    address, today = url("client_log", member.client_id), timezone.localdate()

    client.post(address, CALL | {"follow_up": "month"})
    client.post(address, CALL | {"follow_up": "day", "follow_up_on": today.isoformat()})

    month, day = Interaction.objects.order_by("pk").values_list("follow_up_on", flat=True)
    assert 28 <= (month - today).days <= 31
    assert day == today


def test_chip_of_no_follow_up_stands_before_a_day_left_in_the_field(client, sign_in, member):
    sign_in("member", member)

    client.post(url("client_log", member.client_id), CALL | {"follow_up_on": "2030-01-01"})

    assert Interaction.objects.get().follow_up_on is None


def test_everything_under_more_is_kept(client, sign_in, member):
    sign_in("member", member)
    project = ProjectFactory(client_group=member.client_group)
    contact = member.client.contacts.get()

    client.post(
        url("client_log", member.client_id),
        CALL
        | {
            "direction": "in",
            "happened_at": "2026-11-02T09:30",
            "contact": contact.pk,
            "text": "They are content.",
            "project": project.pk,
        },
    )

    touch = Interaction.objects.get()
    assert (touch.direction, touch.contact, touch.text) == ("in", contact, "They are content.")
    assert f"{touch.happened_at:%Y-%m-%d %H:%M}" == "2026-11-02 09:30"
    assert ProjectInteraction.objects.get().project == project


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"summary": ""}, "This field is required."),
        ({"kind": "smoke"}, "Select a valid choice."),
        ({"follow_up": "day"}, "Say on which day."),
        ({"follow_up": "day", "follow_up_on": "2020-01-01"}, "Choose a day that has not passed."),
        ({"follow_up": "day", "follow_up_on": "soon"}, "Enter a valid date."),
        ({"happened_at": "2999-01-01T10:00"}, "This lies in the future."),
    ],
)
def test_refused_form_says_why_and_loses_nothing(client, sign_in, member, fields, words):
    sign_in("member", member)

    response = client.post(
        url("client_log", member.client_id), CALL | {"text": "Long words"} | fields
    )

    assert response.status_code == 422
    assert words in text(response)
    assert "Long words" in text(response)
    assert not Interaction.objects.exists()


def test_people_contacts_and_projects_of_others_cannot_be_chosen(client, sign_in, member):
    sign_in("member", member)
    foreign = {
        "follow_up": "week",
        "follow_up_by": UserFactory().pk,
        "contact": ContactFactory().pk,
        "project": ProjectFactory().pk,
    }

    response = client.post(url("client_log", member.client_id), CALL | foreign)

    assert set(response.context["form"].errors) == {"follow_up_by", "contact", "project"}


def test_same_form_sent_twice_writes_one_row(client, sign_in, member):
    sign_in("member", member)
    page = client.get(url("client_log", member.client_id))
    key = page.context["form"].initial["submission_key"]

    for _turn in range(2):
        client.post(url("client_log", member.client_id), CALL | {"submission_key": key})

    assert Interaction.objects.get().submission_key == key


def test_key_of_another_clients_form_is_refused_in_words(client, sign_in, member):
    sign_in("member", member)
    used = InteractionFactory(submission_key=uuid.uuid4())

    response = client.post(
        url("client_log", member.client_id), CALL | {"submission_key": used.submission_key}
    )

    assert response.status_code == 422


def test_archived_client_is_no_longer_touched(client, sign_in, member):
    sign_in("member", member)
    Client.objects.update(archived_at=timezone.now())

    assert client.get(url("client_log", member.client_id)).status_code == 403


# Log: with htmx -----------------------------------------------------------------------------------


def test_panel_comes_back_with_the_new_entry_and_an_empty_form(client, sign_in, member):
    sign_in("member", member)

    response = client.post(
        url("client_log", member.client_id), CALL | {"place": "panel"}, headers=HTMX
    )

    page = text(response)
    assert f'id="client-{member.client_id}-touches"' in page
    assert "<html" not in page
    assert "Asked how it goes" in page
    assert "The touch was logged." in page
    assert response.context["form"].is_bound is False
    reload = client.get(url("client_timeline", member.client_id))
    assert "Asked how it goes" in text(reload)


def test_panel_comes_back_with_what_was_wrong(client, sign_in, member):
    sign_in("member", member)

    response = client.post(
        url("client_log", member.client_id), {"place": "panel", "kind": "visit"}, headers=HTMX
    )

    assert response.status_code == 422
    assert f'id="client-{member.client_id}-touches"' in text(response)
    assert "This field is required." in text(response)


def test_line_of_the_list_opens_a_form_and_is_replaced(client, sign_in, member):
    sign_in("member", member)
    address = url("client_log", member.client_id)

    opened = client.get(f"{address}?place=row", headers=HTMX)
    assert f'id="due-{member.client_id}-log"' in text(opened)
    assert "autofocus" in text(opened)

    wrong = client.post(address, {"place": "row", "kind": "call"}, headers=HTMX)
    assert wrong.status_code == 422
    assert f'id="due-{member.client_id}-log"' in text(wrong)

    saved = client.post(address, CALL | {"place": "row"}, headers=HTMX)
    assert saved["HX-Retarget"] == f"#due-{member.client_id}"
    assert f'<tbody id="due-{member.client_id}">' in text(saved)


# Whom to log with ---------------------------------------------------------------------------------


def test_search_finds_clients_the_person_may_see(client, sign_in):
    user = sign_in("outsider")
    ClientFactory(name="Harbour Tea", owner=user)
    ClientFactory(name="Harbour Coffee")

    page = text(client.get(url("touch_create"), {"q": "harb"}))
    assert "Harbour Tea" in page
    assert "Harbour Coffee" not in page

    for nothing in ("zebra", "!!!"):
        assert "No client of that name" in text(client.get(url("touch_create"), {"q": nothing}))


def test_search_begins_with_clients_touched_last(client, sign_in):
    user = sign_in("outsider")
    InteractionFactory(by=user, client=ClientFactory(name="Harbour Tea", owner=user))

    assert "Harbour Tea" in text(client.get(url("touch_create")))


# One touch ----------------------------------------------------------------------------------------


def test_text_is_shown_as_markdown_and_never_as_html(client, sign_in):
    touch = touch_in_group(text="**bold** <script>alert(1)</script>", summary="<b>x</b>")
    sign_in("viewer", touch.client)

    page = text(client.get(url("touch_detail", touch.pk)))

    assert "<strong>bold</strong>" in page
    assert "<script>alert" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert url("touch_edit", touch.pk) not in page


def test_author_edits_a_touch_and_a_colleague_may_not(client, sign_in, member):
    user = sign_in("member", member)
    own = InteractionFactory(client=member.client, by=user, promised=True)
    other = InteractionFactory(client=member.client)

    page = client.get(url("touch_edit", own.pk))
    assert "Send the offer" in text(page)
    response = client.post(
        url("touch_edit", own.pk), CALL | {"summary": "Corrected", "follow_up": "week"}
    )

    own.refresh_from_db()
    assert response.url == member.client.get_absolute_url()
    assert own.summary == "Corrected"
    assert client.get(url("touch_edit", other.pk)).status_code == 403
    assert client.post(url("touch_delete", other.pk)).status_code == 403


def test_edit_keeps_the_former_contact_though_inactive_and_an_overdue_day(client, sign_in, member):
    user = sign_in("member", member)
    contact = ContactFactory(client=member.client, is_active=False)
    day = timezone.localdate() - dt.timedelta(days=5)
    touch = InteractionFactory(
        client=member.client, by=user, contact=contact, follow_up_on=day, follow_up_by=user
    )

    response = client.post(
        url("touch_edit", touch.pk),
        CALL | {"contact": contact.pk, "follow_up": "day", "follow_up_on": day.isoformat()},
    )

    touch.refresh_from_db()
    assert response.status_code == 302
    assert (touch.contact, touch.follow_up_on) == (contact, day)


def test_refused_edit_says_why(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user)

    for fields in ({"summary": ""}, {"happened_at": "2999-01-01T10:00"}):
        response = client.post(url("touch_edit", touch.pk), CALL | fields)
        assert response.status_code == 422


def test_delete_offers_undo_and_undo_brings_the_touch_back(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user)

    response = client.post(url("touch_delete", touch.pk), {"next": url("touch_list")}, follow=True)
    assert toasts(response) == ["The touch was deleted."]
    (message,) = response.context["messages"]
    assert client.get(url("touch_detail", touch.pk)).status_code == 404

    back = client.post(message.extra_tags.removeprefix("undo:"), follow=True)
    assert toasts(back) == ["Undone."]
    assert client.get(url("touch_detail", touch.pk)).status_code == 200


def test_deleted_touch_cannot_be_deleted_again(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user)
    delete_touch(touch=touch, actor=user)

    assert client.post(url("touch_delete", touch.pk)).status_code == 404


def test_undo_of_another_touch_is_not_found(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)
    other = InteractionFactory(client=member.client, by=user)
    event = finish_follow_up(touch=touch, actor=user)

    assert client.post(url("touch_undo", other.pk, event.pk)).status_code == 404
    assert client.post(url("touch_undo", touch.pk, event.pk + 99)).status_code == 404


# Follow-ups ---------------------------------------------------------------------------------------


def test_follow_up_is_ticked_off_and_taken_back(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)
    assert "Send the offer" in text(client.get(url("follow_up_list")))

    response = client.post(url("follow_up_done", touch.pk), follow=True)
    (message,) = response.context["messages"]
    assert str(message) == f"Followed up with {member.client}."
    assert "Nothing is promised" in text(response)
    assert "Done" in text(client.get(url("touch_detail", touch.pk)))

    client.post(message.extra_tags.removeprefix("undo:"))
    touch.refresh_from_db()
    assert touch.followed_up_at is None
    client.post(url("follow_up_done", touch.pk))
    assert client.post(url("follow_up_done", touch.pk), follow=True).context["messages"]


@pytest.mark.parametrize("fields", [{"until": "week"}, {"day": "2999-01-01"}])
def test_follow_up_is_put_off_and_taken_back(client, sign_in, member, fields):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)
    before = touch.follow_up_on

    response = client.post(url("follow_up_snooze", touch.pk), fields, follow=True)
    (message,) = response.context["messages"]
    assert str(message).startswith("Put off to ")
    touch.refresh_from_db()
    assert touch.follow_up_on > before

    client.post(message.extra_tags.removeprefix("undo:"))
    touch.refresh_from_db()
    assert touch.follow_up_on == before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Say on which day."),
        ({"until": "never"}, "Select a valid choice. never is not one of the available choices."),
        ({"day": "2020-01-01"}, "Choose a day that has not passed."),
    ],
)
def test_put_off_to_nowhere_is_refused_in_words(client, sign_in, member, fields, words):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)

    response = client.post(url("follow_up_snooze", touch.pk), fields, follow=True)

    assert toasts(response) == [words]


def test_put_off_to_the_same_day_says_nothing(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)

    day = touch.follow_up_on.isoformat()
    response = client.post(url("follow_up_snooze", touch.pk), {"day": day}, follow=True)

    assert toasts(response) == []


def test_undo_after_another_change_says_why_not(client, sign_in, member):
    user = sign_in("member", member)
    touch = InteractionFactory(client=member.client, by=user, promised=True)
    later = timezone.localdate() + dt.timedelta(days=5)
    event = snooze_follow_up(touch=touch, actor=user, until=later)
    snooze_follow_up(touch=touch, actor=user, until=later + dt.timedelta(days=1))

    response = client.post(url("touch_undo", touch.pk, event.pk), follow=True)

    assert "has changed since" in toasts(response)[0]


def test_viewer_reads_follow_ups_and_has_no_buttons(client, sign_in):
    touch = touch_in_group(promised=True)
    sign_in("viewer", touch.client)

    page = text(client.get(url("follow_up_list"), {"who": "all"}))

    assert "Send the offer" in page
    assert url("follow_up_done", touch.pk) not in page


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
