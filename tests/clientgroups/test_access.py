import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEvent
from clientgroups.services.access import (
    grant_group_access,
    revoke_group_access,
    undo_group_access,
)
from notifications.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    GroupAccessFactory,
)

pytestmark = pytest.mark.django_db
LOYAL = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]}
DAY = dt.timedelta(days=1)


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def rows_of(group):
    rows = group.memberships.order_by("pk").values_list("client", "valid_from", "valid_to")
    return list(rows)


# Roles --------------------------------------------------------------------------------------------


@pytest.fixture
def led():
    """A group with one lead."""
    return GroupAccessFactory(role="lead")


def test_granted_role_is_told_once_in_the_persons_language(led):
    user = UserFactory(chinese=True)
    call = {"group": led.client_group, "user": user, "role": "member", "actor": led.user}

    assert grant_group_access(**call) is not None
    assert grant_group_access(**call) is None

    assert led.client_group.access.get(user=user).role == "member"
    message = Message.objects.get()
    assert (message.recipient, message.language) == (user, "zh-hans")
    assert verbs() == ["group.access_changed"]


def test_own_role_is_changed_without_a_message(led):
    GroupAccessFactory(client_group=led.client_group, role="lead")

    grant_group_access(group=led.client_group, user=led.user, role="viewer", actor=led.user)

    assert not Message.objects.exists()


def test_last_lead_keeps_the_role(led):
    group = led.client_group
    inactive = UserFactory(is_active=False)
    GroupAccessFactory(client_group=group, user=inactive, role="lead")

    with pytest.raises(ValidationError, match="needs a lead"):
        grant_group_access(group=group, user=led.user, role="member", actor=led.user)
    with pytest.raises(ValidationError, match="needs a lead"):
        revoke_group_access(group=group, user=led.user, actor=led.user)
    with pytest.raises(ValidationError, match="no longer signs in"):
        grant_group_access(group=group, user=inactive, role="member", actor=led.user)


def test_revoked_role_is_gone_and_twice_records_once(led):
    access = GroupAccessFactory(client_group=led.client_group)
    call = {"group": led.client_group, "user": access.user, "actor": led.user}

    assert revoke_group_access(**call) is not None
    assert revoke_group_access(**call) is None

    assert led.client_group.access.get() == led
    assert verbs() == ["group.access_changed"]


def test_undo_of_access_brings_each_former_role_back(led):
    group, user = led.client_group, UserFactory()
    given = grant_group_access(group=group, user=user, role="viewer", actor=led.user)
    raised = grant_group_access(group=group, user=user, role="member", actor=led.user)

    with pytest.raises(ValidationError, match="has changed since"):
        undo_group_access(group=group, event=given, actor=led.user)
    for _again in range(2):
        undo_group_access(group=group, event=raised, actor=led.user)
    assert group.access.get(user=user).role == "viewer"
    undo_group_access(group=group, event=given, actor=led.user)

    assert not group.access.filter(user=user).exists()
    assert str(led) == f"{led.user} · Lead"
