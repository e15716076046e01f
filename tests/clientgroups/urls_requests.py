import uuid

from clientgroups.services.requests import change_request
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import MembershipFactory
from tests.factories.requests import (
    CannedAnswerFactory,
    RequestMessageFactory,
    ServiceRequestFactory,
    grouped_request,
)
from tests.url_table import MANAGE, PUBLIC, SIGNED_IN, VIEW, WORK, Url


def grouped_client():
    return MembershipFactory().client


def token(row):
    return {"token": row.token}


def changed(row):
    """A request and the newest change of it."""
    actor = UserFactory()
    return {"pk": row.pk, "event": change_request(request=row, actor=actor, priority="high").pk}


def canned(_nothing):
    return {"pk": CannedAnswerFactory().pk}


def resolved():
    return grouped_request(resolved=True)


def talk(row):
    return [RequestMessageFactory(request=row), RequestMessageFactory(request=row, internal=True)]


def fresh(**data):
    return lambda _row: data | {"submission_key": uuid.uuid4()}


ROWS = [
    Url("clientgroups:request_list", SIGNED_IN, grow=ServiceRequestFactory),
    Url("clientgroups:request_choose_client", SIGNED_IN),
    Url("clientgroups:request_figures", SIGNED_IN, grow=ServiceRequestFactory),
    Url("clientgroups:client_request_create", WORK, make=grouped_client),
    Url("clientgroups:client_request_create", WORK, make=grouped_client, post={}, note="post"),
    Url("clientgroups:request_detail", VIEW, make=grouped_request, grow=talk),
    Url("clientgroups:request_edit", WORK, make=grouped_request),
    Url("clientgroups:request_edit", WORK, make=grouped_request, post={}, note="post"),
    Url(
        "clientgroups:request_change",
        WORK,
        make=grouped_request,
        post={"field": "priority", "priority": "high"},
    ),
    Url("clientgroups:request_move", WORK, make=grouped_request, post={"status": "open"}),
    Url("clientgroups:request_resolve", WORK, make=grouped_request),
    Url(
        "clientgroups:request_resolve",
        WORK,
        make=grouped_request,
        post={"outcome": "Sent."},
        note="post",
    ),
    Url(
        "clientgroups:request_write",
        WORK,
        make=grouped_request,
        post=fresh(to="client", text="It is on its way."),
    ),
    Url("clientgroups:request_undo", WORK, make=grouped_request, kwargs=changed, post={}),
    Url("clientgroups:canned_list", MANAGE, grow=CannedAnswerFactory),
    Url("clientgroups:canned_create", MANAGE),
    Url("clientgroups:canned_create", MANAGE, post={}, note="post"),
    Url("clientgroups:canned_edit", MANAGE, kwargs=canned),
    Url("clientgroups:canned_edit", MANAGE, kwargs=canned, post={}, note="post"),
    Url("clientgroups:canned_archive", MANAGE, kwargs=canned, post={}),
    Url("clientgroups:request_public", PUBLIC, make=grouped_request, kwargs=token),
    Url(
        "clientgroups:request_public",
        PUBLIC,
        make=grouped_request,
        kwargs=token,
        post=fresh(text="Any news?"),
        note="post",
    ),
    Url(
        "clientgroups:request_rate",
        PUBLIC,
        make=resolved,
        kwargs=token,
        post={"rating": "5"},
    ),
]
