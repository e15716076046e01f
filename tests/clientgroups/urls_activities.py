from tests.factories.activities import ActivityFactory, ActivityInvitationFactory, person_in
from tests.factories.clientgroups import ClientGroupFactory
from tests.url_table import LEAD, PUBLIC, SIGNED_IN, VIEW, WORK, Url


def token(activity):
    return {"token": activity.invitations.get().token}


def seated():
    return ActivityInvitationFactory(answer="accepted").activity


def asked_by_phone():
    return ActivityInvitationFactory(activity__channel="phone").activity


def with_people():
    activity = ActivityFactory()
    person_in(activity.client_group)
    return activity


def one_more(activity):
    ActivityInvitationFactory(activity=activity)


ROWS = [
    Url("clientgroups:activity_list", SIGNED_IN, grow=lambda: ActivityInvitationFactory()),
    Url("clientgroups:activity_create", SIGNED_IN),
    Url("clientgroups:activity_detail", VIEW, make=ActivityFactory, grow=one_more),
    Url("clientgroups:activity_edit", LEAD, make=ActivityFactory),
    Url("clientgroups:activity_delete", LEAD, make=ActivityFactory),
    Url("clientgroups:activity_audience", LEAD, make=ActivityFactory),
    Url("clientgroups:activity_audience", LEAD, make=with_people, post={}, note="sent"),
    Url("clientgroups:activity_remind", LEAD, make=ActivityFactory, post={}),
    Url("clientgroups:activity_cancel", LEAD, make=ActivityFactory),
    Url("clientgroups:activity_close", LEAD, make=ActivityFactory, post={}),
    Url("clientgroups:activity_people", LEAD, make=ActivityFactory),
    Url(
        "clientgroups:activity_mark",
        WORK,
        make=asked_by_phone,
        post=lambda row: {"mark": "unasked", "row": [row.invitations.get().pk]},
    ),
    Url("clientgroups:group_activities", VIEW, make=ClientGroupFactory),
    Url("clientgroups:group_shape", VIEW, make=ClientGroupFactory),
    Url("clientgroups:group_requests", VIEW, make=ClientGroupFactory),
    Url("clientgroups:group_people", VIEW, make=ClientGroupFactory),
    Url("clientgroups:activity_answer", PUBLIC, make=seated, kwargs=token),
    Url("clientgroups:activity_stop", PUBLIC, make=seated, kwargs=token),
    Url("clientgroups:activity_calendar", PUBLIC, make=seated, kwargs=token),
]
