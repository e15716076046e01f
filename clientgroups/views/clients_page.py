"""Everything that the page of one client shows, in as few statements as its parts allow."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clientgroups.models import Channel, Client, ClientMerge
from clientgroups.selectors import requests, value
from clientgroups.selectors.client_health import POOR
from clientgroups.selectors.clients import memberships_of
from clientgroups.selectors.clients_custom import custom_fields, custom_pairs
from clientgroups.views.touches import panel_context
from core import formats

CHANGES = 8
ICONS = {
    Channel.EMAIL: "mail",
    Channel.PHONE: "phone",
    Channel.CHAT: "message-circle",
    Channel.POST: "mail-opened",
}


@dataclass(frozen=True)
class Attention:
    """One line of what comes first: what, why now, and where to act."""

    tone: str
    icon: str
    title: str
    detail: str
    url: str
    action: str


def page_context(request, client):
    user, today = request.user, timezone.localdate()
    contacts = with_channels(client.contacts.order_by("-is_active", "name", "pk"))
    touches = panel_context(request, client)
    settle(touches["form"], contacts)
    service = requests.client_panel(client, user)
    may_edit = user.has_perm("clientgroups.edit_client", client)
    context = {
        **touches,
        **value.client_panel(client, user, today),
        "client": client,
        "may_edit": may_edit,
        "may_export": user.has_perm("clientgroups.export_client", client),
        "may_erase": user.has_perm("clientgroups.erase", client),
        "today": today,
        "tags": client.tag_names,
        "facts": facts_of(client),
        "website": website_of(client),
        "contacts": contacts,
        "changes": client.lifecycle_changes.select_related("actor")[:CHANGES],
        "memberships": memberships_of(client, user),
        **service,
        "merges": merges_into(client) if may_edit and client.has_merges else [],
    }
    context["attention"] = attention_of(client, context)
    return context


def settle(form, contacts):
    """Choices that the page knows already, so that the form asks for none of them twice."""
    if form is None:
        return
    people, contact = form.fields["follow_up_by"], form.fields["contact"]
    people.choices = [(person.pk, str(person)) for person in people.queryset]
    active = [(row.pk, str(row)) for row in contacts if row.is_active]
    contact.choices = [("", contact.empty_label), *active]


def twin_lines(client, twins):
    """The same kind of line for clients that look alike."""
    return [
        Attention(
            "violet",
            "copy",
            _("Looks like “%(client)s”") % {"client": twin.client},
            ", ".join(map(str, twin.reasons)),
            reverse("clientgroups:client_merge", args=[client.pk, twin.client.pk]),
            _("Compare"),
        )
        for twin in twins[:2]
    ]


def with_channels(contacts):
    """Contacts with (icon, channel, agrees) of each channel."""
    found = list(contacts)
    for contact in found:
        contact.channels = [
            (ICONS[channel], channel.label, contact.agrees_to(channel)) for channel in Channel
        ]
        contact.best = Channel(contact.preferred_channel).label if contact.preferred_channel else ""
    return found


def facts_of(client: Client) -> list[tuple[str, str]]:
    """What stands in the form and has a value, built-in fields first."""
    where = ", ".join(
        part for part in (client.address, client.city, client.region, client.country) if part
    )
    pairs = [(_("Industry"), client.industry), (_("Address"), where)]
    return [pair for pair in pairs if pair[1]] + custom_pairs(client, list(custom_fields()))


def website_of(client: Client) -> str:
    """The address of the website as a link; empty when it cannot be one."""
    site = client.website.strip()
    if not site or any(sign.isspace() for sign in site):
        return ""
    return site if site.lower().startswith(("http://", "https://")) else f"https://{site}"


def merges_into(client: Client) -> list[ClientMerge]:
    """Clients that were taken into this one, to be taken apart again."""
    return list(client.merges.filter(undone_at=None).select_related("gone", "actor")[:5])


def attention_of(client: Client, context: dict) -> list[Attention]:
    """What should be looked at first; the most urgent first."""
    lines = []
    silence, service = context["silence"], context["service"]
    if service["open"]:
        lines += late_requests(client, service)
    if silence:
        lines.append(
            Attention(
                "red",
                "bell",
                _("Unusually quiet"),
                str(silence),
                f"#client-{client.pk}-touches",
                _("Get in touch"),
            )
        )
    band = context["health"].band
    if band and band.key == POOR:
        day = formats.day(context["health"].as_of)
        lines.append(
            Attention(
                "amber",
                "mood-sad",
                _("Health is poor: %(score)s of 100") % {"score": context["health"].score},
                _("as of %(day)s") % {"day": day},
                f"#client-{client.pk}-health",
                _("See why"),
            )
        )
    if not context["contacts"] and not client.archived_at:
        lines.append(
            Attention(
                "blue",
                "user-plus",
                _("Nobody to write to"),
                _("Surveys and invitations need a contact with an e-mail address."),
                reverse("clientgroups:contact_create", args=[client.pk]),
                _("Add contact") if context["may_edit"] else "",
            )
        )
    return lines


def late_requests(client: Client, service: dict) -> list[Attention]:
    """Open requests whose clock has run out."""
    now = timezone.now()
    rows = [
        row
        for row in service["rows"]
        if row.resolution_due_at and row.resolution_due_at < now and not row.paused_at
    ]
    return [
        Attention(
            "red",
            "clock",
            row.subject,
            _("Past its service level."),
            row.get_absolute_url(),
            _("View"),
        )
        for row in rows[:2]
    ]
