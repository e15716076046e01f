"""URL rows of the log of a project."""

from tests.factories.clientgroups import MembershipFactory
from tests.factories.projects import ProjectFactory
from tests.factories.touches import InteractionFactory, ProjectInteractionFactory
from tests.url_table import VIEW, WORK, Url


def talk(project):
    member = MembershipFactory(client_group=project.client_group)
    touch = InteractionFactory(client=member.client, promised=True)
    return ProjectInteractionFactory(project=project, interaction=touch)


ROWS = [
    Url("projects:project_interactions", VIEW, make=ProjectFactory, grow=talk),
    Url("projects:interactions_panel", VIEW, make=ProjectFactory, grow=talk),
    Url("projects:interaction_create", WORK, make=ProjectFactory),
]
