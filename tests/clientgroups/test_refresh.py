import datetime as dt

import pytest
from django.utils import timezone

from clientgroups.models import Client, ClientGroup, ClientMark
from clientgroups.services import marks, refresh
from clientgroups.services.access import grant_group_access, revoke_group_access
from clientgroups.services.groups import add_clients, remove_client
from clientgroups.services.marks import mark_clients_dirty
from clientgroups.services.refresh import (
    refresh_clients,
    refresh_group,
    sweep_groups,
)
from feedback.scoring import mark_responses
from feedback.services.responses import remove_response
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    GroupAccessFactory,
    MembershipFactory,
)
from tests.factories.feedback import ResponseFactory

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def rule(field, op="is", value=None, **more):
    leaf = {"field": field, "op": op} | ({} if value is None else {"value": value}) | more
    return {"op": "and", "rules": [leaf]}


def members(group):
    return set(group.memberships.current().values_list("client", flat=True))


@pytest.fixture
def admin():
    return UserFactory(admin=True)


def fresh(**fields):
    return ClientGroupFactory(dynamic=True, refreshed_at=timezone.now(), **fields)


# Clients that changed -----------------------------------------------------------------------------


def test_marked_client_moves_and_an_unmarked_one_waits_for_the_hour(admin):
    group = fresh(owner=admin)
    marked, unmarked, other = (ClientFactory(stage="loyal") for _n in range(3))
    mark_clients_dirty([marked.pk, marked.pk])

    assert sweep_groups() == 1
    assert members(group) == {marked.pk}
    assert not ClientMark.objects.exists()
    assert sweep_groups() == 0
    ClientGroup.objects.update(refreshed_at=timezone.now() - HOUR)
    sweep_groups()

    assert members(group) == {marked.pk, unmarked.pk, other.pk}


def test_marked_client_that_no_longer_matches_leaves(admin):
    group = fresh(owner=admin)
    client, other = (
        MembershipFactory(client_group=group).client,
        MembershipFactory(client_group=group),
    )
    mark_clients_dirty(Client.objects.filter(pk=client.pk))

    sweep_groups()

    group.refresh_from_db()
    assert members(group) == {other.client_id}
    assert (group.member_count, group.joined_count, group.left_count) == (1, 0, 1)


def test_changes_for_few_clients_and_for_all_end_the_same(admin):
    clients = [ClientFactory(stage="loyal" if n % 2 else "lapsed") for n in range(6)]
    groups = [fresh(owner=admin, rule=rule("stage", value=name)) for name in ("loyal", "lapsed")]
    for group in groups:
        refresh_group(group=group)
    Client.objects.filter(pk__in=[c.pk for c in clients[:3]]).update(stage="lapsed")

    mark_clients_dirty([client.pk for client in clients[:3]])
    sweep_groups()
    few = [members(group) for group in groups]
    for group in groups:
        refresh_group(group=group)

    assert few == [members(group) for group in groups]
    assert few[1] == {c.pk for c in clients[:3]} | {clients[4].pk}


def test_role_that_is_given_or_taken_has_the_rules_of_the_person_run_again():
    owner, client = UserFactory(), ClientFactory(stage="loyal")
    listed = MembershipFactory(client=client).client_group
    group, other = fresh(owner=owner), fresh()
    grant_group_access(group=listed, user=owner, role="lead", actor=listed.owner)

    assert sweep_groups() == 1
    assert members(group) == {client.pk}
    GroupAccessFactory(client_group=listed, role="lead")
    revoke_group_access(group=listed, user=owner, actor=listed.owner)
    assert sweep_groups() == 1

    assert members(group) == members(other) == set()


def test_answer_and_its_removal_have_the_rules_run_for_its_client(admin):
    group = fresh(owner=admin, rule=rule("csat", "gte", "4"))
    response = ResponseFactory(scores={"csat": 5})
    mark_responses([response.pk])
    sweep_groups()
    assert members(group) == {response.client_id}

    remove_response(response=response, actor=admin)
    sweep_groups()

    assert members(group) == set()


def test_nobody_and_strangers_are_not_marked():
    assert mark_clients_dirty([]) == 0
    assert mark_clients_dirty([10**9]) == 0
    assert not ClientMark.objects.exists()


def test_marks_of_many_clients_ask_for_everything(admin, monkeypatch):
    monkeypatch.setattr(marks, "MOST_MARKS", 2)
    monkeypatch.setattr(refresh, "MOST_MARKS", 2)
    group = fresh(owner=admin)
    clients = [ClientFactory(stage="loyal") for _n in range(4)]

    assert mark_clients_dirty([client.pk for client in clients]) == 3
    group.refresh_from_db()
    assert group.stale_at is not None
    sweep_groups()

    assert members(group) == {client.pk for client in clients}
    assert not ClientMark.objects.exists()


def test_many_small_marks_ask_for_everything_in_the_sweep(admin, monkeypatch):
    monkeypatch.setattr(refresh, "MOST_MARKS", 1)
    group = fresh(owner=admin)
    clients = [ClientFactory(stage="loyal") for _n in range(3)]
    mark_clients_dirty([clients[0].pk])
    mark_clients_dirty([clients[1].pk])

    sweep_groups()

    assert members(group) == {client.pk for client in clients}


def test_listed_group_takes_no_part_in_changes_by_rule():
    row = MembershipFactory()

    assert not refresh_clients(group=row.client_group, client_ids=[row.client_id])
    assert members(row.client_group) == {row.client_id}


# Groups that ask for groups -----------------------------------------------------------------------


def chain(admin):
    """Three groups, each of which asks for the one made after it."""
    listed = ClientGroupFactory(owner=admin)
    second = fresh(owner=admin, name="B", rule=rule("group", value=listed.pk))
    first = fresh(owner=admin, name="A", rule=rule("group", "one_of", [second.pk]))
    return listed, second, first


def test_one_sweep_follows_a_client_through_groups_that_ask_for_each_other(admin):
    listed, second, first = chain(admin)
    client = ClientFactory()
    add_clients(group=listed, clients=[client], actor=admin)

    sweep_groups()
    assert members(first) == members(second) == {client.pk}
    remove_client(group=listed, client=client, actor=admin)
    sweep_groups()

    assert members(first) == members(second) == set()


def test_one_sweep_works_stale_groups_out_in_the_order_of_their_rules(admin):
    listed, second, first = chain(admin)
    MembershipFactory(client_group=listed)
    ClientGroup.objects.filter(pk=second.pk).update(stale_at=timezone.now())

    assert sweep_groups() == 2

    assert len(members(first)) == 1
    first.refresh_from_db()
    assert (first.joined_count, first.stale_at) == (1, None)
