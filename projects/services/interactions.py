"""Touches that were about a project; registered as a topic of touches when this app loads."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clientgroups.models import Interaction
from clientgroups.services.topics import Topic, register_topic
from projects.models import Project, ProjectInteraction
from projects.selectors.interactions import project_of, projects_for


@transaction.atomic
def link_interaction(*, interaction: Interaction, row: Project | None, actor: User) -> None:
    """Say which project a touch was about, or that it was about none; twice changes nothing."""
    links = ProjectInteraction.objects.filter(interaction=interaction)
    if row is None:
        # Never take away a link to a project that the person cannot see.
        links.filter(project__in=Project.objects.visible_to(actor)).delete()
        return
    if not Project.objects.visible_to(actor).filter(pk=row.pk).exists():
        raise ValidationError({"project": _("Choose a project you may see.")})
    ProjectInteraction.objects.update_or_create(interaction=interaction, defaults={"project": row})


register_topic(
    Topic(
        key="project",
        label=gettext_lazy("About the project"),
        empty=gettext_lazy("No project"),
        choices=projects_for,
        current=project_of,
        link=link_interaction,
    )
)
