import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from clientgroups.models import Client, TouchPlan
from clientgroups.selectors.touches import (
    ALL,
    COMING,
    DueTouches,
    Wanted,
    group_panel,
    loggable,
    overdue_count,
)
from clientgroups.services import touch_plans as services
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    ContactFactory,
    GroupAccessFactory,
    MembershipFactory,
)
from tests.factories.touches import TouchPlanFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)


def ago(days):
    return TODAY - dt.timedelta(days=days)


def member(plan, *, last=None, since=400, **fields):
    client = ClientFactory(last_touch_on=ago(last) if last is not None else None, **fields)
    MembershipFactory(client_group=plan.client_group, client=client, valid_from=ago(since))
    return client


@pytest.fixture
def admin():
    return UserFactory(admin=True)


def due(user, **wanted):
    rows = DueTouches(user, TODAY, Wanted(**wanted))
    found = rows[0:50]
    assert len(found) == rows.count() == len(rows)
    return {row.client: row.late for row in found}


def test_group_that_one_does_not_see_chooses_nobody(admin):
    person = UserFactory()
    client = member(TouchPlanFactory(every_days=30), last=100)
    Client.objects.update(owner=person)
    hidden = client.memberships.get().client_group

    assert due(person, group=hidden.pk) == {}
    assert due(admin, group=hidden.pk).keys() == {client}
    GroupAccessFactory(client_group=hidden, user=person, role="viewer")
    assert due(person, group=hidden.pk).keys() == {client}


# When a client is due -----------------------------------------------------------------------------


@pytest.mark.parametrize(("last", "late"), [(31, 1), (30, None), (0, None), (130, 100)])
def test_client_is_late_after_the_days_of_the_plan(admin, last, late):
    client = member(TouchPlanFactory(every_days=30), last=last)

    assert due(admin) == ({client: late} if late else {})


def test_client_nobody_touched_is_waited_for_from_joining(admin):
    client = member(TouchPlanFactory(every_days=30), since=50)

    assert due(admin) == {client: 20}


def test_nobody_is_late_before_the_plan_began(admin):
    client = member(TouchPlanFactory(every_days=30, begins_on=ago(3)), last=200)

    assert due(admin) == {client: 3}


def test_plan_of_the_stage_stands_before_the_one_for_every_stage(admin):
    every = TouchPlanFactory(every_days=10)
    TouchPlanFactory(client_group=every.client_group, every_days=90, stage="loyal")
    TouchPlanFactory(client_group=every.client_group, every_days=5, stage="lapsed")
    loyal = member(every, last=60, stage="loyal")
    existing = member(every, last=60, stage="existing")

    assert due(admin) == {existing: 50}
    assert due(admin, show=ALL) == {existing: 50, loyal: 0}


def test_of_several_groups_the_strictest_counts_once(admin):
    strict, mild = TouchPlanFactory(every_days=20), TouchPlanFactory(every_days=60)
    client = member(strict, last=50)
    MembershipFactory(client_group=mild.client_group, client=client, valid_from=ago(400))

    (row,) = DueTouches(admin, TODAY, Wanted(show=ALL))[0:9]

    assert (row.client, row.plan, row.late) == (client, strict, 30)


def test_former_members_archived_clients_and_archived_groups_wait_for_nobody(admin):
    plan = TouchPlanFactory()
    former = member(plan, last=90)
    former.memberships.update(valid_to=TODAY)
    member(plan, last=90, archived_at=timezone.now())
    member(TouchPlanFactory(client_group__archived_at=timezone.now()), last=90)

    assert due(admin, show=ALL) == {}


# Whose --------------------------------------------------------------------------------------------


def test_person_sees_own_clients_and_does_not_learn_of_foreign_groups():
    plan, person = TouchPlanFactory(), UserFactory()
    own = member(plan, last=90, owner=person)
    member(plan, last=90)

    (row,) = DueTouches(person, TODAY, Wanted())[0:9]

    assert (row.client, row.group, row.may_log) == (own, None, True)


def test_viewer_sees_the_list_and_cannot_log():
    plan, person = TouchPlanFactory(), UserFactory()
    client = member(plan, last=90)
    grant(person, "viewer", plan.client_group)

    (row,) = DueTouches(person, TODAY, Wanted())[0:9]

    assert (row.client, row.group, row.may_log) == (client, plan.client_group, False)
    assert overdue_count(person, TODAY) == 1


