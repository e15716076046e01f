"""Rules that no single module owns; each failure names the offender."""

import ast
import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.urls import get_resolver

from accounts.models import User
from accounts.permissions import ADMINISTRATOR, ALLOWED, MANAGER
from config import messages
from config.celery import EVERY, app
from core.views import page
from tests.factories.accounts import UserFactory
from tests.sources import BASE_DIR, LAYERS, our_models, our_patterns, sources, templates

KNOWN = set().union(ADMINISTRATOR, MANAGER, *ALLOWED.values())
# Views that anybody may open, or that ask for no named right, and why.
UNSTAMPED = {
    "accounts.auth_views.ask_reset": "who forgot a password cannot sign in",
    "accounts.views.set_language": "offered before signing in, too",
    "accounts.views.set_theme": "offered before signing in, too",
    "clientgroups.views.activity_answer.activity_answer": "an invited person answers by token",
    "clientgroups.views.activity_answer.activity_calendar": "the event for an invited person",
    "clientgroups.views.activity_answer.activity_stop": "an invited person takes back consent",
    "clientgroups.views.request_public.request_public": "a client reads and writes by their link",
    "clientgroups.views.request_public.request_rate": "a client rates by personal link",
    "feedback.views.answer.answer": "a client answers by personal link; the token is the right",
    "feedback.views.answer.answer_stop": "a client stops e-mails by personal link",
    "feedback.views.answer.answer_thanks": "says thank you and shows nothing else",
}
# Models without an admin page, and why.
NOT_IN_ADMIN = {}
# Functions that may call what the rules forbid elsewhere, and why: "path::word".
EXCEPTIONS = {"core/one_click.py": "mail programs have no form token"}


def calls_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


# Access ------------------------------------------------------------------------------------------


def test_every_view_names_a_permission():
    views = {
        f"{entry.callback.__module__}.{entry.callback.__name__}": entry.callback
        for entry in our_patterns(get_resolver().url_patterns)
    }
    bare = {name for name, view in views.items() if not hasattr(view, "permission")}

    assert sorted(bare - set(UNSTAMPED)) == []
    assert sorted(set(UNSTAMPED) - bare) == [], "no longer needed on the list"


def test_every_named_permission_stands_in_the_table():
    named = {
        view.permission
        for view in (entry.callback for entry in our_patterns(get_resolver().url_patterns))
        if hasattr(view, "permission")
    }

    assert sorted(named - KNOWN) == []


def test_templates_ask_only_for_permissions_in_the_table():
    asked = {
        (name, permission)
        for name, text in templates().items()
        for permission in re.findall(r"{%\s*can\s+[\"']([^\"']+)[\"']", text)
    }

    assert sorted(pair for pair in asked if pair[1] not in KNOWN) == []


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head"])
def test_get_cannot_write(rf, method):
    @page("reports.view", methods=("GET", "HEAD", "POST"))
    def rename(request):
        User.objects.update(name="Written")

    request = getattr(rf, method)("/")
    request.user = UserFactory(admin=True)

    with pytest.raises(DatabaseError, match="read-only"), transaction.atomic():
        rename(request)

    request.user.refresh_from_db()
    assert request.user.name != "Written"


@pytest.mark.django_db
def test_post_can_write(rf):
    @page("reports.view", methods=("GET", "POST"))
    def rename(request):
        User.objects.update(name="Written")

    request = rf.post("/")
    request.user = UserFactory(admin=True)

    rename(request)

    request.user.refresh_from_db()
    assert request.user.name == "Written"


# Structure ---------------------------------------------------------------------------------------


def test_foreign_keys_point_downwards():
    upward = [
        f"{field} -> {field.related_model._meta.label}"
        for model in our_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model
        if field.related_model._meta.app_label in LAYERS
        if LAYERS.index(field.related_model._meta.app_label) > LAYERS.index(model._meta.app_label)
    ]

    assert upward == []


def test_beat_runs_only_tasks_that_exist():
    app.loader.import_default_modules()

    assert sorted(set(EVERY) - set(app.tasks)) == []
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} == set(EVERY)


