"""The URL × role table: what each page answers to each kind of person.

Every app keeps its rows in `tests/<app>/urls_table.py`:

    ROWS = [
        Url("projects:project_list", SIGNED_IN),
        Url("projects:project_detail", VIEW, make=ProjectFactory),
        Url("projects:task_edit", WORK, make=TaskFactory),
        Url("projects:task_move", WORK, make=TaskFactory, post=lambda t: {"column": t.column_id}),
    ]

`make` gives the row that the roles are granted on (its client group or project, see `sign_in`);
`kwargs` turns it into the URL's arguments, by default the primary key under the only name the
pattern has. A row with `post` is requested by POST. `grow` makes one more line for a list page; the
page is then asked as administrator with one and with three lines, and must send as many queries.
`tests/test_urls.py` runs the table over every URL pattern; a pattern without a row fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

from django.urls import get_resolver, reverse

APPS = (
    "core",
    "accounts",
    "notifications",
    "clientgroups",
    "projects",
    "feedback",
    "risks",
    "imports",
    "reports",
)
LOGIN = 302


def expect(outsider, viewer, member, lead, manager, admin="ok", anonymous=LOGIN):
    """Status per role; "ok" means the page (200), or for a POST anything that is no refusal."""
    return {
        "anonymous": anonymous,
        "outsider": outsider,
        "viewer": viewer,
        "member": member,
        "lead": lead,
        "manager": manager,
        "admin": admin,
    }


PUBLIC = expect("ok", "ok", "ok", "ok", "ok", anonymous="ok")
SIGNED_IN = expect("ok", "ok", "ok", "ok", "ok")
VIEW = expect(404, "ok", "ok", "ok", 404)
WORK = expect(404, 403, "ok", "ok", 404)
LEAD = expect(404, 403, 403, "ok", 404)
MANAGE = expect(403, 403, 403, 403, "ok")
ADMIN = expect(403, 403, 403, 403, 403)
# A row that belongs to one person: nobody else but an administrator sees it.
OWN = expect(404, 404, 404, 404, 404)


@dataclass(frozen=True)
class Url:
    name: str
    status: dict
    make: Callable | None = None
    kwargs: Callable | None = None
    post: Callable | dict | None = None
    query: str = ""
    grow: Callable | None = None
    note: str = field(default="", compare=False)

    def address(self, obj):
        """The path to ask for."""
        if self.kwargs:
            arguments = self.kwargs(obj)
        elif obj is not None:
            (name,) = names()[self.name]
            arguments = {name: obj.pk}
        else:
            arguments = {}
        return reverse(self.name, kwargs=arguments) + self.query

    def data(self, obj):
        return self.post(obj) if callable(self.post) else self.post


def names():
    """Name -> names of its arguments, for every pattern of ours outside the admin."""
    found = {}

    def walk(patterns, namespace, inherited):
        for entry in patterns:
            arguments = inherited | set(entry.pattern.converters)
            if getattr(entry, "namespace", None) == "admin":
                continue
            if hasattr(entry, "url_patterns"):
                inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
                walk(entry.url_patterns, inner, arguments)
            elif entry.callback.__module__.split(".")[0] in (*APPS, "config"):
                found[f"{namespace}{entry.name}"] = arguments

    walk(get_resolver().url_patterns, "", set())
    return found


def rows():
    """Every row of every app's table, the health pages included."""
    table = [Url("healthz", PUBLIC)]
    for app in APPS:
        module = f"tests.{app}.urls_table"
        if find_spec(f"tests.{app}") and find_spec(module):
            table += import_module(module).ROWS
    return table
