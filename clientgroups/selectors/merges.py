"""What a merge would do, before anybody says yes."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from clientgroups.models import Client, Contact
from clientgroups.selectors.clients_custom import custom_fields, shown

FIELDS = [
    ("name", gettext_lazy("Name")),
    ("kind", gettext_lazy("Kind")),
    ("external_id", gettext_lazy("Customer number")),
    ("owner", gettext_lazy("Owner")),
    ("industry", gettext_lazy("Industry")),
    ("website", gettext_lazy("Website")),
    ("address", gettext_lazy("Address")),
    ("city", gettext_lazy("City")),
    ("region", gettext_lazy("Region")),
    ("country", gettext_lazy("Country")),
    ("note", pgettext_lazy("what somebody wrote down", "Note")),
]
COUNTED = [
    ("contacts", ngettext_lazy("%(n)s contact", "%(n)s contacts", "n")),
    ("purchases", ngettext_lazy("%(n)s purchase", "%(n)s purchases", "n")),
    ("memberships", ngettext_lazy("%(n)s time in a group", "%(n)s times in groups", "n")),
    ("interactions", ngettext_lazy("%(n)s touch", "%(n)s touches", "n")),
    ("requests", ngettext_lazy("%(n)s service request", "%(n)s service requests", "n")),
]


@dataclass(frozen=True)
class Choice:
    """One field of two clients that say different things."""

    key: str
    label: str
    mine: str
    theirs: str
    custom: bool = False


def _said(client: Client, name: str) -> str:
    if name == "kind":
        return str(client.get_kind_display())
    value = getattr(client, name)
    return str(value) if value not in (None, "") else ""


def choices_between(kept: Client, gone: Client) -> tuple[list[Choice], list[Choice]]:
    """(fields to choose, fields that agree or stand on one side only)."""
    asked, settled = [], []
    rows = [(name, label, _said(kept, name), _said(gone, name), False) for name, label in FIELDS]
    for field in custom_fields():
        pair = [client.custom.get(field.key) for client in (kept, gone)]
        said = ["" if value in (None, "") else shown(field, value) for value in pair]
        rows.append((field.key, field.title, *said, True))
    for key, label, mine, theirs, custom in rows:
        choice = Choice(key, label, mine, theirs, custom)
        if mine and theirs and mine != theirs:
            asked.append(choice)
        elif mine or theirs:
            settled.append(choice)
    return asked, settled


def rows_of(client: Client) -> list[str]:
    """How many rows of each kind a client brings, in words; kinds without any are left out."""
    found = []
    for name, words in COUNTED:
        number = getattr(client, name).count()
        if number:
            found.append(words % {"n": number})
    return found


def shared_people(kept: Client, gone: Client) -> list[str]:
    """Names of contacts that stand at both by e-mail and become one."""
    mails = [mail.lower() for mail in kept.contacts.values_list("email", flat=True) if mail]
    rows = Contact.objects.filter(client=gone).exclude(email="")
    return [row.name for row in rows if row.email.lower() in mails]


def what_moves(kept: Client, gone: Client) -> str:
    """One sentence about the rows that change hands."""
    rows = rows_of(gone)
    if not rows:
        return _("“%(client)s” has no further rows.") % {"client": gone}
    words = {"rows": ", ".join(rows), "kept": kept}
    return _("%(rows)s go to “%(kept)s”.") % words
