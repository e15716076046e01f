"""Tags of the components; a builtin library, so templates need no {% load %}."""

import zlib
from functools import cache, lru_cache
from html import escape

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core import formats, markdown, stats
from core.addresses import path_to
from core.templatetags.links import url
from core.templatetags.rows import each_row
from core.templatetags.statuses import look_of

register = template.Library()

PRIORITIES = ("high", "urgent")
AVATARS_SHOWN = 4
# Points of 100 per unit of a metric's scale, for the rule about wide intervals.
POINTS = {"ces": 100 / 6}
CURRENT = ' aria-current="true"'
ON = mark_safe(' class="on" aria-current="page"')  # noqa: S308


@cache
def sprite():
    return static("vendor/tabler-icons/sprite.svg")


@register.simple_tag
@cache
def icon(name, cls=""):
    """A decorative picture of the sprite; the word beside it carries the meaning."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>', cls, sprite(), name
    )


# People ------------------------------------------------------------------------------------------


def initials(name):
    """Two Latin letters, or the first character of a Chinese name: its surname."""
    words = name.split()
    if not words:
        return "?"
    if ord(words[0][0]) > 0x2E80:
        return words[0][0]
    first = words[0][0]
    return (first + words[-1][0] if len(words) > 1 else words[0][:2]).upper()


def colour(name):
    """The same pastel for the same name, everywhere."""
    return f"c{zlib.crc32(name.encode()) % 6 + 1}"


@register.simple_tag
def avatar(person, cls=""):
    """The round sign of a person; nobody is a dashed circle."""
    if not person:
        return format_html(
            '<span class="av none {}" role="img" aria-label="{}" title="{}">{}</span>',
            cls,
            _("Nobody yet"),
            _("Nobody yet"),
            icon("user"),
        )
    return _face(str(person), cls)


# Bounded: names and dates come from people.
@lru_cache(maxsize=4096)
def _face(name, cls):
    return format_html(
        '<span class="av {} {}" role="img" aria-label="{}" title="{}">{}</span>',
        colour(name),
        cls,
        name,
        name,
        initials(name),
    )


@register.simple_tag
def avatars(people):
    people = list(people)
    shown = format_html_join("", "{}", ((avatar(person),) for person in people[:AVATARS_SHOWN]))
    rest = people[AVATARS_SHOWN:]
    more = ""
    if rest:
        names = ", ".join(str(person) for person in rest)
        more = format_html(
            '<span class="av c0" role="img" aria-label="{}" title="{}">+{}</span>',
            names,
            names,
            len(rest),
        )
    return format_html('<span class="stack">{}{}</span>', shown, more)


# Rights and addresses ----------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def can(context, permission, obj=None):
    """`{% can "projects.edit" project as may_edit %}`"""
    user = context.get("user") or context["request"].user
    return user.has_perm(permission, obj) if obj is not None else user.has_perm(permission)


@register.simple_tag(takes_context=True)
def qs(context, **changes):
    """The present query string with changes; None removes. A changed filter opens page one."""
    query = context["request"].GET.copy()
    if "page" not in changes:
        query.pop("page", None)
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = value
    return "?" + query.urlencode()


@register.simple_tag(takes_context=True)
def sort_th(context, field, label, param="sort", cls=""):
    """A table head that sorts by a field, and the other way round when it already does."""
    now = context["request"].GET.get(param, "")
    state, turn, sign = "", field, "selector"
    if now == field:
        state, turn, sign = "ascending", f"-{field}", "chevron-up"
    elif now == f"-{field}":
        state, turn, sign = "descending", field, "chevron-down"
    aria = format_html(' aria-sort="{}"', state) if state else ""
    link = qs(context, **{param: turn})
    return format_html(
        '<th scope="col" class="{}"{}><a href="{}">{}{}</a></th>',
        cls,
        aria,
        link,
        label,
        icon(sign),
    )


@register.simple_tag(takes_context=True)
def nav_link(
    context, name, *args, label="", icon="point", count=None, tone="", exact=False, keys="", but=""
):
    """One place of the sidebar, marked when it is the page shown.

    `but` names a place that lies below this one and has a line of its own.
    """
    url = path_to(name, *args)
    path = context["request"].path
    on = path == url or (not exact and url != "/" and path.startswith(url))
    on = on and not (but and path.startswith(path_to(but)))
    return format_html(
        '<li><a href="{}"{}{}>{}<span>{}</span>{}</a></li>',
        url,
        ON if on else "",
        format_html(' data-hotkey="{}"', keys) if keys else "",
        globals()["icon"](icon),
        label,
        format_html('<span class="cnt {}">{}</span>', tone, count) if count else "",
    )


def list_of_links(lines):
    """<li> of (class, path, is it the present place, icon, text): long lists of the shell.

    Escapes by hand, since format_html costs more than the rest of a line.
    """
    drawn = [
        f'<li><a class="{cls}" href="{path}"{CURRENT if here else ""}>{icon(picture)}'
        f"<span>{escape(text)}</span></a></li>"
        for cls, path, here, picture, text in lines
    ]
    return mark_safe("\n".join(drawn))  # noqa: S308


@register.simple_tag
def still(name):
    """Include a template that depends on the language alone; it is drawn once per process."""
    return _drawn(name) if settings.DEBUG else _drawn_once(name, get_language())


def _drawn(name):
    return get_template(name).render()


@cache
def _drawn_once(name, _language):
    return _drawn(name)


register.simple_tag(each_row, takes_context=True)
register.tag(url)


@register.simple_tag
def options(rows, chosen=None):
    """<option> for each row with key and name, or (value, name); long selects cost nothing."""
    chosen = str(chosen)
    pairs = (row if isinstance(row, tuple) else key_and_name(row) for row in rows)
    drawn = [
        f'<option value="{escape(str(value))}"{" selected" if str(value) == chosen else ""}>'
        f"{escape(str(name))}</option>"
        for value, name in pairs
    ]
    return mark_safe("".join(drawn))  # noqa: S308


def key_and_name(row):
    return (row["pk"], row["name"]) if isinstance(row, dict) else (row.pk, row.name)


# Signs of a state --------------------------------------------------------------------------------


@register.simple_tag
def badge(text, tone="done", icon=""):
    picture = globals()["icon"](icon) if icon else ""
    return format_html('<span class="st {}">{}{}</span>', tone, picture, text)


@register.simple_tag
def status_badge(value, text=""):
    """Tone, icon and word of a state, whatever noun it belongs to; see statuses.py."""
    tone, picture, word = look_of(value)
    return _badge(str(text or getattr(value, "label", "") or word), tone, picture)


_badge = lru_cache(maxsize=4096)(badge)


@register.simple_tag
def label_chip(label):
    return format_html('<span class="lb {}">{}</span>', label.colour, label.name)


@register.simple_tag
def priority(value):
    if value not in PRIORITIES:
        return ""
    word = _("Urgent") if value == "urgent" else _("High priority")
    return format_html(
        '<span class="pr {}" title="{}">{}<span class="visually-hidden">{}</span></span>',
        value,
        word,
        icon("flag"),
        word,
    )


@register.simple_tag
def due(value, done=False):
    """A due date; one that has passed says so in words as well as in red."""
    if value is None:
        return ""
    late = not done and value < timezone.localdate()
    return _due(value, formats.day(value), late, get_language())


@lru_cache(maxsize=4096)
def _due(value, text, late, _language):
    word = format_html('<span class="visually-hidden">{} </span>', _("Overdue:")) if late else ""
    return format_html(
        '<time class="due{}" datetime="{}">{}{}{}</time>',
        " late" if late else "",
        value.isoformat(),
        icon("clock"),
        word,
        text,
    )


@register.simple_tag
def progress(value, tone="", label=""):
    """A bar with its figure; unknown progress is a dash and no bar."""
    if value is None:
        return format_html('<span class="prog"><b>{}</b></span>', formats.NOTHING)
    shown = max(0, min(100, round(value)))
    return format_html(
        '<span class="prog"><progress class="{}" max="100" value="{}" aria-label="{}"></progress>'
        "<b>{}%</b></span>",
        tone,
        shown,
        label or _("Progress"),
        shown,
    )


@register.inclusion_tag("components/_score.html")
def score(found, style="full", unit=""):
    """A score with n, interval and "as of"; too few answers are said, never shown as a figure."""
    read = found.get if isinstance(found, dict) else lambda name: getattr(found, name, None)
    if found is None or read("score") is None:
        return {"state": stats.NONE}
    metric, n, low, high = read("metric"), read("n"), read("low"), read("high")
    state = stats.display_state(n, low, high, POINTS.get(metric, 1.0))
    return {
        "state": state,
        "compact": style == "compact",
        "value": formats.number(read("score"), 1),
        "unit": unit,
        "interval": formats.interval(low, high),
        "n": n,
        "people": ngettext("%(n)s answer", "%(n)s answers", n or 0) % {"n": n},
        "as_of": read("computed_at"),
    }


# Filters -----------------------------------------------------------------------------------------

register.filter("markdown", markdown.render)
register.filter("money", formats.money)
register.filter("compact", formats.compact)
register.filter("compact_money", formats.compact_money)
register.filter("percent", formats.percent)
register.filter("signed", formats.signed)
register.filter("number", formats.number)
register.filter("dash", formats.dash)
register.filter("day", formats.day)


@register.simple_tag
def undo_url(message):
    """Where the undo form of a message posts: messages.success(…, extra_tags="undo:/path/")."""
    tags = message.extra_tags or ""
    found = next((tag[5:] for tag in tags.split() if tag.startswith("undo:/")), "")
    return "" if found.startswith("//") else found


@register.simple_tag
def page_numbers(page):
    """Page numbers to link, with … where some are left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))
