import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups import tasks
from clientgroups.models import Client, ClientGroup, GroupAccess
from clientgroups.selectors.clients import addable_clients
from clientgroups.selectors.rules.preview import preview_rule
from clientgroups.services.groups import (
    add_clients,
    archive_group,
    create_group,
    refresh_group,
    remove_client,
    reopen_membership,
    update_group,
)
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    GroupAccessFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db
LOYAL = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]}
DAY = dt.timedelta(days=1)


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def rows_of(group):
    rows = group.memberships.order_by("pk").values_list("client", "valid_from", "valid_to")
    return list(rows)


# Creating and changing ----------------------------------------------------------------------------


def test_create_group_makes_its_creator_lead_and_works_the_rule_out():
    actor = UserFactory()
    loyal = ClientFactory(owner=actor, stage="loyal")
    ClientFactory(owner=actor)
    ClientFactory(stage="loyal")

    group = create_group(actor=actor, name=" Loyal ", kind="dynamic", rule=LOYAL)

    assert (group.name, group.owner, group.member_count) == ("Loyal", actor, 1)
    assert group.role_of(actor) == "lead"
    assert [row[0] for row in rows_of(group)] == [loyal.pk]
    assert group.refreshed_at is not None
    assert verbs() == ["group.created"]


def test_create_listed_group_has_no_rule():
    group = create_group(actor=UserFactory(), name="Harbour", kind="static", rule=LOYAL)

    assert (group.rule, group.member_count) == (None, 0)


def test_create_group_refuses_a_name_that_exists():
    ClientGroupFactory(name="Harbour")

    with pytest.raises(ValidationError, match="exists already"):
        create_group(actor=UserFactory(), name="Harbour", kind="static")


def test_update_group_with_a_new_rule_moves_members_and_twice_records_once():
    actor = UserFactory()
    loyal = ClientFactory(owner=actor, stage="loyal")
    lapsed = ClientFactory(owner=actor, stage="lapsed")
    group = create_group(actor=actor, name="A", kind="dynamic", rule=LOYAL)
    rule = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "lapsed"}]}

    for _again in range(2):
        update_group(group=group, actor=actor, name="B", rule=rule)

    today = timezone.localdate()
    assert rows_of(group) == [(loyal.pk, today, today), (lapsed.pk, today, None)]
    assert verbs() == ["group.created", "group.updated"]


def test_update_group_refuses_a_rule_for_a_listed_group_and_unknown_fields():
    group = ClientGroupFactory()

    with pytest.raises(ValidationError, match="has no rule"):
        update_group(group=group, actor=group.owner, rule=LOYAL)
    with pytest.raises(TypeError):
        update_group(group=group, actor=group.owner, owner=UserFactory())


def test_rule_over_clients_of_somebody_else_is_kept_by_their_owner():
    group = ClientGroupFactory(dynamic=True, owner=UserFactory(admin=True, name="Lin"))
    lead = GroupAccessFactory(client_group=group, role="lead").user
    clients = [ClientFactory(stage="loyal") for _n in range(3)]
    own = ClientFactory(owner=lead, stage="loyal")
    everybody = {"op": "and", "rules": [{"field": "name", "op": "not_contains", "value": "§"}]}

    preview = preview_rule(rule=everybody, actor=lead, group=group)
    with pytest.raises(
        ValidationError, match="Only the owner of this group, Lin, changes its rule"
    ):
        update_group(group=group, actor=lead, rule=everybody)
    update_group(group=group, actor=lead, name="Ours", rule=LOYAL)

    assert (preview.count, preview.total, preview.sample) == (1, 1, [own])
    group.refresh_from_db()
    assert (group.name, group.rule) == ("Ours", LOYAL)
    assert not Client.objects.visible_to(lead).filter(pk__in=[one.pk for one in clients]).exists()
    assert preview_rule(rule=everybody, actor=group.owner, group=group).count == 4


def test_archive_and_restore_record_once_each():
    group = ClientGroupFactory(dynamic=True)

    for archived in (True, True, False, False):
        group = archive_group(group=group, actor=group.owner, archived=archived)

    assert group.archived_at is None
    assert group.stale_at is not None
    assert verbs() == ["group.archived", "group.restored"]


