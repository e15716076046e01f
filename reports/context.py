"""What the shell shows on every page; two queries, and none on fragments or public pages."""

from dataclasses import dataclass

from django.db.models import BooleanField, Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.middleware.csrf import get_token
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.permissions import Role
from clientgroups.models import ClientGroup, GroupAccess
from core.addresses import path_to
from core.middleware import current_place, place_of
from core.prepared import prepared
from core.templatetags import ui
from notifications.models import Message
from projects.models import Project, Task

# More than this, and a person searches instead of reading a list.
PLACES_SHOWN = 40
PROJECT, GROUP = "p", "g"


@dataclass(frozen=True, slots=True)
class Place:
    """A project with its group, or a group with the number of its clients."""

    kind: str
    pk: int
    name: str
    group: int
    group_name: str
    clients: int
    leads: bool


def navigation(request):
    # Masked once per page: Django's own entry masks it anew for every form.
    token = {"csrf_token": SimpleLazyObject(lambda: get_token(request))}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": {}, **token}
    return {"nav": SimpleLazyObject(lambda: _navigation(request, user)), **token}


def _navigation(request, user):
    sign, key = current_place(request) or ("", 0)
    places = [Place(*row[1:]) for row in _places(user, sign, key)]
    projects = [place for place in places if place.kind == PROJECT]
    groups = [place for place in places if place.kind == GROUP]
    project, group = _current(sign, key, projects, groups)
    if project or group:
        request.shown_place = ("p", project.pk) if project else ("g", group.pk)
    unread, mine = figures_of(user.pk)[0]
    return {
        "projects": projects,
        "groups": groups,
        "tree": SimpleLazyObject(lambda: _tree(projects, groups)),
        "places": SimpleLazyObject(lambda: _drawn(_tree(projects, groups), project, group)),
        "project": project and _row(project, request),
        "group": group,
        "unread": unread,
        "mine": mine,
        "leads": user.sees_everything or any(one.leads for one in groups),
    }


# The places a person goes to ----------------------------------------------------------------------


def _places(user, sign, key):
    """Those of the current place first, so that a long list never cuts it off; then by name."""
    project, group = (key if sign == each else 0 for each in (PROJECT, GROUP))
    return places_of(user, project, group, (PLACES_SHOWN,))


@prepared
def places_of(user: User, project: int, group: int, shown: tuple[int]):
    (shown,) = shown
    projects = (
        Project.objects.visible_to(user)
        .filter(Q(status__in=["planned", "active"]) | Q(pk=project))
        .annotate(rank=Case(When(pk=project, then=0), When(client_group=group, then=0), default=1))
        .order_by("rank", "name")
    )
    here = Project.objects.filter(pk=project).order_by().values("client_group")
    leads = GroupAccess.objects.filter(user=user, role=Role.LEAD).values("client_group")
    led = Case(When(pk__in=leads, then=True), default=False, output_field=BooleanField())
    groups = (
        ClientGroup.objects.visible_to(user)
        .annotate(here=Case(When(pk=group, then=0), When(pk__in=here, then=0), default=1))
        .filter(Q(archived_at=None) | Q(here=0))
        .order_by("here", "name")
    )
    nothing, no = Value(0), Value(value=False)
    names = projects.values_list(
        "rank", Value(PROJECT), "pk", "name", "client_group", "client_group__name", nothing, no
    )
    others = groups.values_list(
        "here", Value(GROUP), "pk", "name", F("pk") + 0, Value(""), "member_count", led
    )
    return names[:shown].union(others[:shown], all=True)


def _current(sign, key, projects, groups):
    """The place named by the page or the cookie, if it is among what the person may see.

    Whoever was nowhere yet starts in the first project.
    """
    if not sign and projects:
        sign, key = PROJECT, projects[0].pk
    project = next((one for one in projects if sign == PROJECT and one.pk == key), None)
    if project:
        return project, next((one for one in groups if one.pk == project.group), None)
    return None, next((one for one in groups if sign == GROUP and one.pk == key), None)


def _row(place, request):
    """The project itself: the row that the page loaded already, or what is known of it."""
    named = getattr(request, "nav_project", None) or getattr(request, "page_object", None)
    if place_of(named) == (PROJECT, place.pk):
        return named if isinstance(named, Project) else named.project
    # In the order of the model's columns, as the reader of a row expects.
    names = ["id", "client_group_id", "name"]
    project = Project.from_db("default", names, [place.pk, place.group, place.name])
    group = [place.group, place.group_name]
    project.client_group = ClientGroup.from_db("default", ["id", "name"], group)
    return project


def _tree(projects, groups):
    """[(group, may be opened, its projects)] by name; projects seen without their group, too."""
    names = {project.group: project.group_name for project in projects}
    names |= {group.pk: group.name for group in groups}
    seen = {group.pk for group in groups}
    return [
        ((key, name), key in seen, [one for one in projects if one.group == key])
        for key, name in sorted(names.items(), key=lambda pair: pair[1])
    ]


def _drawn(tree, project, group):
    """The lines of the list, drawn in one go: it is long, and stands on every page."""
    here = (PROJECT, project.pk) if project else (GROUP, group.pk if group else 0)
    lines = []
    for (key, name), visible, projects in tree:
        if visible:
            path = path_to("clientgroups:group_detail", key)
            lines.append(("", path, here == (GROUP, key), "users-group", name))
        cls = "sub" if visible else ""
        for one in projects:
            path = path_to("projects:project_detail", one.pk)
            lines.append((cls, path, here == (PROJECT, one.pk), "briefcase", one.name))
    return ui.list_of_links(lines)


# Figures ------------------------------------------------------------------------------------------


@prepared
def figures_of(user: int):
    """(unread messages, own open tasks) in one statement."""
    unread = Message.objects.filter(recipient=OuterRef("pk")).unread().order_by()
    mine = Task.objects.open().filter(assignee=OuterRef("pk")).order_by()
    person = User.objects.filter(pk=user).order_by()
    return person.values_list(_count(unread, "recipient"), _count(mine, "assignee"))


def _count(rows, name):
    return Coalesce(Subquery(rows.values(name).annotate(n=Count("pk")).values("n")), 0)
