"""Search over clients, groups, projects, tasks, goals, surveys and requests in one statement."""

import re
from dataclasses import dataclass, field

from django.db.models import CharField, F, IntegerField, Q, Value
from django.db.models.functions import Cast, Coalesce
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import Client, ClientGroup, ServiceRequest
from core.addresses import path_to
from core.prepared import prepared
from core.search import query_of, search_query, search_words
from core.templatetags import ui
from feedback.models import Survey
from projects.models import Goal, Project, Task

# How many of the newest hits of a kind are looked at before ranking; bounds the sort.
CANDIDATES = 200
TASK_KEY = re.compile(r"^([A-Za-z][A-Za-z0-9]{1,7})-(\d{1,9})$")


@dataclass(frozen=True)
class Kind:
    """How one kind of row is found and shown."""

    model: type
    label: str
    icon: str
    title: str
    detail: str
    url: str
    parent: str | None = None
    args: tuple[str, ...] = ("pk",)


KINDS = {
    "client": Kind(
        Client, _("Clients"), "building", "name", "external_id", "clientgroups:client_detail"
    ),
    "group": Kind(
        ClientGroup,
        _("Client groups"),
        "users-group",
        "name",
        "description",
        "clientgroups:group_detail",
    ),
    "project": Kind(
        Project, _("Projects"), "layout-dashboard", "name", "key", "projects:project_detail"
    ),
    "task": Kind(
        Task,
        _("Tasks"),
        "layout-kanban",
        "title",
        "project__key",
        "projects:task_detail",
        parent="project_id",
        args=("parent", "number"),
    ),
    "goal": Kind(
        Goal,
        _("Goals"),
        "target-arrow",
        "statement",
        "project__name",
        "projects:goal_detail",
        parent="project_id",
        args=("parent", "pk"),
    ),
    "survey": Kind(
        Survey, _("Surveys"), "message-star", "name", "client_group__name", "feedback:survey_detail"
    ),
    "request": Kind(
        ServiceRequest,
        _("Service requests"),
        "headset",
        "subject",
        "client__name",
        "clientgroups:request_detail",
    ),
}


@dataclass(frozen=True)
class Hit:
    """One row found: where it is and the text with the found pieces marked."""

    kind: str
    title: str
    detail: str
    url: str
    pieces: list = field(default_factory=list)

    @property
    def icon(self):
        return KINDS[self.kind].icon

    @property
    def picture(self):
        return ui.icon(self.icon)

    @property
    def marked(self):
        """The title with the found pieces marked."""
        return format_html_join("", "{}", ((drawn(piece),) for piece in self.pieces))

    @property
    def small(self):
        return format_html("<small>{}</small>", self.detail) if self.detail else ""


def drawn(piece):
    text, found = piece
    return format_html("<mark>{}</mark>", text) if found else text


def _found(kind: str, user: User, query):
    spec = KINDS[kind]
    rows = spec.model.objects.visible_to(user).filter(search=query)
    if kind == "task":
        rows = rows.live()
    if kind == "client":
        rows = rows.active()
    return rows


def _columns(kind: str, rows):
    spec = KINDS[kind]
    # `pk + 0` keeps the planner on the search index instead of walking the primary key.
    newest = rows.order_by((F("pk") + 0).desc())[:CANDIDATES]
    return newest.values_list(
        Value(kind, output_field=CharField()),
        Cast(F("pk"), IntegerField()),
        Cast(F(spec.title), CharField()),
        Cast(Coalesce(F(spec.detail), Value("")), CharField()),
        F(spec.parent) if spec.parent else Cast(Value(None), IntegerField()),
        F("number") if kind == "task" else Cast(Value(None), IntegerField()),
    )


def _rank(row, needle: str) -> tuple:
    """Title that starts with the words first, then title that holds them, then the newest."""
    title = row[2].casefold()
    return (not title.startswith(needle), needle not in title, -row[1])


def _hit(row, words) -> Hit:
    kind, pk, title, detail, parent, number = row
    values = {"pk": pk, "parent": parent, "number": number}
    if kind == "task":
        detail = f"{detail}-{number}"
    url = path_to(KINDS[kind].url, *(values[name] for name in KINDS[kind].args))
    return Hit(kind, title, detail[:120], url, mark(title, words))


def mark(text: str, words: list[str]) -> list[tuple[str, bool]]:
    """Cut a text into (piece, is found) so that the template escapes every piece itself."""
    if not words:
        return [(text, False)]
    pattern = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    pieces, end = [], 0
    for match in pattern.finditer(text):
        if match.start() > end:
            pieces.append((text[end : match.start()], False))
        pieces.append((match.group(), True))
        end = match.end()
    return pieces + ([(text[end:], False)] if end < len(text) else [])


def find(*, user: User, text: str, kinds=None, each: int = 6) -> dict[str, list[Hit]]:
    """The best `each` rows of every kind that the person may see: one query, bounded rows."""
    query = search_words(text)
    kinds = tuple(kind for kind in KINDS if not kinds or kind in kinds)
    if query is None:
        return {}
    rows = _rows(user, query, kinds)
    needle = " ".join(text.casefold().split())
    words = sorted(set(needle.split()), key=len, reverse=True)[:8]
    found: dict[str, list[Hit]] = {}
    for row in sorted(rows, key=lambda row: _rank(row, needle)):
        hits = found.setdefault(row[0], [])
        if len(hits) < each:
            hits.append(_hit(row, words))
    return {kind: found[kind] for kind in kinds if kind in found}


@prepared
def _rows(user: User, words: str, kinds: tuple[str, ...]):
    query = query_of(words)
    first, *others = [_columns(kind, _found(kind, user, query)) for kind in kinds]
    return first.union(*others, all=True) if others else first


def find_key(*, user: User, text: str) -> Hit | None:
    """The task that a key such as HR-128 names, if the person may see it."""
    match = TASK_KEY.match(text.strip())
    if not match:
        return None
    task = (
        Task.objects.visible_to(user)
        .select_related("project")
        .filter(Q(project__key=match[1].upper()), number=int(match[2]))
        .first()
    )
    if task is None:
        return None
    return Hit("task", task.title, task.key, task.get_absolute_url(), [(task.title, False)])


def all_of_kind(*, user: User, text: str, kind: str):
    """Every visible row of one kind, newest first, as a queryset to page through."""
    query = search_query(text)
    if query is None or kind not in KINDS:
        return Client.objects.none()
    return _found(kind, user, query).order_by("-pk")


def hits_of(rows, kind: str, text: str) -> list[Hit]:
    """The rows of one page of `all_of_kind` as hits."""
    words = sorted(set(text.casefold().split()), key=len, reverse=True)[:8]
    keys = [row.pk for row in rows]
    columns = _columns(kind, KINDS[kind].model.objects.filter(pk__in=keys))
    return [_hit(row, words) for row in columns]
