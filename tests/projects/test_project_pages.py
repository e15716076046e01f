import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from projects.models import Project
from projects.selectors.overview import delivery_of, overview_of
from projects.services.parts import add_comment
from projects.services.projects import grant_project_access
from projects.services.tasks import create_task
from tests.conftest import grant
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.goals import GoalFactory
from tests.factories.projects import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


def path(name, *args, query=""):
    return reverse(f"projects:{name}", args=args) + query


def text_of(response):
    return response.content.decode()


# List --------------------------------------------------------------------------------------------


def test_list_shows_visible_projects_with_their_figures(client, sign_in, project, columns):
    sign_in("viewer", project)
    ProjectFactory(name="Secret")
    TaskFactory(project=project, column=columns[0])
    TaskFactory(project=project, column=columns[2], done=True)
    TaskFactory(project=project, column=columns[0], archived=True)

    response = client.get(path("project_list"))

    (row,) = response.context["projects"]
    assert (row.open_tasks, row.done_tasks, row.percent) == (1, 1, 50.0)
    assert "Secret" not in text_of(response)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Alpha", "Beta"]),
        ("?status=closed", ["Beta"]),
        ("?q=alp", ["Alpha"]),
        ("?q=!!", []),
        ("?group={group}", ["Beta"]),
        ("?status=nonsense&group=x&page=99", ["Alpha", "Beta"]),
    ],
)
def test_list_is_narrowed_by_its_address(client, sign_in, query, names):
    sign_in("admin")
    ProjectFactory(name="Alpha")
    beta = ProjectFactory(name="Beta", status="closed")

    response = client.get(path("project_list") + query.format(group=beta.client_group_id))

    assert [row.name for row in response.context["projects"]] == names


@pytest.mark.parametrize("role", ["outsider", "admin"])
def test_empty_list_says_what_it_is_for(client, sign_in, role):
    sign_in(role)

    page = text_of(client.get(path("project_list")))

    assert "No projects yet" in page


def test_group_panel_lists_only_its_projects(client, sign_in, project):
    ProjectFactory(name="Elsewhere")
    sign_in("lead", project.client_group)

    page = text_of(client.get(path("group_projects", project.client_group_id), headers=HX))

    assert project.name in page
    assert "Elsewhere" not in page
    assert "?group=" in page


def test_group_panel_without_projects_says_so(client, sign_in):
    group = ClientGroupFactory()
    sign_in("viewer", group)

    page = text_of(client.get(path("group_projects", group.pk)))

    assert "No project works for this group yet" in page


# Create and edit ---------------------------------------------------------------------------------


@pytest.fixture
def group(sign_in):
    group = ClientGroupFactory()
    group.me = sign_in("lead", group)
    return group


def form(group, **fields):
    return {
        "client_group": group.pk,
        "name": "Loyal care",
        "lead": group.me.pk,
        "status": "active",
        "currency": "EUR",
    } | fields


def test_create_project_suggests_a_key(client, group):
    response = client.post(path("project_create"), form(group, budget="1000"))

    project = Project.objects.get()
    assert response["Location"] == project.get_absolute_url()
    assert (project.key, project.currency, project.budget) == ("LC", "EUR", 1000)
    assert project.columns.count() == 4


def test_create_project_form_starts_with_the_group_and_me(client, group):
    page = text_of(client.get(path("project_create", query=f"?group={group.pk}")))

    assert f'<option value="{group.pk}" selected' in page
    assert f'<option value="{group.me.pk}" selected' in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "required"),
        ({"key": "hr"}, "already uses this key"),
        ({"key": "1x"}, "capital letters"),
        ({"start_on": "2026-02-02", "due_on": "2026-02-01"}, "before the start"),
        ({"budget": "-1"}, "greater than or equal"),
        ({"lead": "99999"}, "valid choice"),
    ],
)
def test_refused_project_keeps_what_was_typed(client, group, project, fields, words):
    response = client.post(path("project_create"), form(group, description="Kept <b>") | fields)

    assert response.status_code == 422
    assert words in text_of(response)
    assert "Kept &lt;b&gt;" in text_of(response)
    assert Project.objects.count() == 1


