import datetime as dt
import threading

import pytest
from django.db import connection, connections, transaction
from django.db.models import F, Func
from django.utils import timezone

from clientgroups import tasks
from clientgroups.models import ClientGroup, ClientMark
from clientgroups.selectors.rules import FIELDS, Field, register_field
from clientgroups.selectors.rules.card import problems_of
from clientgroups.services import refresh
from clientgroups.services.groups import archive_group
from clientgroups.services.marks import mark_clients_dirty
from clientgroups.services.refresh import (
    refresh_clients,
    refresh_group,
    refresh_soon,
    sweep_groups,
)
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    GroupAccessFactory,
    MembershipFactory,
)
from tests.factories.rules import CustomFieldFactory

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


def chain(admin):
    """Three groups, each of which asks for the one made after it."""
    listed = ClientGroupFactory(owner=admin)
    second = fresh(owner=admin, name="B", rule=rule("group", value=listed.pk))
    first = fresh(owner=admin, name="A", rule=rule("group", "one_of", [second.pk]))
    return listed, second, first


# What goes wrong ----------------------------------------------------------------------------------


def test_vanished_field_is_told_and_the_others_go_on(admin):
    field = CustomFieldFactory(kind="number")
    broken = fresh(owner=admin, rule=rule(f"custom:{field.key}", "gte", "1"))
    member = MembershipFactory(client_group=broken)
    sound = fresh(owner=admin)
    client = ClientFactory(stage="loyal")
    field.archived_at = timezone.now()
    field.save()
    ClientGroup.objects.update(stale_at=timezone.now())

    assert sweep_groups() == 2
    assert sweep_groups() == 0

    broken.refresh_from_db()
    assert (broken.problem, broken.stale_at) == ("rule", None)
    assert members(broken) == {member.client_id}
    assert members(sound) == {client.pk}
    assert not refresh_clients(group=broken, client_ids=[member.client_id])
    mark_clients_dirty([member.client_id])
    assert sweep_groups() == 1


def test_page_of_a_broken_group_says_what_is_gone_and_where(client, sign_in):
    field = CustomFieldFactory(kind="number", key="budget", archived_at=timezone.now())
    group = fresh(rule=rule(f"custom:{field.key}", "gte", "1"))
    sign_in("lead", group)
    page = client.post(group.get_absolute_url() + "refresh/", follow=True).content.decode()

    assert "The rule can no longer be worked out." in page
    assert "Condition 1: the custom field “budget” was archived or deleted." in page
    assert "a field that is gone" in page
    read = client.get(group.get_absolute_url() + "edit/").content.decode()
    assert "A field that is gone (custom:budget)" in read
    client.force_login(group.owner)
    group.access.create(user=group.owner, role="lead")
    edited = client.get(group.get_absolute_url() + "edit/").content.decode()
    assert "gone: budget" in edited


def test_refresh_by_hand_tells_who_moved(client, sign_in, admin, monkeypatch):
    group = fresh(owner=admin)
    ClientFactory(stage="loyal")
    sign_in("lead", group)
    address = group.get_absolute_url() + "refresh/"

    assert "Joined: 1, left: 0." in client.post(address, follow=True).content.decode()
    monkeypatch.setattr("clientgroups.views.rules.refresh_soon", lambda group: False)
    assert "follow within minutes" in client.post(address, follow=True).content.decode()


def test_mended_rule_loses_its_problem(admin):
    field = CustomFieldFactory(kind="number", archived_at=timezone.now())
    group = fresh(owner=admin, rule=rule(f"custom:{field.key}", "empty"))
    client = ClientFactory()
    refresh_group(group=group)
    assert group.problem == "rule"
    field.archived_at = None
    field.save()

    refresh_group(group=group)

    assert (group.problem, group.problem_at) == ("", None)
    assert members(group) == {client.pk}


def test_archived_group_breaks_rules_that_ask_for_it_until_it_is_back(admin):
    listed, second, _first = chain(admin)
    archive_group(group=listed, actor=admin)
    sweep_groups()
    second.refresh_from_db()
    assert second.problem == "rule"

    archive_group(group=listed, actor=admin, archived=False)
    sweep_groups()

    second.refresh_from_db()
    assert second.problem == ""


