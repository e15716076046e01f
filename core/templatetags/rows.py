"""Long lists: the template of a line is rendered once, then filled for each row."""

import re
from html import escape

from django.utils.safestring import SafeString, mark_safe

SIGN = re.compile("\ue000([a-z_]+)\ue001")


class Field(SafeString):
    """Stands for a field of a row in the pattern of a line; the rows differ only in those."""

    def __bool__(self):
        raise TypeError("The pattern of a line is drawn once: a field of its row decides nothing.")


class AnyRow:
    """The row with which the pattern is drawn."""

    def __getitem__(self, name):
        return Field(f"\ue000{name}\ue001")


def each_row(context, rows, template, name="row"):
    """`{% each_row tasks "projects/task/_line.html" "task" %}`: include a template for each row.

    The template is rendered once with stand-ins for `{{ task.field }}`; a line is then filled by
    joining strings. Twenty times as fast as a loop, so worth it from some fifty lines on. What
    differs between rows must be a field of the row, drawn beforehand: no condition, filter or
    tag of the template can look at one.
    """
    with context.push(**{name: AnyRow()}):
        text = context.template.engine.get_template(template).render(context)
    pieces = SIGN.split(text)
    names = pieces[1::2]
    lines = []
    for row in rows:
        pieces[1::2] = [shown(getattr(row, field)) for field in names]
        lines.append("".join(pieces))
    return mark_safe("".join(lines))  # noqa: S308


def shown(value):
    if isinstance(value, SafeString):
        return value
    return escape(value) if isinstance(value, str) else escape(str(value))
