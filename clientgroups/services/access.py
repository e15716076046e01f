from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import AuditEvent, User
from accounts.permissions import Role
from clientgroups.models import ClientGroup, GroupAccess
from clientgroups.services.marks import mark_rules_of
from notifications.services import in_language_of, notify


def _locked(group: ClientGroup) -> ClientGroup:
    return ClientGroup.objects.select_for_update().get(pk=group.pk)


def _keep_a_lead(group: ClientGroup, user: User) -> None:
    leads = group.access.filter(role=Role.LEAD, user__is_active=True).exclude(user=user)
    if not leads.exists():
        raise ValidationError(_("A group needs a lead. Make somebody else lead first."))


@transaction.atomic
def grant_group_access(
    *, group: ClientGroup, user: User, role: str, actor: User
) -> AuditEvent | None:
    """Give a person a role in a group, or another one than they hold; None when they hold it.

    The last lead keeps the role. The person is told. The audit row is what undo takes back.
    """
    group = _locked(group)
    if not user.is_active:
        raise ValidationError(_("%(name)s no longer signs in.") % {"name": user})
    access = group.access.filter(user=user).first()
    before = access.role if access else None
    if before == role:
        return None
    if before == Role.LEAD:
        _keep_a_lead(group, user)
    access = access or GroupAccess(client_group=group, user=user)
    access.role = role
    access.full_clean()
    access.save()
    mark_rules_of(user)
    event = _record(group, user, actor, before, role)
    if user != actor:
        _tell(group, user, actor, access.get_role_display, event)
    return event


@transaction.atomic
def revoke_group_access(*, group: ClientGroup, user: User, actor: User) -> AuditEvent | None:
    """Take a person's role in a group away; None when they hold none. Never the last lead's."""
    group = _locked(group)
    access = group.access.filter(user=user).first()
    if access is None:
        return None
    before = access.role
    if before == Role.LEAD:
        _keep_a_lead(group, user)
    access.delete()
    mark_rules_of(user)
    return _record(group, user, actor, before, None)


@transaction.atomic
def undo_group_access(*, group: ClientGroup, event: AuditEvent, actor: User) -> None:
    """Give a person back the role they held before a change; undoing twice changes nothing.

    Refused when the role has changed again since.
    """
    before, after = event.changes["role"]
    user = User.objects.get(pk=event.changes["person_id"][1])
    access = _locked(group).access.filter(user=user).first()
    now = access.role if access else None
    if now == before:
        return
    if now != after:
        raise ValidationError(_("The role has changed since, so it was left as it is."))
    if before is None:
        revoke_group_access(group=group, user=user, actor=actor)
    else:
        grant_group_access(group=group, user=user, role=before, actor=actor)


def _record(group, user, actor, before, after) -> AuditEvent:  # noqa: ANN001
    return record(
        actor=actor,
        verb="group.access_changed",
        target=group,
        person=[None, str(user)],
        person_id=[None, user.pk],
        role=[before, after],
    )


def _tell(group, user, actor, role, event) -> None:  # noqa: ANN001
    with in_language_of(user):
        names = {"who": actor, "group": group, "role": role()}
        notify(
            recipient=user,
            kind="group.access_changed",
            subject=_("You can now work in “%(group)s”") % names,
            body=_("%(who)s gave you a role in the client group “%(group)s”: %(role)s.") % names,
            url=reverse("clientgroups:group_detail", args=[group.pk]),
            dedupe_key=f"group.access_changed:{event.pk}",
        )
