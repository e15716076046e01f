import django_filters
from django.db.models import Count, F, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.paging import Sliced
from core.prepared import prepared
from core.search import search_query
from projects.models import Project, Task
from projects.selectors.work import week_end

STATES = [
    ("open", _("Open")),
    ("done", _("Done")),
    ("cancelled", _("Cancelled")),
    ("archived", _("Archived")),
    ("all", _("All")),
]
DUE = [
    ("overdue", _("Overdue")),
    ("today", _("Today")),
    ("week", _("This week")),
    ("none", _("No date")),
]
SORTS = {
    "number": ["number"],
    "title": ["title", "number"],
    "status": ["column__position", "position", "number"],
    "assignee": [F("assignee__name").asc(nulls_last=True), "number"],
    "due": [F("due_on").asc(nulls_last=True), "-priority", "number"],
    "priority": ["priority", "number"],
    "updated": ["updated_at", "number"],
}
BACKWARDS = {
    "number": ["-number"],
    "title": ["-title", "-number"],
    "status": ["-column__position", "-position", "-number"],
    "assignee": [F("assignee__name").desc(nulls_last=True), "-number"],
    "due": [F("due_on").desc(nulls_last=True), "-priority", "-number"],
    "priority": ["-priority", "number"],
    "updated": ["-updated_at", "-number"],
}


def in_order(tasks, sort):
    """Rows in the order that the address names; by due date when it names none that exists."""
    orders = BACKWARDS if sort.startswith("-") else SORTS
    return tasks.order_by(*orders.get(sort.lstrip("-"), SORTS["due"]))


SHOWN = (
    "number",
    "title",
    "priority",
    "is_critical",
    "due_on",
    "updated_at",
    "column__name",
    "column__category",
    "assignee__name",
    "assignee__email",
)


def tasks_to_page(project, data, request):
    """The tasks that the address leaves, to be counted and cut; fast while it narrows nothing."""
    sort = data.get("sort", "")
    if any(data.get(name) for name in TaskFilter.base_filters if name != "state") or (
        data.get("state") != "open"
    ):
        narrowed = TaskFilter(data, queryset=Task.objects.filter(project=project), request=request)
        return lines_of(narrowed.qs, sort)
    sort = sort if sort.lstrip("-") in SORTS else ""
    return Sliced(
        lambda: open_count(project.pk)[0],
        lambda start, stop: open_lines(project.pk, (sort, start, stop)),
    )


def lines_of(tasks, sort):
    return in_order(tasks.select_related("column", "assignee"), sort).only(*SHOWN)


@prepared
def open_lines(project: int, shape: tuple[str, int, int]):
    sort, start, stop = shape
    return lines_of(Task.objects.filter(project=project).open(), sort)[start:stop]


@prepared
def open_count(project: int):
    tasks = Task.objects.filter(project=project).open().order_by()
    groups = tasks.annotate(all=Value(1)).values("all")
    return groups.annotate(n=Count("pk")).values_list("n", flat=True)


class TaskFilter(django_filters.FilterSet):
    """The list of tasks of one project, as its address narrows it."""

    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=200)
    state = django_filters.ChoiceFilter(label=_("State"), choices=STATES, method="by_state")
    column = django_filters.NumberFilter(label=_("Column"), field_name="column")
    assignee = django_filters.CharFilter(label=_("Assignee"), method="by_assignee", max_length=18)
    label = django_filters.NumberFilter(label=_("Label"), field_name="labels")
    due = django_filters.ChoiceFilter(label=_("Due"), choices=DUE, method="by_due")
    priority = django_filters.ChoiceFilter(label=_("Priority"), choices=Task.Priority)

    class Meta:
        model = Task
        fields: list[str] = []

    def search(self, tasks, _name, value):
        words = search_query(value)
        return tasks.filter(search=words) if words else tasks.none()

    def by_state(self, tasks, _name, value):
        if value == "archived":
            return tasks.exclude(archived_at=None)
        tasks = tasks.filter(archived_at=None)
        if value == "open":
            return tasks.filter(column__category__in=["todo", "doing"])
        return tasks if value == "all" else tasks.filter(column__category=value)

    def by_assignee(self, tasks, _name, value):
        if value == "me":
            return tasks.filter(assignee=self.request.user)
        if value == "none":
            return tasks.filter(assignee=None)
        return tasks.filter(assignee=int(value)) if value.isdecimal() else tasks

    def by_due(self, tasks, _name, value):
        today = timezone.localdate()
        if value == "none":
            return tasks.filter(due_on=None)
        if value == "overdue":
            return tasks.filter(due_on__lt=today, column__category__in=["todo", "doing"])
        if value == "today":
            return tasks.filter(due_on=today)
        return tasks.filter(due_on__gte=today, due_on__lte=week_end(today))


class ProjectFilter(django_filters.FilterSet):
    """The list of projects, as its address narrows it."""

    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=200)
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Project.Status)
    group = django_filters.NumberFilter(label=_("Client group"), field_name="client_group")

    class Meta:
        model = Project
        fields: list[str] = []

    def search(self, projects, _name, value):
        words = search_query(value)
        return projects.filter(search=words) if words else projects.none()
