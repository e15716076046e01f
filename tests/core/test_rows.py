from types import SimpleNamespace

import pytest
from django.template import Context, Engine
from django.utils.html import format_html

LINE = """<li class="{{ tone }}"><a href="{{ row.url }}">{{ row.name }}</a>{{ row.mark }}</li>"""


@pytest.fixture
def draw():
    def draw(rows, line=LINE, text="{% each_row rows 'line.html' %}", **context):
        loaders = [("django.template.loaders.locmem.Loader", {"line.html": line})]
        engine = Engine(
            loaders=loaders,
            builtins=["django.templatetags.i18n", "core.templatetags.ui"],
        )
        return engine.from_string(text).render(Context({"rows": rows, **context}))

    return draw


def row(name, mark=""):
    return SimpleNamespace(url=f"/{name}/", name=name, mark=mark)


def test_each_row_fills_the_pattern(draw):
    assert draw([row("a"), row("b")], tone="ok") == (
        '<li class="ok"><a href="/a/">a</a></li><li class="ok"><a href="/b/">b</a></li>'
    )


def test_nothing_is_drawn_for_no_rows(draw):
    assert draw([]) == ""


def test_text_is_escaped_and_drawn_pieces_are_not(draw):
    html = draw([row("<script>", format_html("<b>{}</b>", "<i>"))])

    assert "<script>" not in html
    assert "&lt;script&gt;</a><b>&lt;i&gt;</b>" in html


def test_values_that_are_no_text_are_written_as_text(draw):
    assert draw([SimpleNamespace(n=5)], "{{ row.n }};") == "5;"


def test_row_may_have_another_name(draw):
    text = "{% each_row rows 'line.html' 'task' %}"

    assert draw([row("a")], "{{ task.name }}{{ row.name }}", text) == "a"


@pytest.mark.parametrize("line", ["{% if row.name %}x{% endif %}", "{{ row.name|default:'-' }}"])
def test_pattern_that_decides_by_a_row_is_refused(draw, line):
    with pytest.raises(TypeError, match="decides nothing"):
        draw([row("a")], line)


def test_rows_are_forgotten_behind_the_tag(draw):
    assert (
        draw([row("a")], "{{ row.name }}", "{% each_row rows 'line.html' %}{{ row.name }}") == "a"
    )
