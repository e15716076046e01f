import threading

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.audit import record, request_address
from accounts.jobs import job
from accounts.models import AuditEvent, JobRun, User
from accounts.permissions import stronger
from accounts.selectors import active_people, time_zones
from accounts.services import create_person, remove_second_factor, update_person
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def test_create_person_lets_somebody_in_and_records_it():
    admin = UserFactory(admin=True)

    person = create_person(actor=admin, email=" Anna@Example.org", name="Anna", role="manager")

    assert person.email == "anna@example.org"
    assert not person.has_usable_password()
    event = AuditEvent.objects.get()
    assert (event.verb, event.changes) == ("user.created", {"role": [None, "manager"]})


def test_create_person_twice_is_refused_with_a_sentence():
    create_person(actor=None, email="anna@example.org", name="Anna")

    with pytest.raises(ValidationError, match="already signs in"):
        create_person(actor=None, email="ANNA@example.org", name="Anna again")


@pytest.mark.parametrize("email", ["anna@example.org", "Anna@example.org"])
def test_database_refuses_a_second_or_capital_address(email):
    UserFactory(email="anna@example.org")

    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(email=email)


def test_superuser_is_an_administrator():
    user = User.objects.create_superuser("root@example.org", "orchard-lantern-42", name="Root")

    assert user.sees_everything
    assert user.is_staff


def test_update_person_records_what_differs_and_only_once():
    admin, person = UserFactory(admin=True), UserFactory()

    for _ in range(2):
        update_person(person=person, actor=admin, role="manager", name=person.name)

    event = AuditEvent.objects.get()
    assert event.changes == {"role": ["staff", "manager"]}


@pytest.mark.parametrize(
    "change", [{"role": "staff"}, {"is_active": False}, {"role": "manager", "is_active": True}]
)
def test_last_administrator_stays(change):
    last = UserFactory(admin=True)
    UserFactory(admin=True, is_active=False)

    with pytest.raises(ValidationError, match="last administrator"):
        update_person(person=last, actor=last, **change)

    last.refresh_from_db()
    assert last.role == User.Role.ADMIN
    assert last.is_active


def test_administrator_may_go_when_there_is_another():
    one, two = UserFactory(admin=True), UserFactory(admin=True, is_superuser=True)

    person = update_person(person=two, actor=one, role="staff")

    assert not person.sees_everything
    assert not person.is_staff
    assert not person.is_superuser


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other_at_once():
    admins = UserFactory.create_batch(2, admin=True)
    start = threading.Barrier(2)
    refused = []

    def work(person):
        start.wait()
        try:
            update_person(person=person, actor=person, role="staff")
        except ValidationError:
            refused.append(person)
        connection.close()

    threads = [threading.Thread(target=work, args=[each]) for each in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert User.objects.filter(role="admin").count() == 1


def test_remove_second_factor_twice_is_recorded_once():
    admin, person = UserFactory(admin=True), UserFactory()
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})

    assert remove_second_factor(person=person, actor=admin) is True
    assert remove_second_factor(person=person, actor=admin) is False
    assert AuditEvent.objects.filter(verb="user.second_factor_removed").count() == 1


def test_audit_keeps_the_address_of_people_and_of_nobody_else():
    user = UserFactory()
    token = request_address.set("192.0.2.1")

    known = record(actor=user, verb="x.done", target=user)
    anonymous = record(actor=None, verb="x.done", target=user)
    request_address.reset(token)

    assert (known.address, anonymous.address) == ("192.0.2.1", None)
    assert str(known) == f"x.done {user}"


def test_job_notes_its_last_run_and_its_trouble():
    with job("app.tasks.name") as run:
        run.rows = 3
    with pytest.raises(ZeroDivisionError), job("app.tasks.name"):
        raise ZeroDivisionError("by nought")

    (noted,) = JobRun.objects.all()
    assert str(noted) == "app.tasks.name"
    assert noted.error == "ZeroDivisionError: by nought"
    assert noted.rows is None
    assert noted.finished_at >= noted.started_at


def test_active_people_are_offered_by_name():
    UserFactory(is_active=False)
    b, a = UserFactory(name="B"), UserFactory(name="A")

    assert list(active_people()) == [a, b]


def test_zones_are_those_people_live_in():
    zones = time_zones()

    assert zones[0] == "UTC"
    assert "Asia/Shanghai" in zones
    assert not any(zone.startswith(("Etc/", "posix", "right/")) for zone in zones)


@pytest.mark.parametrize(
    ("traits", "perm", "allowed"),
    [
        ({}, "accounts.profile", True),
        ({}, "accounts.audit", False),
        ({"manager": True}, "clientgroups.create", True),
        ({}, "clientgroups.create", False),
        ({"manager": True}, "accounts.audit", False),
        ({"admin": True}, "accounts.audit", True),
        ({"admin": True, "is_active": False}, "accounts.audit", False),
    ],
)
def test_rights_follow_the_table(traits, perm, allowed):
    assert UserFactory(**traits).has_perm(perm) is allowed


class Row:
    """A row on which everybody holds one role."""

    def __init__(self, role):
        self.role = role

    def role_of(self, user):
        return self.role


@pytest.mark.parametrize(
    ("role", "perm", "allowed"),
    [
        (None, "projects.view", False),
        ("viewer", "projects.view", True),
        ("viewer", "projects.comment", False),
        ("member", "projects.comment", True),
        ("member", "projects.edit_goal", False),
        ("lead", "projects.edit_goal", True),
        ("lead", "accounts.audit", False),
    ],
)
def test_rights_on_a_row_follow_the_role_held_there(role, perm, allowed):
    assert UserFactory().has_perm(perm, Row(role)) is allowed
    assert UserFactory(admin=True).has_perm(perm, Row(role)) is True
    assert UserFactory(is_active=False).has_perm(perm, Row("lead")) is False


def test_stronger_role_wins():
    assert stronger("viewer", None, "lead", "member") == "lead"
    assert stronger(None) is None
    assert stronger() is None


def test_person_is_called_by_name_or_address():
    person = UserFactory(name="Li Na")

    assert (person.get_full_name(), person.get_short_name()) == ("Li Na", "Li Na")
    assert str(User(email="li@example.org")) == "li@example.org"
    assert User.objects.get_by_natural_key(person.email.upper()) == person


@pytest.mark.parametrize(("traits", "allowed"), [({"admin": True}, True), ({}, False)])
def test_support_tool_is_shown_to_administrators(traits, allowed):
    assert UserFactory(**traits).has_module_perms("projects") is allowed
