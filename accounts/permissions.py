"""Who may do what. The only table of rights; docs/permissions.md is generated from it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do in one client group or one project; the stronger wins."""

    VIEWER = "viewer", _("Viewer")
    MEMBER = "member", _("Member")
    LEAD = "lead", _("Lead")


RANK = {None: 0, Role.VIEWER: 1, Role.MEMBER: 2, Role.LEAD: 3}

# Pages that show only what `visible_to` lets through: any signed-in person may open them.
SIGNED_IN = {
    "accounts.profile",
    "clientgroups.list",
    "feedback.list",
    "imports.list",
    "notifications.inbox",
    "projects.list",
    "reports.search",
    "reports.view",
}
# A project manager starts things: groups, imports of clients. Rows stay limited by `visible_to`.
MANAGER = SIGNED_IN | {
    "clientgroups.canned_answers",
    "clientgroups.create",
    "clientgroups.export_list",
    "clientgroups.import",
    "clientgroups.rates",
    "imports.run",
}
VIEWER = {
    "clientgroups.view",
    "feedback.view",
    "projects.view",
}
MEMBER = VIEWER | {
    "clientgroups.log_touch",
    "clientgroups.serve",
    "projects.edit_task",
    "projects.comment",
    "projects.check_in",
}
LEAD = MEMBER | {
    "clientgroups.edit",
    "clientgroups.manage_access",
    "clientgroups.edit_client",
    "clientgroups.export_client",
    "clientgroups.merge",
    "clientgroups.plan",
    "clientgroups.research",
    "feedback.edit",
    "feedback.publish",
    "imports.into_project",
    "imports.own",
    "projects.create",
    "projects.edit",
    "projects.edit_goal",
    "projects.manage_access",
}
ADMINISTRATOR = {"accounts.audit", "accounts.operate", "clientgroups.erase"}

# Role held on the row -> names. `None` means no row is involved.
ALLOWED = {
    None: SIGNED_IN,
    Role.VIEWER: SIGNED_IN | VIEWER,
    Role.MEMBER: SIGNED_IN | MEMBER,
    Role.LEAD: SIGNED_IN | LEAD,
}


def stronger(*roles: str | None) -> str | None:
    """The strongest of several roles; None when there is none."""
    return max(roles, key=lambda role: RANK[role], default=None)
