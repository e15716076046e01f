"""What the shell shows on every page; three queries, and none on fragments or public pages."""

from django.db.models import BooleanField, Case, Count, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.permissions import Role
from clientgroups.models import ClientGroup, GroupAccess
from core.middleware import current_place
from notifications.models import Message
from projects.models import Project, Task

# More than this, and a person searches instead of reading a list.
PLACES_SHOWN = 40


def navigation(request):
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": {}}
    return {"nav": SimpleLazyObject(lambda: _navigation(request, user))}


def _navigation(request, user):
    sign, key = current_place(request) or ("", 0)
    projects = list(_projects(user, sign, key))
    groups = list(_groups(user, sign, key, projects))
    project, group = _current(sign, key, projects, groups)
    if project or group:
        request.shown_place = ("p", project.pk) if project else ("g", group.pk)
    figures = _figures(user)
    return {
        "projects": projects,
        "groups": groups,
        "tree": _tree(projects, groups),
        "project": project,
        "group": group,
        "unread": figures["unread"],
        "mine": figures["mine"],
        "leads": user.sees_everything or any(one.leads for one in groups),
    }


def _first(name, key):
    """Rows of the current place come first, so that a long list never cuts it off."""
    return Case(When(**{name: key}, then=0), default=1)


def _projects(user, sign, key):
    mine = Project.objects.visible_to(user).select_related("client_group")
    rows = mine.filter(Q(status__in=["planned", "active"]) | Q(pk=key if sign == "p" else 0))
    here = _first("pk" if sign == "p" else "client_group", key)
    return rows.order_by(here, "name")[:PLACES_SHOWN]


def _groups(user, sign, key, projects):
    if sign == "p":
        key = next((one.client_group_id for one in projects if one.pk == key), 0)
    leads = GroupAccess.objects.filter(user=user, role=Role.LEAD).values("client_group")
    led = Case(When(pk__in=leads, then=True), default=False, output_field=BooleanField())
    return (
        ClientGroup.objects.visible_to(user)
        .filter(Q(archived_at=None) | Q(pk=key))
        .annotate(leads=led)
        .order_by(_first("pk", key), "name")[:PLACES_SHOWN]
    )


def _current(sign, key, projects, groups):
    """The place named by the page or the cookie, if it is among what the person may see.

    Whoever was nowhere yet starts in the first project.
    """
    if not sign and projects:
        sign, key = "p", projects[0].pk
    project = next((one for one in projects if sign == "p" and one.pk == key), None)
    if project:
        return project, next((one for one in groups if one.pk == project.client_group_id), None)
    return None, next((one for one in groups if sign == "g" and one.pk == key), None)


def _tree(projects, groups):
    """[(group, may be opened, its projects)] by name; projects seen without their group, too."""
    seen = {group.pk: group for group in groups}
    parents = {project.client_group_id: project.client_group for project in projects} | seen
    return [
        (parent, key in seen, [one for one in projects if one.client_group_id == key])
        for key, parent in sorted(parents.items(), key=lambda pair: pair[1].name)
    ]


def _figures(user):
    """Unread messages and own open tasks in one statement."""
    unread = Message.objects.filter(recipient=OuterRef("pk")).unread().order_by()
    mine = Task.objects.open().filter(assignee=OuterRef("pk")).order_by()
    return User.objects.filter(pk=user.pk).values(
        unread=_count(unread, "recipient"), mine=_count(mine, "assignee")
    )[0]


def _count(rows, name):
    return Coalesce(Subquery(rows.values(name).annotate(n=Count("pk")).values("n")), 0)