def test_preview_counts_without_storing():
    actor = UserFactory()
    clients = [ClientFactory(owner=actor, stage="loyal", name=f"C{n:02d}") for n in range(10)]
    ClientFactory(owner=actor)

    preview = preview_rule(rule=LOYAL, actor=actor)

    assert (preview.count, preview.total) == (10, 11)
    assert preview.sample == clients[:8]
    assert not ClientGroup.objects.exists()


def test_preview_of_a_group_is_worked_out_over_its_owners_clients():
    group = ClientGroupFactory(dynamic=True)
    ClientFactory(owner=group.owner, stage="loyal")

    admin = UserFactory(admin=True)
    ClientFactory(owner=admin, stage="loyal")

    assert preview_rule(rule=LOYAL, actor=admin, group=group).count == 1
    assert preview_rule(rule=LOYAL, actor=group.owner, group=group).count == 1


# Following the rule -------------------------------------------------------------------------------


def test_refresh_closes_and_opens_rows_and_twice_changes_nothing():
    group = ClientGroupFactory(dynamic=True)
    client = ClientFactory(owner=group.owner, stage="loyal")
    first, second = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    assert refresh_group(group=group, today=first) == 1
    client.stage = "lapsed"
    client.save()

    for _again in range(2):
        assert refresh_group(group=group, today=second) == 0

    assert rows_of(group) == [(client.pk, first, second)]
    assert group.memberships.on(first).count() == 1
    assert group.memberships.on(second).count() == 0


def test_client_that_returns_on_the_day_it_left_gets_a_second_row():
    group = ClientGroupFactory(dynamic=True)
    client = ClientFactory(owner=group.owner, stage="loyal")
    day = dt.date(2026, 1, 1)

    for stage in ("loyal", "lapsed", "loyal", "lapsed", "loyal"):
        client.stage = stage
        client.save()
        refresh_group(group=group, today=day)

    assert rows_of(group) == [(client.pk, day, day), (client.pk, day, day), (client.pk, day, None)]
    assert group.memberships.current().count() == 1


def test_refresh_waits_for_rows_that_end_or_begin_on_a_later_day_elsewhere():
    group = ClientGroupFactory(dynamic=True)
    returning = ClientFactory(owner=group.owner, stage="loyal")
    leaving = ClientFactory(owner=group.owner)
    day = dt.date(2026, 1, 1)
    MembershipFactory(client_group=group, client=returning, valid_from=day, valid_to=day + DAY)
    MembershipFactory(client_group=group, client=leaving, valid_from=day + DAY)

    refresh_group(group=group, today=day)

    assert sorted(rows_of(group)) == sorted(
        [
            (returning.pk, day, day + DAY),
            (leaving.pk, day + DAY, day + DAY),
            (returning.pk, day + DAY, None),
        ]
    )


def test_refresh_counts_a_listed_group_and_leaves_its_members():
    row = MembershipFactory()

    assert refresh_group(group=row.client_group) == 1
    assert row.client_group.member_count == 1


def test_group_that_asks_for_another_follows_it():
    first = ClientGroupFactory(dynamic=True, name="First")
    rule = {"op": "and", "rules": [{"field": "group", "op": "is", "value": first.pk}]}
    second = ClientGroupFactory(dynamic=True, name="Second", rule=rule, owner=first.owner)
    GroupAccessFactory(client_group=first, user=first.owner, role="lead")
    ClientFactory(owner=first.owner, stage="loyal")
    refresh_group(group=second)

    refresh_group(group=first)
    second.refresh_from_db()
    assert second.stale_at is not None
    tasks.refresh_dynamic_groups()

    second.refresh_from_db()
    assert (second.member_count, second.stale_at) == (1, None)


# Members by hand ----------------------------------------------------------------------------------


def test_add_clients_twice_adds_once_and_only_what_the_person_may_change():
    group, foreign = ClientGroupFactory(), ClientFactory()
    own = ClientFactory(owner=group.owner)

    added = [
        add_clients(group=group, clients=[own, foreign], actor=group.owner, because=" Signed ")
        for _again in range(2)
    ]

    assert added == [1, 0]
    row = group.memberships.get()
    assert (row.client, row.why, row.why_ended) == (own, "Signed", "")
    group.refresh_from_db()
    assert group.member_count == 1
    assert verbs() == ["group.clients_added"]


