import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from clientgroups.models import GroupAccess
from projects.models import Project, ProjectAccess
from projects.selectors.projects import (
    access_event,
    access_of,
    groups_to_lead,
    people_of,
    projects_to_work_in,
    suggest_key,
    team_of,
)
from projects.services.projects import (
    create_project,
    grant_project_access,
    revoke_project_access,
    undo_access,
    update_project,
)
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db


def test_create_project_makes_a_board_in_the_language_of_the_actor(events):
    actor = UserFactory(language="zh-hans")
    group = ClientGroupFactory()

    project = create_project(actor=actor, client_group=group, name=" Care ", key="CARE")

    assert (project.name, project.lead, str(project)) == ("Care", actor, "Care")
    categories = list(project.columns.values_list("category", flat=True))
    assert categories == ["todo", "doing", "doing", "done"]
    assert project.role_of(actor) == "lead"
    assert events(project) == ["project.created", "project.access_granted"]


def test_create_project_gives_lead_and_actor_the_right(events):
    actor, lead = UserFactory(), UserFactory()
    group = ClientGroupFactory()
    GroupAccess.objects.create(client_group=group, user=actor, role="lead")

    project = create_project(actor=actor, client_group=group, name="Care", key="CA", lead=lead)

    assert {row.user for row in project.access.all()} == {lead}
    assert project.role_of(actor) == "lead"


def test_create_project_by_administrator_gives_them_no_role():
    admin, lead = UserFactory(admin=True), UserFactory()

    project = create_project(
        actor=admin, client_group=ClientGroupFactory(), name="Care", key="CA", lead=lead
    )

    assert [row.user for row in project.access.all()] == [lead]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"key": "low"}, "capital letters"),
        ({"key": "TOOLONGKEY"}, "at most 8"),
        ({"name": " "}, "blank"),
        ({"budget": -1}, "negative"),
        ({"start_on": dt.date(2026, 2, 2), "due_on": dt.date(2026, 2, 1)}, "before the start"),
    ],
)
def test_create_project_refuses_what_cannot_be(actor, fields, words):
    given = {"name": "Care", "key": "CARE"} | fields

    with pytest.raises(ValidationError, match=words):
        create_project(actor=actor, client_group=ClientGroupFactory(), **given)

    assert not Project.objects.exists()


def test_create_project_refuses_a_key_that_is_taken(project, actor):
    with pytest.raises(ValidationError, match="already uses this key"):
        create_project(actor=actor, client_group=project.client_group, name="Care", key="HR")


def test_update_project_records_once_and_moves_the_lead(project, actor, events):
    lead = UserFactory(name="Chen Yu")
    changes = {"name": "New", "lead": lead, "due_on": dt.date(2026, 12, 2), "budget": 10}

    update_project(project=project, actor=actor, **changes)
    update_project(project=project, actor=actor, **changes)

    project.refresh_from_db()
    event = AuditEvent.objects.get(verb="project.changed")
    assert (project.name, project.lead) == ("New", lead)
    assert event.changes["lead"] == ["Lin Wei", "Chen Yu"]
    assert project.access.get(user=lead).role == "lead"
    assert events(project) == ["project.changed", "project.access_granted"]


def test_grant_access_changes_the_role_and_repeats_harmlessly(project, actor, events):
    person = UserFactory()

    grant_project_access(project=project, user=person, role="viewer", actor=actor)
    grant_project_access(project=project, user=person, role="member", actor=actor)
    again = grant_project_access(project=project, user=person, role="member", actor=actor)

    assert str(again) == f"{person} · Member"
    assert events(project) == ["project.access_granted"] * 2


def test_grant_access_refuses_people_who_left_and_unknown_roles(project, actor):
    with pytest.raises(ValidationError, match="no longer signs in"):
        grant_project_access(
            project=project, user=UserFactory(is_active=False), role="member", actor=actor
        )
    with pytest.raises(ValidationError):
        grant_project_access(project=project, user=UserFactory(), role="king", actor=actor)


def test_lead_of_the_project_keeps_the_right(project, actor):
    with pytest.raises(ValidationError, match="Choose another lead"):
        revoke_project_access(project=project, user=actor, actor=actor)
    with pytest.raises(ValidationError, match="Choose another lead"):
        grant_project_access(project=project, user=actor, role="viewer", actor=actor)


