import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from projects.selectors.group_goals import group_goals
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import ProjectFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}


def url(group):
    return reverse("projects:group_goals", args=[group.pk])


def goal_of(group, **fields):
    return GoalFactory(project__client_group=group, **fields)


def test_slipping_goals_come_first_and_closed_ones_not_at_all():
    group = ClientGroupFactory()
    admin = UserFactory(admin=True)
    today = timezone.localdate()
    late = today + dt.timedelta(days=40)
    calm = goal_of(group, pace="on_track", due_on=late)
    soon = goal_of(group, pace="on_track", due_on=late - dt.timedelta(days=5))
    risk = goal_of(group, pace="at_risk")
    behind = goal_of(group, pace="behind")
    draft = goal_of(group, draft=True)
    goal_of(group, state="missed", closing_summary="Too late")
    GoalFactory(parent=calm, project=calm.project)
    goal_of(ClientGroupFactory())

    found = group_goals(group, admin)

    assert [node.goal for node in found.nodes] == [behind, risk, soon, calm, draft]
    assert found.total == 5


def test_goal_about_another_group_belongs_there():
    home, other = ClientGroupFactory(), ClientGroupFactory()
    admin = UserFactory(admin=True)
    goal = goal_of(home, client_group=other)

    assert group_goals(home, admin).nodes == []
    assert [node.goal for node in group_goals(other, admin).nodes] == [goal]


def test_goals_of_projects_that_the_reader_does_not_see_stay_out():
    goal = goal_of(ClientGroupFactory())

    assert group_goals(goal.project.client_group, UserFactory()).total == 0


def test_panel_shows_pace_progress_and_the_rest(client, sign_in):
    project = ProjectFactory()
    group = project.client_group
    for number in range(9):
        GoalFactory(project=project, statement=f"{HOSTILE} {number}", pace="behind")
    sign_in("viewer", group)

    page, fragment = client.get(url(group)), client.get(url(group), headers=HTMX)

    text = page.content.decode()
    assert HOSTILE not in text
    assert "Behind" in text
    assert "8 of 9 open goals" in text
    assert fragment.content.decode().lstrip().startswith('<section class="card" id="group-goals"')


def test_panel_without_goals_says_what_they_are_for(client, sign_in):
    group = ClientGroupFactory()
    sign_in("viewer", group)

    assert "No goal is open for this group" in client.get(url(group)).content.decode()
