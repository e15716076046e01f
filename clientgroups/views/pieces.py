"""Pieces that views of clients share: saving a form, and the lines of lists drawn beforehand."""

from functools import cache

from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from clientgroups.models import Client
from clientgroups.selectors.client_health import band_of
from core import formats
from core.addresses import path_to
from core.templatetags import ui

EDIT = ("GET", "HEAD", "POST")
TAGS_SHOWN = 3


def saved(form, service, **fields):
    """Call a service with what a valid form holds; what it refuses stands in the form."""
    if not form.is_valid():
        return None
    try:
        return service(**fields, **form.cleaned_data)
    except ValidationError as problem:
        known = hasattr(problem, "error_dict") and not set(problem.error_dict) - set(form.fields)
        form.add_error(None, problem if known else problem.messages)
        return None


# The lines of clients; see core.templatetags.rows ------------------------------------------------


def draw(clients, policy):
    """Give each client what its line shows."""
    owned, staged, counted = cache(_owner), cache(_stage), cache(formats.number)
    banded = cache(lambda score: _health(score, policy))
    for client in clients:
        client.url = path_to("clientgroups:client_detail", client.pk)
        client.tick = _("Tick %(client)s") % {"client": client.name}
        client.tags_shown = _tags(client.tag_names)
        client.health_shown = banded(client.health)
        client.place = _place(client.city, client.country)
        client.small = _number(client)
        client.stage_now = staged(
            client.stage,
            client.stage_fixed_until,
            client.stage_reason,
            client.stage_as_of,
            client.stage_follows_today,
        )
        client.purchases_shown = counted(client.purchase_count)
        client.last_shown = formats.day(client.last_purchase_on)
        client.touch_shown = formats.day(client.last_touch_on)
        client.owner_shown = owned(str(client.owner))
    return clients


def _tags(names):
    shown = format_html_join(" ", '<span class="lb">{}</span>', ((n,) for n in names[:TAGS_SHOWN]))
    rest = ", ".join(names[TAGS_SHOWN:])
    if not rest:
        return shown
    return format_html(
        '{} <span class="lb" title="{}">+{}</span>', shown, rest, len(names) - TAGS_SHOWN
    )


def _health(score, policy):
    band = band_of(score, policy)
    return ui.badge(f"{score}", band.tone, band.icon) if band else "–"


def _place(city, country):
    return ", ".join(part for part in (city, country) if part) or "–"


def _owner(name):
    return format_html("{} {}", ui.avatar(name), name)


def _number(client):
    if not client.external_id or client.external_id == client.name:
        return ""
    return format_html("<small>{}</small>", client.external_id)


def _stage(stage, fixed_until, reason, as_of, follows_today):
    badge = ui.status_badge(stage, Client.Stage(stage).label)
    if fixed_until:
        text = _("by hand until %(day)s") % {"day": formats.day(fixed_until)}
        return format_html(
            '{} <small class="clients-asof" title="{}">{}</small>', badge, reason, text
        )
    if not follows_today:
        text = _("as of %(day)s") % {"day": formats.day(as_of)}
        return format_html('{} <small class="clients-asof">{}</small>', badge, text)
    return badge
