"""Small pieces of lines and cards, drawn once per page however many rows show them.

A list of fifty tasks has five people, four columns and a handful of label sets; drawing those per
row would cost more than the rows themselves.
"""

from functools import cache

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from core import formats
from core.templatetags import ui

FLAGS = {3: "high", 4: "urgent"}


def draw(rows, columns, project):
    """Give each row `code`, `url`, `head` (labels, flags), `when` (due date), `face` (who)."""
    base = reverse("projects:task_list", args=[project.pk])
    columns = {column.pk: column for column in columns}
    faces, whens, heads = cache(ui.avatar), cache(ui.due), cache(_head)
    for row in rows:
        category = columns[row.column_id].category
        row.anchor, row.code = str(row.pk), f"{project.key}-{row.number}"
        row.url = f"{base}{row.number}/"
        row.head = heads(tuple(row.chips), row.priority, row.is_critical)
        row.when = whens(row.due_on, category in ("done", "cancelled"))
        row.face = faces(str(row.assignee)) if row.assignee else ""


def draw_cards(cards, columns, project):
    """The same for cards, with `marks`: steps done and comments."""
    draw(cards, columns, project)
    marked = cache(_marks)
    for card in cards:
        card.marks = marked(card.steps_done, card.steps, card.comments)


def draw_lines(rows, columns, project):
    """The same for lines of a table, which name the person and the column beside their sign."""
    draw(rows, columns, project)
    named, placed, written = cache(_named), cache(_placed), cache(formats.day)
    for row in rows:
        row.who = named(str(row.assignee) if row.assignee else "")
        row.place = placed(row.column.name, row.column.category)
        row.when = row.when or formats.NOTHING
        row.touched = written(timezone.localtime(row.updated_at).date())


def _marks(done, steps, comments):
    marks = []
    if steps:
        marks.append((_("Steps done"), ui.icon("check"), f"{done}/{steps}"))
    if comments:
        marks.append((_("Comments"), ui.icon("message"), comments))
    return format_html_join("", '<span title="{}">{}{}</span>', marks)


def _head(chips, priority, critical):
    """Labels in their colours, then the flags of what is urgent."""
    labels = format_html_join(" ", '<span class="lb {1}">{0}</span>', chips)
    flag = ui.priority(FLAGS.get(priority, ""))
    word = _("Critical")
    bolt = (
        format_html(
            '<span class="pr urgent" title="{}">{}<span class="visually-hidden">{}</span></span>',
            word,
            ui.icon("bolt"),
            word,
        )
        if critical
        else ""
    )
    return format_html_join(" ", "{}", ((piece,) for piece in (labels, flag, bolt) if piece))


def _named(name):
    if not name:
        return format_html('<span class="mu">{}</span>', _("Nobody yet"))
    return format_html('<span class="pj-who">{}{}</span>', ui.avatar(name), name)


def _placed(name, category):
    return format_html('<span class="pj-st"><span class="pip {}"></span>{}</span>', category, name)


def draw_work(rows):
    """What lines of somebody's own work show, from all projects."""
    root = reverse("projects:project_list")
    whens, flags = cache(ui.due), cache(ui.priority)
    for row in rows:
        row.code = f"{row.project.key}-{row.number}"
        row.url = f"{root}{row.project_id}/tasks/{row.number}/"
        row.when = whens(row.due_on)
        row.flag = flags(FLAGS.get(row.priority, ""))
