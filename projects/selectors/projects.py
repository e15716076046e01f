"""Which projects a person sees, who works in them, and the figures of their lists."""

import re
from dataclasses import dataclass

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import NullIf
from django.http import Http404

from accounts.models import AuditEvent, User
from accounts.permissions import Role, stronger
from clientgroups.models import ClientGroup, GroupAccess
from core.prepared import prepared
from projects.models import Project, ProjectAccess


def visible_project(user: User, pk: int) -> Project:
    """The project, or 404 when the person holds no role in it."""
    for project in _visible(user, pk):
        remember_role(project, user, project)
        return project
    raise Http404


@prepared
def _visible(user: User, pk: int) -> QuerySet[Project]:
    projects = Project.objects.visible_to(user).select_related("client_group", "lead")
    return projects.filter(pk=pk).annotate(**roles_of(user)).order_by()


def roles_of(user: User, path: str = "") -> dict[str, Subquery]:
    """The person's roles as columns of a row that is read anyway, instead of a statement more."""
    own = ProjectAccess.objects.filter(project=OuterRef(path or "pk"), user=user)
    group_path = f"{path}__client_group" if path else "client_group"
    group = GroupAccess.objects.filter(client_group=OuterRef(group_path), user=user)
    return {
        "own_role": Subquery(own.order_by().values("role")[:1]),
        "group_role": Subquery(group.order_by().values("role")[:1]),
    }


def remember_role(project: Project, user: User, row: Model) -> None:
    """Spare `role_of` its statement: the row brought the roles along."""
    project.__dict__.setdefault("_roles", {})[user.pk] = stronger(row.own_role, row.group_role)


def people_of(project: Project) -> QuerySet[User]:
    """Everyone who may be given work here: active, with a role in the project or its group."""
    return _people(project.pk, project.client_group_id)


def _people(project: int, group: int) -> QuerySet[User]:
    return User.objects.filter(
        Q(pk__in=ProjectAccess.objects.filter(project=project).order_by().values("user"))
        | Q(pk__in=GroupAccess.objects.filter(client_group=group).order_by().values("user")),
        is_active=True,
    ).order_by("name", "pk")


@prepared
def people_named(project: int, group: int) -> QuerySet:
    """Key and name of everyone who may be given work in a project of a group, for selects."""
    return _people(project, group).values("pk", "name")


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
        .annotate(percent=100.0 * F("done_tasks") / NullIf(F("all_tasks"), Value(0)))
    )


def suggest_key(name: str) -> str:
    """A free key made of the name: its initials or first letters, else PRJ, with a number."""
    words = re.findall(r"[A-Za-z]+", name)
    letters = "".join(word[0] for word in words) if len(words) > 1 else "".join(words)
    stem = letters.upper()[:4] if len(letters) > 1 else "PRJ"
    taken = set(Project.objects.filter(key__startswith=stem).values_list("key", flat=True))
    numbered = (f"{stem}{number}" for number in range(2, 10**4))
    return next(key for key in (stem, *numbered) if key not in taken)


@dataclass(frozen=True)
class Access:
    """A person's role in a project; `row` is empty when it comes from the client group."""

    user: User
    role: str
    row: ProjectAccess | None


def access_of(project: Project) -> list[Access]:
    """Who may work here: roles given in the project, then those that the group brings along."""
    own = project.access.select_related("user")
    group = project.client_group.access.select_related("user")
    return [
        *(Access(row.user, row.get_role_display(), row) for row in own),
        *(Access(row.user, row.get_role_display(), None) for row in group),
    ]


def access_event(project: Project, pk: int | None, user: User | None = None) -> AuditEvent:
    """A recorded change of access of this project, or the latest one about a person."""
    events = AuditEvent.objects.filter(
        target_type=Project._meta.label_lower,
        target_id=str(project.pk),
        verb__in=["project.access_granted", "project.access_revoked"],
    )
    events = events.filter(changes__person_id__1=user.pk) if user else events.filter(pk=pk)
    event = events.first()
    if event is None:
        raise Http404
    return event


def projects_to_work_in(user: User) -> QuerySet[Project]:
    """Running projects in which the person may add tasks."""
    projects = Project.objects.visible_to(user).active().order_by("name", "pk")
    if user.sees_everything:
        return projects
    roles = (Role.MEMBER, Role.LEAD)
    return projects.filter(
        Q(pk__in=user.project_access.filter(role__in=roles).values("project"))
        | Q(client_group__in=user.group_access.filter(role__in=roles).values("client_group"))
    )
