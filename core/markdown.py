"""Text that people write, as safe HTML: Markdown without raw HTML, then an allow-list."""

import nh3
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel"}

# Images would call foreign servers about who reads what.
_parser = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable(["table", "strikethrough"])
    .disable("image")
)


def _without_headings(state):
    """A heading in a comment must not break the outline of the page: it becomes a bold line."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "p"
            token.attrs = {"class": "md-h"} if token.nesting == 1 else {}


_parser.core.ruler.push("without_headings", _without_headings)


def render(text):
    """Sanitised HTML of a Markdown text."""
    clean = nh3.clean(
        _parser.render(text or ""),
        tags=TAGS,
        attributes={"a": {"href"}, "p": {"class"}, "ol": {"start"}},
        url_schemes=SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )
    return mark_safe(clean)  # noqa: S308
