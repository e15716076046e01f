from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.services.access import grant_group_access
from clientgroups.services.lifecycle import fix_stage
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)
from tests.url_table import LEAD, MANAGE, SIGNED_IN, VIEW, Url


def member():
    """A client who is in one listed group."""
    return MembershipFactory().client


def contact():
    return ContactFactory(client=member())


def ended():
    row = MembershipFactory()
    row.valid_to = row.valid_from
    row.save()
    return row


def shared():
    """A role of somebody in a group that has another lead, so that it may be taken away."""
    access = GroupAccessFactory()
    GroupAccessFactory(client_group=access.client_group, role="lead")
    return access


def rule_group():
    """A client in a group by rule."""
    group = ClientGroupFactory(dynamic=True)
    return MembershipFactory(client_group=group).client


def of_group(row):
    return {"pk": row.client_group_id, "member": row.pk}


def changed_access():
    group = ClientGroupFactory()
    user = UserFactory()
    grant_group_access(group=group, user=user, role="viewer", actor=group.owner)
    return group


def fixed():
    client = member()
    today = timezone.localdate()
    fix_stage(client=client, stage="loyal", reason="Signed", until=today, actor=client.owner)
    return client


def with_event(row):
    return {"pk": row.pk, "event": AuditEvent.objects.latest("pk").pk}


ROWS = [
    Url("clientgroups:group_list", SIGNED_IN, grow=ClientGroupFactory),
    Url("clientgroups:group_create", MANAGE),
    Url("clientgroups:group_detail", VIEW, make=ClientGroupFactory),
    Url("clientgroups:group_edit", LEAD, make=ClientGroupFactory),
    Url("clientgroups:group_refresh", LEAD, make=ClientGroupFactory, post={}),
    Url("clientgroups:group_archive", LEAD, make=ClientGroupFactory, post={}),
    Url("clientgroups:group_restore", LEAD, make=ClientGroupFactory, post={}),
    Url("clientgroups:group_members", VIEW, make=ClientGroupFactory),
    Url("clientgroups:group_add_clients", LEAD, make=ClientGroupFactory),
    Url("clientgroups:group_remove_client", LEAD, make=MembershipFactory, kwargs=of_group, post={}),
    Url("clientgroups:group_reopen", LEAD, make=ended, kwargs=of_group, post={}),
    Url("clientgroups:group_access", LEAD, make=ClientGroupFactory),
    Url(
        "clientgroups:group_access_revoke",
        LEAD,
        make=shared,
        kwargs=lambda row: {"pk": row.client_group_id, "access": row.pk},
        post={},
    ),
    Url("clientgroups:group_access_undo", LEAD, make=changed_access, kwargs=with_event, post={}),
    Url("clientgroups:client_list", SIGNED_IN, grow=ClientFactory),
    Url("clientgroups:client_create", MANAGE),
    Url("clientgroups:client_detail", VIEW, make=member),
    Url("clientgroups:client_edit", LEAD, make=member),
    Url("clientgroups:client_purchases", VIEW, make=member),
    Url("clientgroups:client_stage", LEAD, make=member),
    Url("clientgroups:client_follow", LEAD, make=member, post={}),
    Url("clientgroups:client_stage_undo", LEAD, make=fixed, kwargs=with_event, post={}),
    Url(
        "clientgroups:client_why",
        VIEW,
        make=rule_group,
        kwargs=lambda client: {
            "pk": client.pk,
            "group": client.memberships.get().client_group_id,
        },
    ),
    Url("clientgroups:contact_create", LEAD, make=member),
    Url(
        "clientgroups:contact_edit",
        LEAD,
        make=contact,
        kwargs=lambda row: {"pk": row.client_id, "contact": row.pk},
    ),
]
