import pytest
from django.urls import reverse

from clientgroups.models import Interaction
from projects.models import ProjectInteraction
from tests.conftest import grant
from tests.factories.clientgroups import ClientFactory, MembershipFactory
from tests.factories.projects import ProjectFactory
from tests.factories.touches import InteractionFactory, ProjectInteractionFactory

pytestmark = pytest.mark.django_db
CALL = {"kind": "call", "summary": "Agreed on Tuesdays", "follow_up": "week"}
HTMX = {"HX-Request": "true"}


def url(name, project, query=""):
    return reverse(f"projects:{name}", args=[project.pk]) + query


@pytest.fixture
def member():
    """A client of the group of a project."""
    row = MembershipFactory()
    row.project = ProjectFactory(client_group=row.client_group)
    return row


def text(response):
    return response.content.decode()


def test_member_logs_a_talk_about_a_project(client, sign_in, member):
    sign_in("member", member.client_group)

    chosen = client.get(url("interaction_create", member.project, f"?client={member.client_id}"))
    response = client.post(chosen.context["request"].get_full_path(), CALL)

    assert response.url == url("project_interactions", member.project)
    link = ProjectInteraction.objects.get()
    assert (link.project, link.interaction.client) == (member.project, member.client)
    page = text(client.get(response.url))
    assert page.count("Agreed on Tuesdays") >= 2  # said, and to be followed up


def test_first_the_client_is_chosen_among_those_of_the_group(client, sign_in, member):
    sign_in("member", member.client_group)
    ClientFactory(name="Somebody else")

    page = client.get(url("interaction_create", member.project))

    assert str(member.client) in text(page)
    assert "Somebody else" not in text(page)


@pytest.mark.parametrize("asked", ["", "x", "0", "9" * 30])
def test_choice_of_nobody_asks_again(client, sign_in, member, asked):
    sign_in("member", member.client_group)

    page = client.get(url("interaction_create", member.project, f"?client={asked}"))

    assert "With whom?" in text(page)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"summary": ""}, "required"), ({"happened_at": "2999-01-01T10:00"}, "in the future")],
)
def test_refused_talk_says_why(client, sign_in, member, fields, words):
    sign_in("member", member.client_group)
    address = url("interaction_create", member.project, f"?client={member.client_id}")

    response = client.post(address, CALL | fields)

    assert response.status_code == 422
    assert words in text(response)
    assert not Interaction.objects.exists()


def test_viewer_of_the_client_cannot_log_though_member_of_the_project(client, sign_in, member):
    user = sign_in("viewer", member.client_group)
    grant(user, "member", member.project)

    address = url("interaction_create", member.project, f"?client={member.client_id}")

    assert client.get(address).status_code == 403


def test_project_shows_talks_with_clients_the_person_sees(client, sign_in):
    link = ProjectInteractionFactory()
    user = sign_in("outsider")
    grant(user, "member", link.project)
    assert link.interaction.summary not in text(client.get(url("interactions_panel", link.project)))

    grant(user, "viewer", link.project.client_group)

    for name in ("interactions_panel", "project_interactions"):
        assert link.interaction.summary in text(client.get(url(name, link.project)))


def test_panel_is_a_piece_and_tells_promises_first(client, sign_in):
    link = ProjectInteractionFactory()
    Interaction.objects.update(
        follow_up_on="2026-01-01", follow_up_by=link.interaction.by, follow_up_note="Send it"
    )
    sign_in("member", link.project)
    grant(link.interaction.by, "member", link.project.client_group)
    client.force_login(link.interaction.by)

    page = text(client.get(url("interactions_panel", link.project), headers=HTMX))

    assert "<html" not in page
    assert page.index("Send it") < page.index("Last talks")


def test_empty_log_says_what_will_stand_there(client, sign_in, member):
    sign_in("viewer", member.client_group)

    assert "Nothing was said yet" in text(client.get(url("interactions_panel", member.project)))
    assert "Nothing is promised." in text(client.get(url("project_interactions", member.project)))


def test_project_page_leads_to_the_log_without_a_script(client, sign_in, member):
    sign_in("viewer", member.client_group)

    page = text(client.get(member.project.get_absolute_url()))

    assert url("interactions_panel", member.project) in page
    assert f'href="{url("project_interactions", member.project)}"' in page


def test_deleted_talks_are_gone(client, sign_in, member):
    touch = InteractionFactory(client=member.client, deleted_at="2026-01-01T00:00Z")
    ProjectInteraction.objects.create(project=member.project, interaction=touch)
    sign_in("viewer", member.client_group)

    page = client.get(url("project_interactions", member.project))
    assert touch.summary not in text(page)