def test_loggable_are_own_clients_and_those_one_works_for():
    person = UserFactory()
    members = {role: MembershipFactory() for role in ("viewer", "member", "lead")}
    for role, row in members.items():
        grant(person, role, row.client_group)
    own = ClientFactory(owner=person)
    keys = [own.pk, *(row.client_id for row in members.values())]

    assert loggable(person, keys) == {
        own.pk, members["member"].client_id, members["lead"].client_id
    }  # fmt: skip
    assert loggable(UserFactory(admin=True), keys) == set(keys)


# Filters ------------------------------------------------------------------------------------------


def test_filters_narrow_by_group_owner_stage_and_time(admin):
    plan = TouchPlanFactory(every_days=30)
    late = member(plan, last=40, stage="loyal")
    soon = member(TouchPlanFactory(every_days=30), last=25)
    later = member(plan, last=2)

    assert set(due(admin, show=ALL)) == {late, soon, later}
    assert set(due(admin, show=COMING)) == {soon}
    assert set(due(admin, show=ALL, group=plan.client_group_id)) == {late, later}
    assert set(due(admin, show=ALL, owner=soon.owner_id)) == {soon}
    assert set(due(admin, show=ALL, stage="loyal")) == {late}


def test_list_sends_four_statements_for_any_number_of_lines(admin, count_queries):
    plan = TouchPlanFactory()
    for _number in range(3):
        ContactFactory(client=member(plan, last=90))

    assert count_queries(lambda: DueTouches(admin, TODAY, Wanted())[0:50]) == 4


def test_panel_of_a_group_tells_plans_and_the_latest(admin):
    plan = TouchPlanFactory()
    clients = [member(plan, last=90 + number) for number in range(7)]

    panel = group_panel(plan.client_group, admin, TODAY)

    assert panel["plans"] == [plan]
    assert panel["overdue_count"] == 7
    assert [row.client for row in panel["overdue"]] == clients[:1:-1]


# Plans --------------------------------------------------------------------------------------------


def test_plan_changes_the_health_of_its_members_at_once():
    group = ClientGroupFactory()
    client = MembershipFactory(client_group=group, valid_from=dt.date(2024, 1, 1),
                               client__stage="loyal").client  # fmt: skip

    plan = services.add_plan(group=group, actor=group.owner, every_days=30,
                             begins_on=dt.date(2024, 1, 1))  # fmt: skip
    client.refresh_from_db()
    assert client.health == 33

    services.delete_plan(plan=plan, actor=group.owner)
    client.refresh_from_db()
    assert client.health is None


def test_plans_of_a_large_group_wait_for_the_nightly_run(monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 1)
    group = ClientGroupFactory()
    MembershipFactory.create_batch(2, client_group=group, client__stage="loyal")

    services.add_plan(group=group, actor=group.owner, every_days=30)

    assert not Client.objects.exclude(health_as_of=None).exists()


def test_change_plan_twice_is_recorded_once():
    plan = TouchPlanFactory()
    actor = plan.client_group.owner

    for _turn in range(2):
        services.change_plan(plan=plan, actor=actor, every_days=10, begins_on=TODAY)

    event = AuditEvent.objects.get()
    assert event.changes == {"every_days": [30, 10], "begins_on": ["2020-01-01", "2026-11-23"]}


def test_deleted_plan_comes_back_as_it_was_and_once():
    plan = TouchPlanFactory(stage="loyal", kind="visit", note="Bring cake")
    group = plan.client_group
    event = services.delete_plan(plan=plan, actor=group.owner)

    for _turn in range(2):
        services.restore_plan(group=group, event=event, actor=group.owner)

    found = TouchPlan.objects.get()
    assert (found.stage, found.every_days, found.kind, found.note, found.begins_on) == (
        "loyal", 30, "visit", "Bring cake", dt.date(2020, 1, 1)
    )  # fmt: skip


def test_second_plan_of_a_stage_is_refused():
    plan = TouchPlanFactory(stage="loyal")

    with pytest.raises(ValidationError, match="cadence in the group already"):
        services.add_plan(group=plan.client_group, actor=UserFactory(), stage="loyal", every_days=9)
    with pytest.raises(IntegrityError), transaction.atomic():
        TouchPlanFactory(client_group=plan.client_group, stage="loyal")


@pytest.mark.parametrize("days", [0, 731, None])
def test_cadence_outside_of_two_years_is_refused(days):
    with pytest.raises(ValidationError) as refusal:
        services.add_plan(group=ClientGroupFactory(), actor=UserFactory(), every_days=days)

    assert "every_days" in refusal.value.error_dict


def test_cadence_of_no_day_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        TouchPlanFactory(every_days=0)


def test_name_of_a_plan():
    plan = TouchPlanFactory(stage="loyal", client_group__name="Shops")

    assert str(plan) == "Shops · Loyal"
