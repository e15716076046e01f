"""The log of a project: touches with clients that were about it."""

from django.db.models import QuerySet

from accounts.models import User
from clientgroups.models import Client, Interaction
from projects.models import Project, ProjectInteraction

CLIENTS_OFFERED = 300


def interactions_of(project: Project, user: User) -> QuerySet[Interaction]:
    """Touches about a project with clients the person sees, newest first."""
    rows = Interaction.objects.visible_to(user).kept().filter(project_link__project=project)
    return rows.select_related("client", "contact", "by", "follow_up_by")


def follow_ups_of(project: Project, user: User) -> QuerySet[Interaction]:
    """What was promised about a project and is not done, due first."""
    rows = interactions_of(project, user).awaiting_follow_up()
    return rows.order_by("follow_up_on", "pk")


def clients_to_log(project: Project, user: User) -> QuerySet[Client]:
    """Clients of the project's group, by name, that the person sees."""
    members = project.client_group.memberships.current().values("client")
    return Client.objects.visible_to(user).active().filter(pk__in=members).order_by("name", "pk")


def projects_for(client: Client, user: User) -> QuerySet[Project]:
    """Running projects of the client's groups that the person sees."""
    groups = client.memberships.current().values("client_group")
    return (
        Project.objects.visible_to(user).active().filter(client_group__in=groups).order_by("name")
    )


def project_of(touch: Interaction) -> Project | None:
    """The project a touch was about."""
    found = ProjectInteraction.objects.filter(interaction=touch).select_related("project").first()
    return found and found.project
