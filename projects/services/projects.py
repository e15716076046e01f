"""Starting and changing a project, and who may work in it."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from accounts.once import once
from accounts.permissions import Role
from clientgroups.models import ClientGroup
from projects.models import BoardColumn, Project, ProjectAccess
from projects.services.changes import as_json

EDITABLE = (
    "name",
    "key",
    "description",
    "lead",
    "status",
    "start_on",
    "due_on",
    "currency",
    "budget",
)


@once
@transaction.atomic
def create_project(
    *,
    actor: User,
    client_group: ClientGroup,
    name: str,
    key: str,
    lead: User | None = None,
    **fields: object,
) -> Project:
    """Start a project with a lead and a board of four columns in the actor's language."""
    project = Project(
        client_group=client_group, name=name.strip(), key=key, lead=lead or actor, **fields
    )
    project.full_clean(exclude=["search"])
    project.save(force_insert=True)
    record(actor=actor, verb="project.created", target=project, key=[None, project.key])
    for person in {project.lead, actor} if not actor.sees_everything else {project.lead}:
        _ensure_lead(project, person, actor)
    BoardColumn.objects.bulk_create(_default_columns(project, actor.language))
    return project


def _default_columns(project: Project, language: str) -> list[BoardColumn]:
    with translation.override(language):
        rows = [
            (_("To do"), BoardColumn.Category.TODO),
            (_("In progress"), BoardColumn.Category.DOING),
            (_("In review"), BoardColumn.Category.DOING),
            (_("Done"), BoardColumn.Category.DONE),
        ]
    return [
        BoardColumn(project=project, name=name, category=category, position=position)
        for position, (name, category) in enumerate(rows)
    ]


@transaction.atomic
def update_project(*, project: Project, actor: User, **changes: object) -> Project:
    """Change what describes a project; a new lead gets the lead's rights. Repeating is harmless."""
    locked = Project.objects.select_for_update().get(pk=project.pk)
    pairs = {}
    for name in EDITABLE:
        if name not in changes or getattr(locked, name) == changes[name]:
            continue
        pair = [getattr(locked, name), changes[name]]
        pairs[name] = [str(each) if isinstance(each, User) else as_json(each) for each in pair]
        setattr(locked, name, changes[name])
    if not pairs:
        return locked
    locked.full_clean(exclude=["search", "client_group"])
    locked.save(update_fields=[*EDITABLE])
    record(actor=actor, verb="project.changed", target=locked, **pairs)
    if "lead" in pairs:
        _ensure_lead(locked, locked.lead, actor)
    return locked


def _ensure_lead(project: Project, person: User, actor: User) -> None:
    if project.role_of(person) != Role.LEAD:
        grant_project_access(project=project, user=person, role=Role.LEAD, actor=actor)


@transaction.atomic
def grant_project_access(*, project: Project, user: User, role: str, actor: User) -> ProjectAccess:
    """Give a person a role in a project, or change it. Repeating it records nothing."""
    Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    if not user.is_active:
        raise ValidationError(_("%(person)s no longer signs in.") % {"person": user})
    access = ProjectAccess.objects.filter(project=project, user=user).first()
    before = access.role if access else None
    if before == role:
        return access
    if before == Role.LEAD:
        _refuse_last_lead(access)
    access = access or ProjectAccess(project=project, user=user)
    access.role = role
    access.full_clean()
    access.save()
    _record_access(project, user, actor, before, role)
    return access


@transaction.atomic
def revoke_project_access(*, project: Project, user: User, actor: User) -> bool:
    """Take a person's role in a project away; False when there was none. Never the lead's."""
    Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    access = ProjectAccess.objects.filter(project=project, user=user).first()
    if access is None:
        return False
    if access.role == Role.LEAD:
        _refuse_last_lead(access)
    before = access.role
    access.delete()
    _record_access(project, user, actor, before, None)
    return True


def _refuse_last_lead(access: ProjectAccess) -> None:
    if access.user_id == access.project.lead_id:
        raise ValidationError(_("This person leads the project. Choose another lead first."))


def _record_access(
    project: Project, user: User, actor: User, before: str | None, after: str | None
) -> AuditEvent:
    project.__dict__.pop("_roles", None)
    verb = "project.access_granted" if after else "project.access_revoked"
    return record(
        actor=actor,
        verb=verb,
        target=project,
        person=[str(user), str(user)],
        person_id=[user.pk, user.pk],
        role=[before, after],
    )


@transaction.atomic
def undo_access(*, project: Project, event: AuditEvent, actor: User) -> bool:
    """Put a person's role back to what it was before the event; False when it is already."""
    user = User.objects.get(pk=event.changes["person_id"][0])
    before, after = event.changes["role"]
    access = ProjectAccess.objects.filter(project=project, user=user).first()
    now = access.role if access else None
    if now == before:
        return False
    if now != after:
        raise ValidationError(_("Somebody has changed the same since then. Nothing was undone."))
    if before is None:
        return revoke_project_access(project=project, user=user, actor=actor)
    grant_project_access(project=project, user=user, role=before, actor=actor)
    return True