def test_project_starts_only_in_a_group_one_leads(client, group, sign_in):
    foreign = ClientGroupFactory()
    refused = client.post(path("project_create"), form(group, client_group=foreign.pk))
    assert refused.status_code == 422

    sign_in("member", foreign)
    assert "You lead no client group yet" in text_of(client.get(path("project_create")))
    sign_in("manager")
    assert "You lead no client group yet" in text_of(client.get(path("project_create")))


def test_edit_project_saves_and_refuses(client, sign_in, project):
    sign_in("lead", project)
    data = {
        "name": "New name",
        "key": "HR",
        "lead": project.lead_id,
        "status": "on_hold",
        "currency": "XAU",
    }
    refused = client.post(path("project_edit", project.pk), data)
    assert refused.status_code == 422

    response = client.post(path("project_edit", project.pk), data | {"currency": "USD"})
    project.refresh_from_db()
    assert response["Location"] == project.get_absolute_url()
    assert (project.name, project.status, project.currency) == ("New name", "on_hold", "USD")

    taken = ProjectFactory(key="TAKEN")
    refused = client.post(
        path("project_edit", project.pk), data | {"currency": "USD", "key": taken.key}
    )
    assert "already uses this key" in text_of(refused)


# Access ------------------------------------------------------------------------------------------


def test_access_is_given_taken_and_undone(client, sign_in, project):
    sign_in("lead", project)
    person = UserFactory(email="omar@example.org", name="Omar")
    page = path("project_access", project.pk)

    shown = client.post(page, {"email": "OMAR@example.org", "role": "viewer"}, follow=True)
    assert project.access.get(user=person).role == "viewer"
    undo = path("access_undo", project.pk) + "?event="
    given = undo + text_of(shown).split(undo)[1].split('"')[0]

    row = project.access.get(user=person)
    taken = client.post(path("access_revoke", project.pk), {"access": row.pk}, follow=True)
    assert "no longer holds a role" in text_of(taken)

    late = client.post(given, follow=True)
    assert "Undone." in text_of(late)
    assert not project.access.filter(user=person).exists()

    client.post(undo + text_of(taken).split(undo)[1].split('"')[0])
    assert project.access.get(user=person).role == "viewer"


def test_access_refuses_strangers_and_the_lead(client, sign_in, project, actor):
    sign_in("lead", project)
    page = path("project_access", project.pk)

    unknown = client.post(page, {"email": "nobody@example.org", "role": "viewer"})
    assert "Nobody signs in with this e-mail" in text_of(unknown)
    lead = client.post(page, {"email": actor.email, "role": "viewer"})
    assert "Choose another lead first" in text_of(lead)
    row = project.access.get(user=actor)
    kept = client.post(path("access_revoke", project.pk), {"access": row.pk}, follow=True)
    assert "Choose another lead first" in text_of(kept)
    assert project.access.filter(user=actor).exists()


def test_access_undo_that_comes_too_late_says_so(client, sign_in, project, actor):
    me = sign_in("lead", project)
    person = UserFactory()
    page = client.post(
        path("project_access", project.pk), {"email": person.email, "role": "viewer"}, follow=True
    )
    undo = path("access_undo", project.pk) + "?event="
    undo += text_of(page).split(undo)[1].split('"')[0]
    grant_project_access(project=project, user=person, role="lead", actor=me)

    assert "Somebody has changed the same" in text_of(client.post(undo, follow=True))


def test_access_rows_and_events_of_other_projects_are_not_found(client, sign_in, project):
    sign_in("lead", project)
    other = ProjectFactory()
    grant(UserFactory(), "member", other)
    row = other.access.get()

    revoke = client.post(path("access_revoke", project.pk), {"access": row.pk})
    undo = client.post(path("access_undo", project.pk), {"event": "99999999999999999999"})

    assert (revoke.status_code, undo.status_code) == (404, 404)
    assert other.access.exists()


