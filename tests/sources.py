"""What the rule tests read: our sources, templates, views and models."""

from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings

from tests.url_table import APPS

BASE_DIR = Path(settings.BASE_DIR)
LAYERS = list(APPS)


@cache
def sources(*folders):
    """Path -> text of our Python files, migrations left out."""
    folders = folders or (*LAYERS, "config", "tests", "bench")
    paths = [path for folder in folders for path in (BASE_DIR / folder).rglob("*.py")]
    return {
        path.relative_to(BASE_DIR).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(paths)
        if "migrations" not in path.parts
    }


@cache
def templates():
    """Name -> text of our templates."""
    folder = BASE_DIR / "templates"
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in {".html", ".txt"}]
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def our_patterns(patterns):
    """Every URL pattern, at any depth, that a view of ours answers; the admin guards its own."""
    for entry in patterns:
        if getattr(entry, "namespace", None) == "admin":
            continue
        if hasattr(entry, "url_patterns"):
            yield from our_patterns(entry.url_patterns)
        elif entry.callback.__module__.split(".")[0] in LAYERS:
            yield entry


def our_models():
    return [model for model in apps.get_models() if model._meta.app_label in LAYERS]
