import pytest
from django.test import Client
from django.urls import reverse

from clientgroups.models import ClientGroup
from projects.models import Project
from reports.context import navigation
from tests.factories.accounts import UserFactory
from tests.factories.clientgroups import ClientGroupFactory
from tests.factories.projects import ProjectFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def nav(rf):
    def nav(user, **attributes):
        request = rf.get("/")
        request.user = user
        for name, value in attributes.items():
            setattr(request, name, value)
        return request, navigation(request)["nav"]

    return nav


def keys(places):
    return [place.pk for place in places]


def test_shell_costs_two_queries_however_many_places(nav, sign_in, count_queries):
    user = sign_in("admin")
    for _ in range(3):
        ProjectFactory()

    request, shown = nav(user)

    assert count_queries(lambda: shown["projects"]) == 2
    assert count_queries(lambda: (str(shown["places"]), shown["mine"])) == 0


def test_nobody_costs_no_query(rf, count_queries):
    request = rf.get("/")

    assert count_queries(lambda: navigation(request)) == 0
    assert navigation(request)["nav"] == {}


def test_fragment_asks_nothing_for_the_shell(nav, sign_in, count_queries):
    user = sign_in("admin")

    assert count_queries(lambda: nav(user)) == 0


def test_shell_shows_only_what_the_person_may_see(nav, sign_in):
    mine, other = ProjectFactory(), ProjectFactory()
    user = sign_in("viewer", mine.client_group)

    _, shown = nav(user, page_object=other)

    assert keys(shown["projects"]) == [mine.pk]
    assert keys(shown["groups"]) == [mine.client_group_id]
    assert shown["project"] is None
    assert other.name not in shown["places"]


def test_project_seen_without_its_group_names_it_but_does_not_open_it(nav, sign_in):
    project = ProjectFactory()
    user = sign_in("member", project)

    _, shown = nav(user)

    ((group, may_open, projects),) = shown["tree"]
    assert (group, may_open) == ((project.client_group_id, project.client_group.name), False)
    assert keys(projects) == [project.pk]
    assert shown["group"] is None
    assert project.client_group.get_absolute_url() not in shown["places"]
    assert (
        f'<a class="" href="{project.get_absolute_url()}" aria-current="true">' in (shown["places"])
    )


def test_page_names_the_current_project(nav, sign_in):
    first, second = ProjectFactory(name="A"), ProjectFactory(name="B")
    user = sign_in("admin")

    request, shown = nav(user, page_object=TaskFactory(project=second))

    assert (shown["project"], shown["group"].pk) == (second, second.client_group_id)
    assert request.shown_place == ("p", second.pk)
    assert nav(user)[1]["project"] == first


def test_page_of_a_group_has_no_current_project(nav, sign_in):
    project = ProjectFactory()
    user = sign_in("admin")

    request, shown = nav(user, page_object=project.client_group)

    assert (shown["project"], shown["group"].pk) == (None, project.client_group_id)
    assert shown["group"].clients == project.client_group.member_count
    assert request.shown_place == ("g", project.client_group_id)


def test_closed_project_stands_in_the_shell_only_on_its_own_pages(nav, sign_in):
    project = ProjectFactory(status=Project.Status.CLOSED)
    user = sign_in("admin")

    assert nav(user)[1]["projects"] == []
    assert nav(user, page_object=project)[1]["project"] == project


def test_long_list_never_cuts_off_the_current_place(nav, sign_in, monkeypatch):
    monkeypatch.setattr("reports.context.PLACES_SHOWN", 2)
    group = ClientGroupFactory(name="Z")
    for name in "ABC":
        ProjectFactory(name=name, client_group=ClientGroupFactory(name=name))
    last = ProjectFactory(name="Z", client_group=group)
    user = sign_in("admin")

    _, shown = nav(user, page_object=last)

    assert (shown["project"], shown["group"].pk) == (last, group.pk)
    assert len(shown["projects"]) == 2


def test_archived_group_is_left_out(nav, sign_in):
    group = ClientGroupFactory()
    ClientGroup.objects.update(archived_at=group.created_at)

    assert nav(sign_in("admin"))[1]["groups"] == []


def test_figures_count_unread_messages_and_own_open_tasks(nav, sign_in):
    user = sign_in("admin")
    project = ProjectFactory()
    TaskFactory(project=project, assignee=user)
    TaskFactory(project=project, assignee=UserFactory())

    _, shown = nav(user)

    assert (shown["unread"], shown["mine"]) == (0, 1)


@pytest.mark.parametrize(("role", "leads"), [("viewer", False), ("lead", True), ("admin", True)])
def test_shell_knows_who_leads_a_group(nav, sign_in, role, leads):
    group = ClientGroupFactory()

    assert nav(sign_in(role, group))[1]["leads"] is leads


def test_last_place_is_remembered_for_pages_without_one(sign_in, client):
    ProjectFactory(name="A")
    project = ProjectFactory(name="B")
    sign_in("admin")

    client.get(project.get_absolute_url())
    page = client.get(reverse("reports:search"))

    assert page.context["nav"]["project"] == project


def test_remembered_place_is_checked_again(sign_in, client):
    project = ProjectFactory()
    sign_in("viewer", project)
    client.get(project.get_absolute_url())

    project.access.all().delete()
    page = client.get(reverse("reports:search"))

    assert page.context["nav"]["project"] is None
    assert project.name not in page.content.decode()


def test_shell_of_a_person_without_any_place_still_stands(sign_in, client):
    sign_in("outsider")

    page = client.get(reverse("reports:search"))

    assert page.status_code == 200
    assert page.context["nav"]["tree"] == []


def test_sign_in_page_needs_no_shell():
    assert Client().get(reverse("account_login")).status_code == 200


def test_current_project_is_the_row_that_the_page_loaded(nav, sign_in, count_queries):
    project = ProjectFactory()
    user = sign_in("lead", project)
    named = Project.objects.select_related("client_group").get()

    assert nav(user, page_object=named)[1]["project"] is named
    assert nav(user, page_object=TaskFactory(project=named))[1]["project"] is named


def test_project_of_the_cookie_knows_its_names_and_the_role(nav, sign_in, count_queries):
    project = ProjectFactory()
    user = sign_in("lead", project)
    shown = nav(user)[1]["project"]

    assert count_queries(lambda: (shown.name, shown.client_group.name)) == 0
    assert (shown.name, shown.client_group.name) == (project.name, project.client_group.name)
    assert user.has_perm("projects.edit_goal", shown)


def test_names_of_places_are_escaped(nav, sign_in):
    ProjectFactory(name='<script>"')

    assert "&lt;script&gt;&quot;" in nav(sign_in("admin"))[1]["places"]
