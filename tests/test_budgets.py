"""Budgets of size, and what templates must not hold."""

import ast
import re
from pathlib import Path

from django.template import TemplateDoesNotExist
from django.template.engine import Engine

from tests.sources import BASE_DIR, LAYERS, sources, templates

FILE_LINES, FUNCTION_LINES, TEMPLATE_LINES, PAGE_LINES = 400, 50, 150, 10


def lines_of(text):
    return len(text.splitlines())


def longer_than(limit, texts):
    return {name: lines_of(text) for name, text in texts.items() if lines_of(text) > limit}


def test_files_stay_small():
    own_scripts = [
        path
        for path in (BASE_DIR / "static").rglob("*")
        if path.suffix in {".js", ".css"} and "vendor" not in path.parts
    ]
    files = dict(sources()) | {
        path.relative_to(BASE_DIR).as_posix(): path.read_text("utf-8") for path in own_scripts
    }

    assert longer_than(FILE_LINES, files) == {}


def test_functions_stay_small():
    long = {
        f"{name}::{node.name}": node.end_lineno - node.lineno + 1
        for name, text in sources().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }

    assert long == {}


def test_templates_stay_small():
    assert longer_than(TEMPLATE_LINES, templates()) == {}


def test_pages_only_frame_their_fragment():
    """A page with a fragment beside it extends the base and includes the fragment, no more."""
    pages = {}
    for name, text in templates().items():
        folder, _, file = name.rpartition("/")
        if f"{folder}/_{file}" in templates() and "{% extends" in text:
            pages[name] = text

    assert longer_than(PAGE_LINES, pages) == {}
    assert [n for n, text in pages.items() if f"_{n.rpartition('/')[2]}" not in text] == []


# Templates ---------------------------------------------------------------------------------------


def replaces_one_of_a_library(name):
    """A template of the same name that an installed app ships and ours stands before."""
    engine = Engine.get_default()
    found = []
    for loader in engine.template_loaders:
        for origin in loader.get_template_sources(name):
            if Path(origin.name).exists() and not origin.name.startswith(
                str(BASE_DIR / "templates")
            ):
                found.append(origin.name)
    return bool(found)


def test_every_template_is_used():
    code = "\n".join(sources(*LAYERS, "config").values())
    text = code + "\n".join(templates().values())
    shown_by_django = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html", "503.html"}
    shown_by_django.add("429.html")  # by allauth, when somebody asks too often

    # render_page(request, f"feedback/score/{name}") uses every template that fits.
    parts = re.findall(r"f[\"']([\w/.-]*/[\w/.-]*\{[^}\"']+\}[\w/.-]*)[\"']", code)
    patterns = [re.sub(r"\\\{.*?\\\}", r"[\\w-]+", re.escape(part)) for part in parts]

    def used(name):
        folder, _, file = name.rpartition("/")
        stem = file.split(".")[0]
        words = {name, f"{folder}/{stem}", f"{folder}/{stem.removeprefix('_')}"}
        # A view module may put its app in front: draw("answer/form").
        words |= {word.partition("/")[2] for word in words if word.count("/") > 1}
        return (
            name in shown_by_django
            or any(re.fullmatch(pattern, word) for pattern in patterns for word in words)
            or any(f'"{word}"' in text or f"'{word}'" in text for word in words)
            or replaces_one_of_a_library(name)
        )

    assert [name for name in templates() if not used(name)] == []


def test_templates_hold_no_inline_code():
    patterns = {
        "style attribute": r"\sstyle\s*=",
        "style element": r"<style\b",
        "inline script": r"<script\b(?![^>]*(\bsrc=|type=.application/json))",
        "event attribute": r"<[^>]*\s(on[a-z]+|hx-on[:a-z-]*)\s*=",
        "script address": r"javascript:",
        "nothing is marked safe": r"\|\s*safe\b|{%\s*autoescape\s+off",
    }
    found = [
        f"{name}: {what}"
        for name, text in templates().items()
        if name.endswith(".html") and "/email/" not in name
        for what, pattern in patterns.items()
        if re.search(pattern, text, re.IGNORECASE)
    ]

    assert found == []


def test_templates_compile():
    engine = Engine.get_default()
    broken = []
    for name in templates():
        try:
            engine.get_template(name)
        except (TemplateDoesNotExist, SyntaxError) as error:
            broken.append(f"{name}: {error}")

    assert broken == []
