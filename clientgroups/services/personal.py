"""Handing out and erasing what is kept about one client, over the tables of every app."""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client
from clientgroups.selectors.personal import (
    PersonalData,
    family,
    own_addresses,
    registered,
    words_of,
)
from clientgroups.services import personal_elsewhere, personal_tables, personal_trail
from clientgroups.services.clients import end_listed, lock_groups_of
from clientgroups.services.database import be_patient
from clientgroups.services.marks import mark_clients_dirty
from clientgroups.services.request_ends import close_for_good
from core.files.writing import BOM, safe_cell

__all__ = [
    "erase_client",
    "everything_about",
    "export_client",
    "personal_elsewhere",
    "personal_tables",
    "personal_trail",
]
# Beyond this the archive is written to disk.
IN_MEMORY = 8 * 1024 * 1024


def everything_about(client: Client) -> Iterator[tuple[PersonalData, list[dict]]]:
    """Each register entry with its rows, those of merged clients included."""
    everybody = family(client)
    for entry in registered():
        yield entry, [dict(row) for each in everybody for row in entry.rows(each)]


@transaction.atomic
def export_client(*, client: Client, actor: User) -> IO[bytes]:
    """Everything kept about a client as a ZIP: one JSON, and a CSV for each kind of row.

    That it was handed out, and to whom, is recorded.
    """
    be_patient()
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - whoever asked closes it
    held, counts = {}, {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, rows in everything_about(client):
            held[entry.key], counts[entry.key] = rows, len(rows)
            if rows:
                archive.writestr(f"{entry.key}.csv", as_csv(rows))
        about = {"client": client.pk, "exported_at": timezone.now(), "rows": counts}
        text = json.dumps(about | {"data": held}, cls=SafeEncoder, ensure_ascii=False, indent=1)
        archive.writestr(f"client-{client.pk}.json", text)
    record(actor=actor, verb="client.exported", target=client, rows=[None, sum(counts.values())])
    file.seek(0)
    return file


class SafeEncoder(DjangoJSONEncoder):
    """Lazy texts and whatever else a table holds as text."""

    def default(self, value: object) -> object:
        try:
            return super().default(value)
        except TypeError:
            return str(value)


def as_csv(rows: list[dict]) -> str:
    """A table of dicts; no cell begins a formula."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow([safe_cell(name) for name in names])
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, dict | list):
        value = json.dumps(value, cls=SafeEncoder, ensure_ascii=False)
    return safe_cell(value)


# Erasing -----------------------------------------------------------------------------------------


@transaction.atomic
def erase_client(*, client: Client, actor: User, confirm: str) -> dict[str, int]:
    """Erase the personal data of a client for good, in every table; rows changed by register key.

    `confirm` is the client's name or number as the person typed it. Rows that are counted stay,
    with their days, amounts, scores and memberships; what is open still, a membership of a listed
    group or a request, ends today. Erasing twice changes nothing more.
    """
    be_patient()
    everybody = _locked_family(client)
    client = everybody[client.pk]
    if client.erased_at:
        return {}
    if client.merged_into_id:
        raise ValidationError(
            _("The client was merged into another one. Erase that one; both are erased with it.")
        )
    typed = " ".join(confirm.split()).casefold()
    if typed not in {" ".join(text.split()).casefold() for text in names_of(client)}:
        raise ValidationError(
            {"confirm": _("Type the name of the client exactly, so that nothing goes by accident.")}
        )
    counts: dict[str, int] = {}
    for each in everybody.values():
        for key, number in _erase_one(each, actor).items():
            counts[key] = counts.get(key, 0) + number
    client.refresh_from_db()
    record(actor=actor, verb="client.erased", target=client, rows=[None, counts])
    mark_clients_dirty([client.pk])
    return counts


def _locked_family(client: Client) -> dict[int, Client]:
    """The client and those merged into it, locked by ascending keys, after the groups of them.

    Who merges needs a lock on both clients: once these are locked nobody joins any more.
    """
    known: list[int] = []
    while (keys := sorted(each.pk for each in family(client))) != known:
        known = keys
        lock_groups_of(keys)
        rows = Client.objects.filter(pk__in=keys).order_by("pk")
        locked = {row.pk: row for row in rows.select_for_update(of=("self",))}
    return locked


def names_of(client: Client) -> list[str]:
    """What may be typed to confirm."""
    return [name for name in (client.name, client.external_id) if name]


def _erase_one(client: Client, actor: User) -> dict[str, int]:
    # While its names still stand there.
    words_of(client)
    own_addresses(client)
    counts = {entry.key: entry.erase(client) for entry in registered()}
    client.tags.clear()
    end_listed([client.pk])
    counts["closed"] = close_for_good(client=client, actor=actor)
    now = timezone.now()
    Client.objects.filter(pk=client.pk).update(
        name=f"#{client.pk}",
        external_id=None,
        website="",
        industry="",
        address="",
        city="",
        region="",
        country="",
        note="",
        custom={},
        stage_reason="–" if client.stage_fixed_until else "",
        archived_at=client.archived_at or now,
        erased_at=now,
        import_batch=None,
    )
    return counts | {"client": 1}
