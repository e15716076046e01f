"""Clients and contacts of an uploaded file: staged by COPY, previewed, written or thrown away.

Everything is set-based SQL, in one transaction under the lock that imports of purchases take, too:
a batch is there as a whole or not at all, and a file that is written twice finds everybody known.
"""

import json
import uuid
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client, ImportedRow, StagedContact
from clientgroups.services import contact_sql as sql
from clientgroups.services import contact_write_sql as write
from clientgroups.services.database import be_patient, sql_of
from clientgroups.services.marks import mark_clients_dirty
from clientgroups.services.purchases import LOCK
from core.files.refusal import Refusal

COUNTS = (
    "new_clients",
    "changed_clients",
    "same_clients",
    "new_contacts",
    "changed_contacts",
    "same_contacts",
)
MOST_ALIKE = 100
MEANWHILE = gettext_noop(
    "Somebody added the same clients while the import was written. Nothing was written. Check the "
    "file again."
)
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class ImportedClients:
    """What the audit trail calls a batch."""

    _meta = Client._meta

    def __init__(self, batch: uuid.UUID, number: int) -> None:
        self.pk, self.number = batch, number

    def __str__(self) -> str:
        return f"{self.number} clients"


# Staging -----------------------------------------------------------------------------------------


def append_staged(*, batch: uuid.UUID, rows: Iterable[tuple]) -> None:
    """Put checked lines aside: (line, what the file calls the client, data)."""
    text = "".join(
        f"{batch}\t{line}\t{link.translate(_ESCAPES)}\t\t"
        f"{json.dumps(data, ensure_ascii=False).translate(_ESCAPES)}\n"
        for line, link, data in rows
    )
    table = StagedContact._meta.db_table
    names = "batch, line, client_key, contact_key, data"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        copy.write(text.encode(errors="replace"))