def test_circle_that_two_people_tied_at_once_is_told_and_moves_nobody(admin):
    first = fresh(owner=admin, name="First")
    second = fresh(owner=admin, name="Second", rule=rule("group", "is_not", first.pk))
    ClientGroup.objects.filter(pk=first.pk).update(rule=rule("group", "is", second.pk))
    ClientGroup.objects.update(stale_at=timezone.now())
    ClientFactory()

    assert sweep_groups() == 2
    assert sweep_groups() == 0

    for group in (first, second):
        group.refresh_from_db()
        assert group.problem == "rule"
        assert members(group) == set()
    assert "First → Second → First" in problems_of(first)[0]


def test_group_that_its_owner_may_no_longer_see_breaks_the_rule():
    owner = UserFactory()
    other = ClientGroupFactory()
    access = GroupAccessFactory(client_group=other, user=owner)
    group = fresh(owner=owner, rule=rule("group", value=other.pk))
    refresh_group(group=group)
    assert group.problem == ""
    access.delete()

    refresh_group(group=group)

    assert group.problem == "rule"


@pytest.fixture
def odd_field():
    """`odd_field(expression)`: a field "odd" whose figure is that expression."""

    def make(expression):
        return register_field(Field("odd", "Odd", "number", lambda leaf, situation: expression))

    yield make
    FIELDS.pop("odd", None)


class Slow(Func):
    """A figure that PostgreSQL cannot work out in time: the statement is cut off after 200 ms.

    The test itself waits for nothing; a query that burned a processor would slow its neighbours.
    """

    template = "(SELECT 1 FROM pg_sleep(1) WHERE %(expressions)s > 0)"


class ByZero(Func):
    template = "(1 / (%(expressions)s - %(expressions)s))"


@pytest.mark.parametrize(
    ("expression", "problem"), [(Slow(F("pk")), "slow"), (ByZero(F("pk")), "failed")]
)
@pytest.mark.django_db(transaction=True)
def test_slow_or_failing_rule_is_told_and_the_others_go_on(
    admin, odd_field, monkeypatch, expression, problem
):
    monkeypatch.setattr(refresh, "PATIENCE", "200ms")
    odd_field(expression)
    client = ClientFactory(stage="loyal")
    odd = fresh(owner=admin, name="A", rule=rule("odd", "gte", "1"), stale_at=timezone.now())
    sound = fresh(owner=admin, name="B", stale_at=timezone.now())

    assert tasks.refresh_dynamic_groups() == 2
    assert tasks.refresh_dynamic_groups() == 0

    odd.refresh_from_db()
    assert (odd.problem, odd.stale_at) == (problem, None)
    assert members(sound) == {client.pk}


@pytest.mark.django_db(transaction=True)
def test_rule_that_is_too_slow_for_a_page_is_left_to_the_sweep(admin, odd_field):
    odd_field(Slow(F("pk")))
    ClientFactory()
    group = fresh(owner=admin, rule=rule("odd", "gte", "1"))
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '200ms'")

    assert not refresh_soon(group)

    group.refresh_from_db()
    assert group.stale_at is not None
    assert group.problem == ""
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_marks_stay_while_another_worker_holds_a_group(admin):
    group, client = fresh(owner=admin), ClientFactory(stage="loyal")
    mark_clients_dirty([client.pk])
    held, done = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                ClientGroup.objects.select_for_update().get(pk=group.pk)
                held.set()
                done.wait(10)
        finally:
            connections.close_all()

    worker = threading.Thread(target=hold)
    worker.start()
    assert held.wait(10)
    assert sweep_groups() == 0
    done.set()
    worker.join(10)
    assert ClientMark.objects.count() == 1

    assert sweep_groups() == 1
    assert members(group) == {client.pk}
    assert not ClientMark.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_together_open_one_row_per_client(admin):
    groups = [fresh(owner=admin, stale_at=timezone.now()) for _n in range(3)]
    client = ClientFactory(stage="loyal")
    mark_clients_dirty([client.pk])
    start, failed = threading.Barrier(2), []

    def work():
        start.wait(10)
        try:
            sweep_groups()
        except Exception as problem:  # noqa: BLE001 - told to the test
            failed.append(problem)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    sweep_groups()

    assert failed == []
    assert [group.memberships.count() for group in groups] == [1, 1, 1]