@pytest.mark.parametrize("away", ["archived", "merged"])
def test_client_that_was_put_away_joins_no_group(away):
    group, kept = ClientGroupFactory(), ClientFactory()
    merged_into = kept if away == "merged" else None
    gone = ClientFactory(owner=group.owner, archived_at=timezone.now(), merged_into=merged_into)

    assert add_clients(group=group, clients=[gone], actor=group.owner) == 0
    assert not group.memberships.exists()


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_client_of_a_group_one_does_not_lead_cannot_be_taken_into_an_own_group(role):
    seen, group = MembershipFactory(), ClientGroupFactory()
    GroupAccessFactory(client_group=seen.client_group, user=group.owner, role=role)

    added = add_clients(group=group, clients=[seen.client], actor=group.owner)

    assert added == 0
    assert seen.client not in Client.objects.editable_by(group.owner)
    assert seen.client not in addable_clients(group, group.owner)
    GroupAccess.objects.filter(user=group.owner).update(role="lead")
    assert seen.client in addable_clients(group, group.owner)
    assert add_clients(group=group, clients=[seen.client], actor=group.owner) == 1


def test_removed_client_leaves_today_and_may_return_the_same_day():
    group = ClientGroupFactory()
    client = ClientFactory(owner=group.owner)
    actor, today = group.owner, timezone.localdate()
    add_clients(group=group, clients=[client], actor=actor)

    row = remove_client(group=group, client=client, actor=actor)
    assert remove_client(group=group, client=client, actor=actor) is None
    add_clients(group=group, clients=[client], actor=actor)

    assert (row.valid_to, row.why_ended, row.why) == (today, "Taken out by hand", "Added by hand")
    assert rows_of(group) == [(client.pk, today, today), (client.pk, today, None)]
    group.refresh_from_db()
    assert group.member_count == 1


def test_reopened_membership_looks_as_if_it_had_never_ended():
    row = MembershipFactory(valid_from=dt.date(2026, 1, 1))
    group, actor = row.client_group, row.client_group.owner
    remove_client(group=group, client=row.client, actor=actor, because="Sold")

    for _again in range(2):
        row = reopen_membership(membership=row, actor=actor)

    assert (row.valid_to, row.ended_because) == (None, "")
    assert verbs() == ["group.client_removed", "group.client_restored"]


def test_reopening_beside_an_open_row_is_refused():
    row = MembershipFactory(valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 2, 1))
    MembershipFactory(
        client_group=row.client_group, client=row.client, valid_from=dt.date(2026, 3, 1)
    )

    with pytest.raises(ValidationError, match="already in the group"):
        reopen_membership(membership=row, actor=UserFactory(role="admin"))


def test_members_of_a_rule_group_are_not_changed_by_hand():
    row = MembershipFactory(client_group=ClientGroupFactory(dynamic=True))
    group, actor = row.client_group, row.client_group.owner

    for call in (
        lambda: add_clients(group=group, clients=[row.client], actor=actor),
        lambda: remove_client(group=group, client=row.client, actor=actor),
        lambda: reopen_membership(membership=row, actor=actor),
    ):
        with pytest.raises(ValidationError, match="follow its rule"):
            call()


def test_rule_membership_says_so():
    group = ClientGroupFactory(dynamic=True)
    row = MembershipFactory(client_group=group, valid_to=timezone.localdate())

    assert (row.why, row.why_ended) == ("Matched the rule", "No longer matched the rule")
    assert str(row) == f"{row.client} · {group}"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"valid_from": dt.date(2026, 3, 1)}, "membership_no_overlap"),
        ({"valid_to": dt.date(2025, 1, 1)}, "membership_ends_after_start"),
    ],
)
def test_database_refuses_impossible_memberships(fields, name):
    row = MembershipFactory(valid_from=dt.date(2026, 1, 1))
    other = {"client_group": row.client_group, "client": row.client}
    other |= {} if "valid_from" in fields else {"client": ClientFactory()}

    with pytest.raises(IntegrityError, match=name):
        MembershipFactory(**(other | fields))


def test_database_refuses_a_listed_group_with_a_rule_and_a_second_role():
    access = GroupAccessFactory()
    with pytest.raises(IntegrityError, match="rule_only_when_dynamic"), transaction.atomic():
        ClientGroupFactory(rule=LOYAL)
    with pytest.raises(IntegrityError, match="groupaccess_once"):
        GroupAccessFactory(client_group=access.client_group, user=access.user)