def test_access_page_names_people_of_the_group(client, sign_in, project):
    sign_in("lead", project)
    grant(UserFactory(name="Group Person"), "member", project.client_group)

    page = text_of(client.get(path("project_access", project.pk)))

    assert "Group Person" in page
    assert "through the group" in page


# Overview ----------------------------------------------------------------------------------------


def test_overview_shows_goals_board_and_what_happened(client, sign_in, project, actor, columns):
    sign_in("lead", project)
    GoalFactory(project=project, statement="Raise satisfaction", state="active", pace="at_risk")
    task = create_task(actor=actor, project=project, title="Call <Anna>")
    add_comment(task=task, actor=actor, body="Done")
    for _each in range(4):
        TaskFactory(project=project, column=columns[0])

    page = text_of(client.get(path("project_detail", project.pk)))

    for words in (
        "Raise satisfaction",
        "At risk",
        "Lin Wei commented on “Call &lt;Anna&gt;”",
        "2 more tasks",
        reverse("feedback:project_panel", args=[project.pk]),
        reverse("reports:project_attention", args=[project.pk]),
    ):
        assert words in page
    assert "Call <Anna>" not in page


def test_overview_without_anything_shows_dashes_and_a_start(client, sign_in, project):
    sign_in("lead", project)

    page = text_of(client.get(path("project_detail", project.pk)))

    assert "No goals yet" in page
    assert "No goal is running." in page
    assert "Nothing with a date was done" in page
    assert "Nothing has happened yet." in page


def test_overview_of_a_viewer_offers_nothing_to_change(client, sign_in, project):
    sign_in("viewer", project)
    Project.objects.update(budget=720000, currency="CNY", start_on=dt.date(2026, 8, 3))

    page = text_of(client.get(path("project_detail", project.pk), headers=HX))

    assert "¥720,000" in page
    assert path("project_edit", project.pk) not in page
    assert path("project_access", project.pk) not in page


@pytest.mark.parametrize(
    ("paces", "health"),
    [
        ([], ""),
        (["unknown"], ""),
        (["on_track", "unknown"], "on_track"),
        (["on_track", "at_risk"], "at_risk"),
        (["at_risk", "behind"], "behind"),
    ],
)
def test_health_is_the_worst_pace(project, actor, paces, health):
    for pace in paces:
        GoalFactory(project=project, state="active", pace=pace)

    assert overview_of(project, actor).health == health


def test_delivery_counts_dated_work_of_ninety_days(project, columns):
    now = timezone.now()
    today = timezone.localdate()

    def done(days_ago, due):
        TaskFactory(
            project=project,
            column=columns[2],
            completed_at=now - dt.timedelta(days=days_ago),
            due_on=due,
        )

    assert delivery_of(project).share is None
    done(1, today)
    done(0, today)
    done(0, today - dt.timedelta(days=1))
    done(100, today)
    done(1, None)

    found = delivery_of(project)
    assert (found.done, found.in_time) == (3, 2)
    assert round(found.share, 2) == 0.67


def test_delivery_needs_five_tasks_to_say_a_share(client, sign_in, project, columns):
    sign_in("viewer", project)
    for count in (1, 5):
        for _each in range(count - project.tasks.count()):
            TaskFactory(
                project=project,
                column=columns[2],
                completed_at=timezone.now(),
                due_on=timezone.localdate(),
            )
        page = text_of(client.get(path("project_detail", project.pk)))
        assert ("too few to say" in page) == (count == 1)
        assert ("<b>100%</b>" in page) == (count == 5)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "name", ["project_detail", "project_edit", "project_access", "board", "column_list"]
)
def test_pages_open_in_both_languages(client, sign_in, project, name, language):
    sign_in("lead", project, language=language)

    assert client.get(path(name, project.pk)).status_code == 200