def test_revoke_access_of_another_lead_and_of_nobody(project, actor, events):
    other = UserFactory()
    grant(other, "lead", project)

    assert revoke_project_access(project=project, user=other, actor=actor)
    assert not revoke_project_access(project=project, user=other, actor=actor)
    assert events(project) == ["project.access_revoked"]


def test_undo_access_gives_back_what_was_taken(project, actor):
    person = UserFactory()
    grant_project_access(project=project, user=person, role="viewer", actor=actor)
    granted = access_event(project, None, person)
    grant_project_access(project=project, user=person, role="member", actor=actor)
    raised = access_event(project, None, person)

    assert undo_access(project=project, event=raised, actor=actor)
    assert not undo_access(project=project, event=raised, actor=actor)
    assert project.access.get(user=person).role == "viewer"

    assert undo_access(project=project, event=granted, actor=actor)
    assert not project.access.filter(user=person).exists()


def test_undo_access_refuses_what_was_changed_since(project, actor):
    person = UserFactory()
    grant_project_access(project=project, user=person, role="viewer", actor=actor)
    event = access_event(project, None, person)
    grant_project_access(project=project, user=person, role="lead", actor=actor)

    with pytest.raises(ValidationError, match="changed the same"):
        undo_access(project=project, event=event, actor=actor)


def test_database_refuses_two_roles_bad_dates_and_debts(project, actor):
    with pytest.raises(IntegrityError, match="projectaccess_once"), transaction.atomic():
        ProjectAccess.objects.create(project=project, user=actor, role="viewer")
    with pytest.raises(IntegrityError, match="project_due_after_start"), transaction.atomic():
        ProjectFactory(start_on=dt.date(2026, 2, 2), due_on=dt.date(2026, 2, 1))
    with pytest.raises(IntegrityError, match="project_budget_not_negative"), transaction.atomic():
        ProjectFactory(budget=-1)
    with pytest.raises(IntegrityError, match="project_key"), transaction.atomic():
        ProjectFactory(key="HR")


# Reading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Satisfaction uplift 2026", "SU"),
        ("Renewal", "RENE"),
        ("忠实客户关怀月", "PRJ"),
        ("A", "PRJ"),
        ("Ana Bo Ce De Ef", "ABCD"),
    ],
)
def test_suggest_key_reads_the_name(db, name, key):
    assert suggest_key(name) == key


def test_suggest_key_avoids_keys_that_are_taken(db):
    ProjectFactory(key="SU")
    ProjectFactory(key="SU2")

    assert suggest_key("Satisfaction uplift") == "SU3"


def test_people_and_team_of_a_project(project, actor):
    viewer, member, through_group = UserFactory(), UserFactory(), UserFactory()
    gone = UserFactory(is_active=False)
    grant(viewer, "viewer", project)
    grant(member, "member", project)
    grant(gone, "member", project)
    grant(through_group, "member", project.client_group)
    UserFactory()

    assert set(people_of(project)) == {actor, viewer, member, through_group}
    assert team_of(project)[0] == actor
    assert set(team_of(project)) == {actor, member, through_group}
    assert {(one.user, one.row is None) for one in access_of(project)} == {
        (actor, False),
        (viewer, False),
        (member, False),
        (gone, False),
        (through_group, True),
    }


def test_projects_to_work_in_need_a_member_and_a_running_project(project, actor):
    viewer, member = UserFactory(), UserFactory()
    grant(viewer, "viewer", project)
    grant(member, "member", project.client_group)
    closed = ProjectFactory(status="closed", client_group=project.client_group)

    assert list(projects_to_work_in(viewer)) == []
    assert list(projects_to_work_in(member)) == [project]
    assert closed not in projects_to_work_in(UserFactory(admin=True))


def test_groups_to_lead_need_the_role(project):
    lead, member = UserFactory(), UserFactory()
    grant(lead, "lead", project.client_group)
    grant(member, "member", project.client_group)

    assert list(groups_to_lead(lead)) == [project.client_group]
    assert list(groups_to_lead(member)) == []
    assert project.client_group in groups_to_lead(UserFactory(admin=True))


def test_role_in_project_is_the_stronger_of_both(project):
    person = UserFactory()
    grant(person, "viewer", project)
    grant(person, "lead", project.client_group)

    assert Project.objects.get(pk=project.pk).role_of(person) == "lead"
    assert Project.objects.get(pk=project.pk).role_of(UserFactory()) is None
