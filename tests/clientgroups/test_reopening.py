"""Who may put a client back into a listed group."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Client
from clientgroups.services.groups import remove_client, reopen_membership
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import GroupAccessFactory, MembershipFactory

pytestmark = pytest.mark.django_db


def former(**fields):
    return MembershipFactory(valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 2, 1), **fields)


@pytest.mark.parametrize("role", [None, "viewer", "member"])
def test_lead_takes_back_no_client_whom_they_may_not_change(role):
    row = former()
    actor = row.client_group.owner
    if role:
        other = MembershipFactory(client=row.client).client_group
        GroupAccessFactory(client_group=other, user=actor, role=role)

    with pytest.raises(ValidationError, match="You may not change"):
        reopen_membership(membership=row, actor=actor)

    assert row.client_group.memberships.current().count() == 0


@pytest.mark.parametrize("who", ["administrator", "owner of the client", "lead of another group"])
def test_who_may_change_the_client_takes_it_back(who):
    row = former()
    actor = row.client_group.owner
    if who == "administrator":
        actor = UserFactory(role="admin")
    elif who == "owner of the client":
        Client.objects.update(owner=actor)
    else:
        other = MembershipFactory(client=row.client).client_group
        GroupAccessFactory(client_group=other, user=actor, role="lead")

    assert reopen_membership(membership=row, actor=actor).valid_to is None


def test_lead_takes_back_what_they_ended_today_and_nothing_else():
    row = MembershipFactory(valid_from=dt.date(2026, 1, 1))
    group, actor = row.client_group, row.client_group.owner
    remove_client(group=group, client=row.client, actor=actor)
    assert reopen_membership(membership=row, actor=actor).valid_to is None

    remove_client(group=group, client=row.client, actor=UserFactory(role="admin"))
    with pytest.raises(ValidationError, match="You may not change"):
        reopen_membership(membership=row, actor=actor)


def test_lead_does_not_take_back_what_they_ended_on_another_day():
    row = MembershipFactory(valid_from=dt.date(2026, 1, 1))
    group, actor = row.client_group, row.client_group.owner
    remove_client(group=group, client=row.client, actor=actor)
    AuditEvent.objects.update(at=timezone.now() - dt.timedelta(days=2))

    with pytest.raises(ValidationError, match="You may not change"):
        reopen_membership(membership=row, actor=actor)
