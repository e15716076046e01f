import re

import pytest

from core.markdown import render


def test_markdown_becomes_simple_html():
    html = render("**Bold**\nnext line\n\n* one\n* two\n\n| a | b |\n|---|---|\n| 1 | 2 |")

    assert "<strong>Bold</strong><br>" in html
    assert html.count("<li>") == 2
    assert "<td>1</td>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        '<p style="position:fixed">over</p>',
        '<a href="x" onclick="alert(1)">a</a>',
    ],
)
def test_hostile_markup_stays_text(text):
    html = render(text)

    assert re.findall(r"<(\w+)[^>]*>", html) == ["p"]
    assert not re.search(r"<[^>]*(style|onclick|onerror|href)", html)


def test_pictures_of_other_servers_are_not_loaded():
    assert "<img" not in render("![pixel](https://tracker.example/p.png)")


def test_links_pass_no_referrer_and_no_rank():
    html = render("[site](https://example.com)")

    assert 'href="https://example.com"' in html
    assert 'rel="nofollow noopener noreferrer"' in html


def test_headings_do_not_break_the_outline_of_the_page():
    html = render("# Title\n\ntext")

    assert '<p class="md-h">Title</p>' in html
    assert "<h1" not in html


def test_nothing_renders_as_nothing():
    assert render(None) == ""
    assert render("") == ""
