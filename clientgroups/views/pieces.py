"""Pieces of the lines of clients, drawn before the list; see core.templatetags.rows."""

from functools import cache

from django.utils.html import format_html
from django.utils.translation import gettext as _

from clientgroups.models import Client
from core import formats
from core.addresses import path_to
from core.templatetags import ui


def draw(clients):
    """Give each client what its line shows."""
    owned, staged, counted = cache(_owner), cache(_stage), cache(formats.number)
    for client in clients:
        client.url = path_to("clientgroups:client_detail", client.pk)
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
        client.owner_shown = owned(str(client.owner))
    return clients


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