def refresh_statistics() -> None:
    """After many new lines: the plans of what follows depend on their number."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {StagedContact._meta.db_table}")


def discard_staged(*, batch: uuid.UUID) -> int:
    """Throw the lines of a batch away that nobody confirmed; return how many there were."""
    return StagedContact.objects.filter(batch=batch)._raw_delete("default")


# Looking before writing --------------------------------------------------------------------------


def _named(queryset: QuerySet, prefix: str) -> tuple[str, dict]:
    """A queryset as SQL whose parameters have names, to stand among others that do."""
    text, params = sql_of(queryset.order_by().values("id"))
    names = [f"{prefix}{number}" for number in range(len(params))]
    return text % tuple(f"%({name})s" for name in names), dict(zip(names, params, strict=True))


def _resolve(cursor, batch, actor, options, lock=False) -> None:  # noqa: ANN001
    """Who of the file is known, who is new, what is refused: in `import_lines` and the others."""
    editable, params = _named(Client.objects.editable_by(actor), "editable")
    link = options.get("link") or None
    names = {"batch": batch, "link": uuid.UUID(link) if link else None, **params}
    cursor.execute(sql.DROP)
    cursor.execute(sql.LINES, names)
    cursor.execute(sql.LINE_STATISTICS)
    for statement in (
        sql.KEYS,
        sql.JOIN_NAMED,
        sql.BY_REFERENCE.format(editable=editable),
        sql.BY_NUMBER.format(editable=editable),
        sql.NO_REFERENCE,
        sql.BY_LINK.format(editable=editable),
        sql.UNLINKED,
        sql.KEYS,
        sql.NAMELESS,
        sql.BY_NAME.format(editable=editable),
        sql.BY_PERSON.format(editable=editable),
        sql.ONE_KEY,
        *([sql.LOCK_CLIENTS] if lock else []),
        sql.CONTACTS,
        *(sql.REPEATED.format(what=what, where=where) for what, where in sql.REPEATS),
        sql.TAKEN,
        sql.PARTIES.format(),
        sql.PEOPLE.format(),
        sql.STATISTICS,
        sql.CLIENT_CHANGES.format(known=sql.KNOWN[options.get("known", "update")]),
        sql.CONTACT_CHANGES.format(known=sql.KNOWN[options.get("known", "update")]),
    ):
        cursor.execute(statement, names)


def _counts(cursor) -> dict:  # noqa: ANN001
    cursor.execute(sql.COUNTS)
    return dict(zip(COUNTS, cursor.fetchone(), strict=True))


@transaction.atomic
def preview_staged(*, batch: uuid.UUID, actor: User, options: dict) -> dict:
    """What applying the batch would do; writes nothing.

    `problems` maps a reason to (how many, the first lines): foreign, erased, gone, unlinked,
    repeated, taken; `note:unlinked` are remarks. `alike` lists new clients that may be known.
    """
    be_patient()
    visible, params = _named(Client.objects.visible_to(actor), "visible")
    with connection.cursor() as cursor:
        _resolve(cursor, batch, actor, options)
        counts = _counts(cursor)
        cursor.execute(sql.PROBLEM_COUNTS)
        numbers = dict(cursor.fetchall())
        cursor.execute(sql.PROBLEMS)
        lines = {}
        for problem, line, _number in cursor.fetchall():
            lines.setdefault(problem, []).append(line)
        cursor.execute(sql.ALIKE.format(visible=visible), {**params, "most": MOST_ALIKE})
        alike = cursor.fetchall()
        cursor.execute(sql.DROP)
    return {
        **counts,
        "problems": {key: (number, lines[key]) for key, number in numbers.items()},
        "alike": [list(row[:5]) for row in alike],
        "alike_count": alike[0][5] if alike else 0,
    }


# Writing -----------------------------------------------------------------------------------------


@transaction.atomic
def apply_staged(*, batch: uuid.UUID, actor: User, options: dict, source: str) -> dict:
    """Write a staged batch: new clients and contacts, and what differs on known ones.

    `source` is told beside each consent that the file speaks of. Nothing is ever emptied, and a
    batch that is applied again, or a file that is imported again, changes nothing.
    """
    be_patient()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if not StagedContact.objects.filter(batch=batch).exists():
            return dict.fromkeys(COUNTS, 0) | {"tags": []}
        _resolve(cursor, batch, actor, options, lock=True)
        counts = _counts(cursor)
        tags = _write(cursor, {"batch": batch, "actor": actor.pk, "source": source[:200]}, counts)
        cursor.execute(sql.DROP)
    discard_staged(batch=batch)
    changed = ImportedRow.objects.filter(batch=batch)
    mark_clients_dirty(Client.objects.filter(pk__in=changed.values("client")))
    number = counts["new_clients"] + counts["changed_clients"]
    record(
        actor=actor,
        verb="clients.imported",
        target=ImportedClients(batch, number),
        **{name: [None, found] for name, found in counts.items()},
    )
    return {**counts, "tags": tags}


def _write(cursor, names, counts) -> list[int]:  # noqa: ANN001
    """Everything at once; the keys of new tags."""
    for statement in write.NEW_KEYS:
        cursor.execute(statement)
    for statement, expected in (
        (write.INSERT_CLIENTS, counts["new_clients"]),
        (write.INSERT_CONTACTS, counts["new_contacts"]),
    ):
        cursor.execute(statement, names)
        if cursor.rowcount != expected:
            raise Refusal(MEANWHILE)
    cursor.execute(write.UPDATE_CLIENTS)
    cursor.execute(write.UPDATE_CONTACTS)
    cursor.execute(write.CONSENTS, names)
    cursor.execute(write.NEW_TAGS)
    tags = [pk for (pk,) in cursor.fetchall()]
    cursor.execute(write.TAG_CLIENTS)
    cursor.execute(write.REMEMBER_CLIENTS, names)
    cursor.execute(write.REMEMBER_CONTACTS, names)
    return tags
