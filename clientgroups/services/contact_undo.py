"""Taking an import of clients and contacts back, as far as nothing else was done since."""

import uuid

from django.db import connection, models, transaction

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client, Contact, ImportedRow
from clientgroups.services import contact_write_sql as write
from clientgroups.services.contact_batches import ImportedClients, discard_staged
from clientgroups.services.database import be_patient
from clientgroups.services.marks import mark_clients_dirty
from clientgroups.services.purchases import LOCK

# Rows that jobs work out by themselves: no reason to keep a client. By table, which of them are.
DERIVED = {
    "clientgroups_clientmark": "TRUE",
    "clientgroups_clienthealth": "TRUE",
    "clientgroups_clientsilence": "TRUE",
    "clientgroups_rfmscore": "TRUE",
    "clientgroups_rfmchange": "TRUE",
    "clientgroups_lifecyclechange": "x.actor_id IS NULL",
    "clientgroups_membership": (
        "EXISTS (SELECT 1 FROM clientgroups_clientgroup g WHERE g.id = x.client_group_id"
        " AND g.kind = 'dynamic')"
    ),
    "clientgroups_importedrow": "x.batch = %(batch)s",
    # Put there by the import itself; tags and people of others are looked at below.
    "clientgroups_client_tags": "TRUE",
    "clientgroups_consentchange": "x.source = %(source)s",
}


@transaction.atomic
def undo_contacts(*, batch: uuid.UUID, actor: User, tags: list[int], source: str) -> dict:
    """Remove what a batch created and give changed rows back what they held.

    A row to which something else was done since (other data, a change by hand) stays as it is and
    is named in the result; a field that was changed again keeps its newer value. Undoing twice
    removes nothing more.
    """
    be_patient()
    names = {"batch": batch, "source": source[:200], "tags": tags}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        discard_staged(batch=batch)
        rows = ImportedRow.objects.filter(batch=batch)
        mark_clients_dirty(Client.objects.filter(pk__in=rows.values("client")))
        cursor.execute(write.UNTAG, names)
        cursor.execute(write.FORGET_CONSENTS, names)
        cursor.execute(write.RESTORE_CONTACTS, names)
        restored = cursor.rowcount
        cursor.execute(write.RESTORE_CLIENTS, names)
        restored += cursor.rowcount
        contacts = _remove(cursor, Contact, "contact", write.LEAVING_CONTACTS, names)
        clients = _remove(cursor, Client, "client", write.LEAVING_CLIENTS, names)
        cursor.execute(write.UNUSED_TAGS, names)
        cursor.execute(write.STAYING, names)
        staying = cursor.fetchall()
        cursor.execute("DROP TABLE leaving_contacts, leaving_clients")
    ImportedRow.objects.filter(batch=batch).delete()
    for model in (Client, Contact):
        model.objects.filter(import_batch=batch).update(import_batch=None)
    result = {
        "clients": clients,
        "contacts": contacts,
        "restored": restored,
        "kept": staying[0][1] if staying else 0,
        "names": [name for name, _number in staying],
    }
    if clients or contacts or restored:
        record(
            actor=actor,
            verb="clients.import_undone",
            target=ImportedClients(batch, clients),
            **{name: [found, None] for name, found in result.items()},
        )
    return result


def _pointing_at(model: type[models.Model]) -> list[tuple[str, str]]:
    """(table, column) of every foreign key to the model, whatever app it belongs to."""
    found = [
        (relation.related_model._meta.db_table, relation.field.column)
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and (relation.one_to_many or relation.one_to_one)
    ]
    return list(dict.fromkeys(found))


def _untouched(model: type[models.Model], label: str) -> str:
    """SQL: nothing besides this batch refers to the row, and nobody changed it since.

    One condition each, so that every table is joined once and not asked for every row.
    """
    alias = {"client": "c", "contact": "t"}[label]
    tests = []
    for table, column in _pointing_at(model):
        own = DERIVED.get(table, "FALSE")
        tests.append(
            f"NOT EXISTS (SELECT 1 FROM {table} x WHERE x.{column} = {alias}.id"  # noqa: S608
            f" AND NOT ({own}))"
        )
    tests.append(
        "NOT EXISTS (SELECT 1 FROM accounts_auditevent e"  # noqa: S608
        f" WHERE e.target_type = 'clientgroups.{label}' AND e.target_id = {alias}.id::text)"
    )
    return " AND ".join(tests)


def _remove(cursor, model, label, statement, names) -> int:  # noqa: ANN001
    """Delete the rows that nobody else uses, with what was worked out about them."""
    leaving = f"leaving_{label}s"
    cursor.execute(f"DROP TABLE IF EXISTS {leaving}")
    cursor.execute(statement.format(untouched=_untouched(model, label)), names)
    cursor.execute(f"ANALYZE {leaving}")
    for table, column in _pointing_at(model):
        if table in DERIVED:
            cursor.execute(
                f"DELETE FROM {table} x USING {leaving} l WHERE x.{column} = l.id"  # noqa: S608
            )
    cursor.execute(f"DELETE FROM {model._meta.db_table} x USING {leaving} l WHERE x.id = l.id")  # noqa: S608
    return cursor.rowcount
