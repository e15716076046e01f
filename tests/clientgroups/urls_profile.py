from accounts.models import AuditEvent
from clientgroups.services.clients import archive_client
from clientgroups.services.clients_bulk import tag_clients
from clientgroups.services.duplicates import dismiss_pair
from clientgroups.services.merges import merge_clients
from tests.clientgroups.urls_members import contact, member
from tests.factories.clientgroups import ClientFactory, MembershipFactory
from tests.url_table import LEAD, SIGNED_IN, VIEW, Url, expect

# An administrator's page of one row: others see the row and are refused, or do not see it.
ADMIN_OF_ROW = expect(404, 403, 403, 403, 404)
# Somebody else's bulk action is nobody's business, administrators included.
NOBODY = expect(404, 404, 404, 404, 404, admin=404)


def pair():
    """Two clients of one group."""
    first = MembershipFactory()
    MembershipFactory(client_group=first.client_group)
    return first.client


def other_of(client):
    group = client.memberships.get().client_group
    return group.memberships.exclude(client=client).get().client


def with_other(client):
    return {"pk": client.pk, "other": other_of(client).pk}


def told_apart():
    client = pair()
    dismiss_pair(first=client, second=other_of(client), actor=client.owner)
    return client


def merged():
    client = member()
    merge_clients(kept=client, gone=ClientFactory(), actor=client.owner)
    return client


def archived():
    client = member()
    actor = client.owner
    archive_client(client=ClientFactory(owner=actor), actor=actor)
    return client


def tagged():
    client = member()
    tag_clients(actor=client.owner, clients=[client.pk], name="vip")
    return client


def grow():
    """A pair of look-alikes."""
    name = f"Larkfield {ClientFactory.name.function(ClientFactory._meta.next_sequence())}"
    ClientFactory(name=name)
    ClientFactory(name=f"{name} GmbH")


ROWS = [
    Url("clientgroups:client_find", SIGNED_IN, query="?q=client", grow=ClientFactory),
    Url("clientgroups:tag_find", SIGNED_IN),
    Url("clientgroups:client_bulk", SIGNED_IN, post={}),
    Url(
        "clientgroups:client_bulk_undo",
        NOBODY,
        make=tagged,
        kwargs=lambda row: {"event": AuditEvent.objects.filter(verb="clients.tagged").last().pk},
        post={},
    ),
    Url("clientgroups:client_archive", LEAD, make=member, post={}),
    Url("clientgroups:client_restore", LEAD, make=archived, post={}),
    Url(
        "clientgroups:contact_detail",
        VIEW,
        make=contact,
        kwargs=lambda row: {"pk": row.client_id, "contact": row.pk},
    ),
    Url("clientgroups:duplicate_list", SIGNED_IN, grow=grow),
    Url("clientgroups:client_duplicates", LEAD, make=member),
    Url("clientgroups:client_alike", LEAD, make=member),
    Url("clientgroups:client_merge", LEAD, make=pair, kwargs=with_other),
    Url("clientgroups:duplicate_dismiss", LEAD, make=pair, kwargs=with_other, post={}),
    Url("clientgroups:duplicate_recall", LEAD, make=told_apart, kwargs=with_other, post={}),
    Url(
        "clientgroups:client_merge_undo",
        LEAD,
        make=merged,
        kwargs=lambda row: {"pk": row.pk, "merge": row.merges.get().pk},
        post={},
    ),
    Url("clientgroups:client_download", LEAD, make=member, post={}),
    Url("clientgroups:client_erase", ADMIN_OF_ROW, make=member),
]
