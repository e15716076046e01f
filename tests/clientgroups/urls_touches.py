"""URL rows of touches, follow-ups, touch plans, the timeline and health."""

from clientgroups.services.follow_ups import finish_follow_up
from clientgroups.services.touch_plans import delete_plan
from tests.factories.clientgroups import ClientGroupFactory, MembershipFactory
from tests.factories.touches import (
    ClientSilenceFactory,
    InteractionFactory,
    TouchPlanFactory,
    touch_in_group,
)
from tests.url_table import LEAD, SIGNED_IN, VIEW, WORK, Url

TOUCH = {"kind": "call", "summary": "Asked how it goes"}
# Their author may change them, and whoever leads a group of the client.
OWN_OR_LEAD = LEAD


def client_in_group():
    return MembershipFactory().client


def touch():
    return touch_in_group()


def promised():
    return touch_in_group(promised=True)


def done():
    row = promised()
    row.event = finish_follow_up(touch=row, actor=row.by)
    return row


def plan_of(plan):
    return {"pk": plan.client_group_id, "plan": plan.pk}


def deleted_plan():
    plan = TouchPlanFactory()
    group = plan.client_group
    group.event = delete_plan(plan=plan, actor=group.owner)
    return group


def due():
    plan = TouchPlanFactory()
    MembershipFactory(client_group=plan.client_group, valid_from="2024-01-01")


def talk(client):
    return InteractionFactory(client=client)


ROWS = [
    Url("clientgroups:touch_list", SIGNED_IN, grow=due),
    Url("clientgroups:touch_list", SIGNED_IN, query="?show=all&stage=loyal&owner=1&group=1"),
    Url("clientgroups:touch_create", SIGNED_IN),
    Url("clientgroups:touch_create", SIGNED_IN, query="?q=a"),
    Url("clientgroups:silent_list", SIGNED_IN, grow=ClientSilenceFactory),
    Url("clientgroups:follow_up_list", SIGNED_IN),
    Url(
        "clientgroups:follow_up_list",
        SIGNED_IN,
        query="?who=all",
        grow=lambda: InteractionFactory(promised=True),
    ),
    Url("clientgroups:touch_detail", VIEW, make=touch),
    Url("clientgroups:touch_edit", OWN_OR_LEAD, make=touch),
    Url("clientgroups:touch_edit", OWN_OR_LEAD, make=touch, post=TOUCH, note="save"),
    Url("clientgroups:touch_delete", OWN_OR_LEAD, make=touch, post={}),
    Url(
        "clientgroups:touch_undo",
        WORK,
        make=done,
        kwargs=lambda row: {"pk": row.pk, "event": row.event.pk},
        post={},
    ),
    Url("clientgroups:follow_up_done", WORK, make=promised, post={}),
    Url("clientgroups:follow_up_snooze", WORK, make=promised, post={"until": "week"}),
    Url("clientgroups:client_log", WORK, make=client_in_group),
    Url("clientgroups:client_log", WORK, make=client_in_group, post=TOUCH, note="save"),
    Url("clientgroups:client_timeline", VIEW, make=client_in_group, grow=talk),
    Url("clientgroups:client_health", VIEW, make=client_in_group),
    Url("clientgroups:group_touches", VIEW, make=ClientGroupFactory),
    Url("clientgroups:plan_list", VIEW, make=ClientGroupFactory),
    Url("clientgroups:plan_create", LEAD, make=ClientGroupFactory),
    Url(
        "clientgroups:plan_create",
        LEAD,
        make=ClientGroupFactory,
        post={"every_days": "30", "begins_on": "2026-01-01"},
        note="save",
    ),
    Url("clientgroups:plan_edit", LEAD, make=TouchPlanFactory, kwargs=plan_of),
    Url("clientgroups:plan_delete", LEAD, make=TouchPlanFactory, kwargs=plan_of, post={}),
    Url(
        "clientgroups:plan_undo",
        LEAD,
        make=deleted_plan,
        kwargs=lambda group: {"pk": group.pk, "event": group.event.pk},
        post={},
    ),
]