def test_every_model_is_in_the_admin():
    missing = {model._meta.label for model in our_models() if not admin.site.is_registered(model)}

    assert sorted(missing - set(NOT_IN_ADMIN)) == []
    assert sorted(set(NOT_IN_ADMIN) - missing) == [], "no longer needed on the list"


def test_audit_rows_cannot_be_changed_in_the_admin(rf):
    model = apps.get_model("accounts.AuditEvent")
    registered = admin.site.get_model_admin(model)
    request = rf.get("/")
    request.user = User(role=User.Role.ADMIN, is_staff=True, is_superuser=True)

    assert not registered.has_add_permission(request)
    assert not registered.has_change_permission(request)
    assert not registered.has_delete_permission(request)


def test_migrations_are_named_by_hand():
    names = [path.stem for path in BASE_DIR.glob("*/migrations/[0-9]*.py")]

    assert names
    assert [
        name for name in names if re.search(r"_auto_|_and_more$|_alter_\w+_options$", name)
    ] == []


def test_every_app_with_models_has_migrations():
    labels = {model._meta.app_label for model in our_models()}

    without = [n for n in labels if not (BASE_DIR / n / "migrations/0001_initial.py").exists()]
    assert without == []


# Code --------------------------------------------------------------------------------------------


def test_views_fetch_rows_only_through_their_scope():
    """No `Model.objects.get`, no `get_object_or_404(Model)`: a loader starts from visible_to."""
    found = []
    for name, text in sources(*LAYERS).items():
        if "/views" not in name:
            continue
        for node, function in calls_in(ast.parse(text)):
            first = ast.unparse(node.args[0]) if node.args else ""
            if function.endswith(".objects.get") or (
                function == "get_object_or_404" and re.fullmatch(r"[A-Z]\w+(\.objects)?", first)
            ):
                found.append(f"{name}:{node.lineno}")

    assert found == []


FORBIDDEN = {
    r"@receiver\b|\b(pre|post)_(save|delete|init)\b|m2m_changed": "no signals",
    r"GenericForeignKey": "no generic foreign keys",
    r"\bATOMIC_REQUESTS\b": "services own their transactions",
    r"\bcsrf_exempt\b": "every form carries its token",
    r"\b(pickle|yaml\.load|eval|exec)\(": "nothing from outside is executed",
}


@pytest.mark.parametrize(("pattern", "reason"), FORBIDDEN.items())
def test_code_keeps_the_rule(pattern, reason):
    found = [
        f"{name}:{number}"
        for name, text in sources(*LAYERS, "config").items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]

    assert [place for place in found if place.split(":")[0] not in EXCEPTIONS] == [], reason


def test_models_do_not_override_save():
    """A model saves nothing but itself; what else happens stands in a service."""
    found = [
        f"{name}:{node.lineno}"
        for name, text in sources(*LAYERS).items()
        if "/models" in name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]

    assert found == []


def test_markup_is_trusted_in_few_places():
    found = {
        name
        for name, text in sources(*LAYERS, "config").items()
        if re.search(r"\bmark_safe\b|\bSafeString\b|__html__", text)
    }

    assert (
        sorted(
            name
            for name in found
            if not re.match(r"core/(templatetags/|markdown\.py|charts)", name)
        )
        == []
    )


def test_tests_neither_sleep_nor_skip():
    pattern = r"\bsleep\(|pytest\.skip\(|mark\.(skip|skipif|xfail)\b"
    found = {name for name, text in sources("tests").items() if re.search(pattern, text)} - {
        "tests/conftest.py",
        "tests/test_consistency.py",
    }

    assert sorted(found) == []


def test_test_functions_say_what_happens():
    short = [
        f"{name}::{node.name}"
        for name, text in sources("tests").items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if node.name.count("_") < 2
    ]

    assert short == []


# Language ----------------------------------------------------------------------------------------


def catalogue():
    return BASE_DIR / "locale" / messages.LOCALE / "LC_MESSAGES" / "django.po"


def test_chinese_catalogue_is_complete():
    assert messages.problems_of(catalogue()) == []


@pytest.mark.django_db
def test_database_is_postgresql_15_or_newer():
    assert connection.vendor == "postgresql"
    assert connection.pg_version >= 150000
