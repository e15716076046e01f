"""Pieces of the lines of groups, drawn before the list; see core.templatetags.rows."""

from functools import cache

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from core import charts, formats
from core.addresses import path_to
from core.templatetags import ui

DESCRIPTION = 80


def draw(groups):
    """Give each group what its line shows."""
    owned = cache(_owner)
    for group in groups:
        group.url = path_to("clientgroups:group_detail", group.pk)
        group.tick = _("Compare %(group)s") % {"group": group.name}
        group.small = _small(group)
        group.problem_shown = _problem(group)
        group.count_shown = formats.number(group.member_count)
        group.trend_shown = format_html(
            '<span class="groups-trend">{}<span>{}</span></span>',
            charts.spark(group.trend),
            formats.signed(group.grown, 0),
        )
        group.scores_shown = format_html_join(
            "",
            '<td data-label="{}">{}</td>',
            ((column.label, _score(score)) for column, score in group.scores),
        )
        group.run_shown = _run(group)
        group.owner_shown = owned(str(group.owner))
    return groups


def _owner(name):
    return format_html("{} {}", ui.avatar(name), name)


def _small(group):
    kind = group.get_kind_display()
    if not group.description:
        return kind
    return f"{kind} · {Truncator(group.description).chars(DESCRIPTION)}"


def _problem(group):
    if not group.problem:
        return ""
    badge = ui.badge(_("Problem"), tone="late", icon="alert-triangle")
    return format_html(
        '{}<small class="clients-sub">{}</small>', badge, group.get_problem_display()
    )


def _score(score):
    """A score with its interval and n; too few is said, and no data is a dash."""
    if score is None:
        return formats.NOTHING
    found = ui.score(score, "full", score.unit)
    if found["state"] == "hidden" or "value" not in found:
        return _("Hidden: fewer than 5 answers")
    label = format_html('<span class="groups-metric">{}</span>', score.label)
    if found["state"] == "few":
        said = _("Too few to compare (%(people)s)") % {"people": found["people"]}
        return format_html("{} <small>{}</small>", label, said)
    return format_html(
        '{} <b>{}{}</b> <small class="groups-ci">{}, n = {}</small>',
        label,
        found["value"],
        found["unit"],
        found["interval"],
        formats.number(found["n"]),
    )


def _run(group):
    """When the members were last worked out, how long it took, and whether that is under way."""
    if group.refreshed_at is None:
        return formats.NOTHING
    when = timezone.localtime(group.refreshed_at)
    shown = format_html(
        '<time datetime="{}">{} {}</time>',
        when.isoformat(timespec="seconds"),
        formats.day(when),
        f"{when:%H:%M}",
    )
    if group.kind != "dynamic":
        return shown
    waiting = ui.badge(_("being refreshed"), tone="info", icon="refresh") if group.stale_at else ""
    took = ""
    if group.refresh_ms is not None:
        took = format_html(
            '<small class="clients-sub">{} ms</small>', formats.number(group.refresh_ms)
        )
    return format_html("{} {}{}", shown, waiting, took)
