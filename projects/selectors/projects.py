"""Which projects a person sees, who works in them, and the figures of their lists."""

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.http import Http404

from accounts.models import User
from accounts.permissions import Role
from clientgroups.models import ClientGroup
from projects.models import Project


def visible_project(user: User, pk: int) -> Project:
    """The project, or 404 when the person holds no role in it."""
    projects = Project.objects.visible_to(user).select_related("client_group", "lead")
    project = projects.filter(pk=pk).first()
    if project is None:
        raise Http404
    return project


def people_of(project: Project) -> QuerySet[User]:
    """Everyone who may be given work here: active, with a role in the project or its group."""
    return User.objects.filter(
        Q(pk__in=project.access.values("user"))
        | Q(pk__in=project.client_group.access.values("user")),
        is_active=True,
    ).order_by("name", "pk")


def team_of(project: Project) -> list[User]:
    """The people shown in the head of a project: the lead first, viewers left out."""
    return list(
        User.objects.filter(
            Q(pk=project.lead_id)
            | Q(pk__in=project.access.exclude(role=Role.VIEWER).values("user"))
            | Q(pk__in=project.client_group.access.exclude(role=Role.VIEWER).values("user")),
            is_active=True,
        )
        .annotate(
            is_other=Case(
                When(pk=project.lead_id, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
        )
        .order_by("is_other", "name", "pk")
    )


def groups_to_lead(user: User) -> QuerySet[ClientGroup]:
    """Groups in which the person may start a project."""
    groups = ClientGroup.objects.active().order_by("name")
    if user.sees_everything:
        return groups
    return groups.filter(access__user=user, access__role=Role.LEAD)


def project_rows(user: User) -> QuerySet[Project]:
    """Visible projects with the figures of the list, counted in the same statement."""
    live = Q(tasks__archived_at=None)
    return (
        Project.objects.visible_to(user)
        .select_related("client_group", "lead")
        .annotate(
            open_tasks=Count(
                "tasks", filter=live & Q(tasks__column__category__in=["todo", "doing"])
            ),
            done_tasks=Count("tasks", filter=live & Q(tasks__column__category="done")),
        )
        .annotate(all_tasks=F("open_tasks") + F("done_tasks"))
    )
