"""Purchases of an uploaded file: staged by COPY, previewed, applied or thrown away as one.

Everything is set-based SQL, so that tens of thousands of lines take seconds and constant memory.
Writing is one transaction under one lock: a batch is there as a whole or not at all, two batches
never mix, and a batch that is applied again finds every purchase known already.
"""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db import connection, transaction

from accounts.audit import record
from accounts.models import User
from clientgroups.models import Client, Purchase, StagedPurchase
from clientgroups.selectors.dates import today_here
from clientgroups.services import purchase_sql as sql
from clientgroups.services.database import be_patient, sql_of
from clientgroups.services.groups import mark_dynamic_groups_stale
from clientgroups.services.lifecycle import STAGE, derive_stages, policy_on
from clientgroups.services.rfm import mark_scores_stale

# Any two writers of batches wait for each other; "tandempu" as a number.
LOCK = 0x74616E64656D7075
COLUMNS = [field.column for field in StagedPurchase._meta.concrete_fields if field.name != "id"]
FOREIGN_LINES = 1000
NAMES = 20


class ImportedPurchases:
    """What the audit trail calls a batch."""

    _meta = Purchase._meta

    def __init__(self, batch: uuid.UUID, number: int):
        self.pk, self.number = batch, number

    def __str__(self):
        return f"{self.number} purchases"


# Staging -----------------------------------------------------------------------------------------


@transaction.atomic
def stage_purchases(*, batch: uuid.UUID, rows: Iterable[tuple]) -> int:
    """Put checked lines aside for a batch, replacing what it had; return how many.

    Each row is (batch, line, client_external_id, client_name, bought_on, amount, currency,
    quantity, product, external_id).
    """
    be_patient()
    discard_staged(batch=batch)
    number = 0
    names = ", ".join(COLUMNS)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {StagedPurchase._meta.db_table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
                number += 1
        cursor.execute(f"ANALYZE {StagedPurchase._meta.db_table}")
    return number


def discard_staged(*, batch: uuid.UUID) -> int:
    """Throw the lines of a batch away that nobody confirmed; return how many there were."""
    return StagedPurchase.objects.filter(batch=batch)._raw_delete("default")


# Looking before writing --------------------------------------------------------------------------


def _scope_clients(cursor, batch, actor) -> None:  # noqa: ANN001
    editable, params = sql_of(Client.objects.editable_by(actor).order_by().values("id"))
    cursor.execute("DROP TABLE IF EXISTS batch_clients")
    cursor.execute(sql.SCOPE.format(editable=editable), [batch, *params, batch])
    cursor.execute("ANALYZE batch_clients")


@transaction.atomic
def preview_staged(*, batch: uuid.UUID, actor: User) -> dict:
    """What applying the batch would do; writes nothing.

    `foreign` holds the first 1,000 lines whose customer number belongs to a client that the person
    may not change, `foreign_count` how many there are; `repeated` counts lines whose purchase
    number stands further up in the file already.
    """
    be_patient()
    with connection.cursor() as cursor:
        _scope_clients(cursor, batch, actor)
        cursor.execute(sql.COUNTS, [batch])
        names = ("new_clients", "known_clients", "new_purchases", "known_purchases", "repeated")
        *counts, first_on, last_on = cursor.fetchone()
        cursor.execute(sql.TOTALS, [batch])
        totals = dict(cursor.fetchall())
        cursor.execute(sql.FOREIGN, [batch, FOREIGN_LINES])
        foreign = cursor.fetchall()
        cursor.execute("DROP TABLE batch_clients")
    return {
        **dict(zip(names, counts, strict=True)),
        "first_on": first_on,
        "last_on": last_on,
        "totals": totals,
        "foreign": [line for line, _number in foreign],
        "foreign_count": foreign[0][1] if foreign else 0,
    }


# Writing -----------------------------------------------------------------------------------------


def _start(cursor) -> None:  # noqa: ANN001
    be_patient()
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def apply_staged(*, batch: uuid.UUID, actor: User, as_of: dt.date) -> dict:
    """Write a staged batch: clients, purchases, figures and lifecycle stages as of a day.

    Purchases that are known (same client and number) are left alone, so applying a batch or a file
    twice adds nothing. A day in the past is kept by the clients it applies to until they follow
    the calendar; clients that live in the present already get the stage of today.
    """
    with connection.cursor() as cursor:
        _start(cursor)
        staged = StagedPurchase.objects.filter(batch=batch).count()
        if not staged:
            return dict.fromkeys(RESULT, 0)
        new_clients, moved = _create_clients(cursor, batch, actor, as_of)
        for table, found in {"chosen": "TRUE", "present": "FALSE"}.items():
            cursor.execute(sql.KNOWN.format(table=table, found=found), [batch])
        cursor.execute(sql.NEW_PURCHASES, [batch])
        new_purchases = cursor.rowcount
        moved += _derive(cursor, batch, actor, as_of)
        cursor.execute("SELECT count(*) FROM present")
        present = cursor.fetchone()[0]
        cursor.execute(sql.FOREIGN, [batch, 1])
        foreign = cursor.fetchone()
        cursor.execute("DROP TABLE batch_clients, created, chosen, present")
    discard_staged(batch=batch)
    result = {
        "new_clients": new_clients,
        "new_purchases": new_purchases,
        "known_purchases": staged - new_purchases - (foreign[1] if foreign else 0),
        "moved": moved,
        "kept_current": present,
        "foreign": foreign[1] if foreign else 0,
    }
    record(
        actor=actor,
        verb="purchases.imported",
        target=ImportedPurchases(batch, new_purchases),
        as_of=[None, as_of.isoformat()],
        **{name: [None, number] for name, number in result.items()},
    )
    mark_scores_stale()
    mark_dynamic_groups_stale()
    return result


RESULT = ("new_clients", "new_purchases", "known_purchases", "moved", "kept_current", "foreign")


def _create_clients(cursor, batch, actor, as_of) -> tuple[int, int]:  # noqa: ANN001
    """Create the clients of unknown numbers; how many, and how many of them left "potential"."""
    _scope_clients(cursor, batch, actor)
    names = policy_on(as_of) | {
        "batch": batch,
        "actor": actor.pk,
        "follows": as_of >= today_here(),
    }
    stage = STAGE.format(last_on="last_past_on", recent="recent", before="'potential'")
    cursor.execute(sql.NEW_CLIENTS.format(stage=stage), names)
    counts = cursor.fetchone()
    cursor.execute(sql.CREATED, [batch])
    cursor.execute("ANALYZE created")
    # Now with the clients just created, and any that somebody else created in the meantime.
    _scope_clients(cursor, batch, actor)
    return counts


def _derive(cursor, batch, actor, as_of) -> int:  # noqa: ANN001
    """Figures and stages of the clients in `chosen` (as of the day) and `present` (as of today)."""
    today = today_here()
    # After a large batch the old statistics say "nearly empty", and a join by loops never ends.
    cursor.execute("ANALYZE clientgroups_client, clientgroups_purchase")
    for table in ("chosen", "present"):
        cursor.execute(f"ANALYZE {table}")
        cursor.execute(sql.FIGURES.format(touched=table))
    cursor.execute(
        "UPDATE clientgroups_client c SET stage_follows_today = %s FROM chosen"
        " WHERE c.id = chosen.id AND c.stage_follows_today IS DISTINCT FROM %s",
        [as_of >= today, as_of >= today],
    )
    moved = derive_stages(as_of=as_of, scope="chosen", batch=batch, actor=actor)
    return moved + derive_stages(as_of=today, scope="present", batch=batch, actor=actor)


# Taking back -------------------------------------------------------------------------------------


@transaction.atomic
def undo_purchases(*, batch: uuid.UUID, actor: User) -> dict:
    """Remove what a batch created and work figures and stages of the others out anew.

    A client of the batch that has other data by now (contacts, a listed group, another import, a
    change by hand) stays, without the purchases, and is named in the result. Undoing twice removes
    nothing more.
    """
    with connection.cursor() as cursor:
        _start(cursor)
        discard_staged(batch=batch)
        cursor.execute("DROP TABLE IF EXISTS undone")
        cursor.execute(
            "CREATE TEMP TABLE undone ON COMMIT DROP AS"
            " SELECT client_id AS id FROM clientgroups_purchase WHERE import_batch = %s UNION"
            " SELECT id FROM clientgroups_client WHERE import_batch = %s",
            [batch, batch],
        )
        cursor.execute("ANALYZE undone")
        cursor.execute("DELETE FROM clientgroups_purchase WHERE import_batch = %s", [batch])
        purchases = cursor.rowcount
        clients = _delete_clients(cursor, batch)
        cursor.execute(sql.FIGURES.format(touched="undone"))
        _restore_stages(cursor, batch, actor)
        cursor.execute("DROP TABLE undone")
    kept = Client.objects.filter(import_batch=batch).order_by("name", "pk")
    names = list(kept.values_list("name", flat=True)[:NAMES])
    result = {"purchases": purchases, "clients": clients, "kept": kept.count(), "names": names}
    kept.update(import_batch=None)
    if purchases or clients:
        record(
            actor=actor,
            verb="purchases.import_undone",
            target=ImportedPurchases(batch, purchases),
            **{name: [found, None] for name, found in result.items()},
        )
        mark_scores_stale()
        mark_dynamic_groups_stale()
    return result


def _other_data() -> str:
    """SQL: something besides this batch refers to the client `c`, whatever app it belongs to."""
    derived = {
        "clientgroups_lifecyclechange": "AND x.import_batch IS DISTINCT FROM %(batch)s"
        " AND x.actor_id IS NOT NULL",
        "clientgroups_membership": "AND EXISTS (SELECT 1 FROM clientgroups_clientgroup g"
        " WHERE g.id = x.client_group_id AND g.kind = 'static')",
    }
    tests = [
        f"EXISTS (SELECT 1 FROM {relation.related_model._meta.db_table} x"  # noqa: S608
        f" WHERE x.{relation.field.column} = c.id"
        f" {derived.get(relation.related_model._meta.db_table, '')})"
        for relation in Client._meta.related_objects
    ]
    changed = (
        "EXISTS (SELECT 1 FROM accounts_auditevent e"
        " WHERE e.target_type = 'clientgroups.client' AND e.target_id = c.id::text)"
    )
    return " OR ".join([*tests, changed])


def _delete_clients(cursor, batch) -> int:  # noqa: ANN001
    cursor.execute(
        "CREATE TEMP TABLE leaving ON COMMIT DROP AS SELECT c.id FROM clientgroups_client c"  # noqa: S608
        f" WHERE c.import_batch = %(batch)s AND NOT ({_other_data()})",
        {"batch": batch},
    )
    cursor.execute("ANALYZE leaving")
    for child in ("lifecyclechange", "membership"):
        cursor.execute(
            f"DELETE FROM clientgroups_{child} x USING leaving l WHERE x.client_id = l.id"  # noqa: S608
        )
    cursor.execute("DELETE FROM clientgroups_client c USING leaving l WHERE c.id = l.id")
    deleted = cursor.rowcount
    cursor.execute("DELETE FROM undone u USING leaving l WHERE u.id = l.id")
    cursor.execute("DROP TABLE leaving")
    return deleted


def _restore_stages(cursor, batch, actor) -> None:  # noqa: ANN001
    today = today_here()
    names = {"batch": batch, "today": today}
    cursor.execute(sql.STAGE_BEFORE, names)
    cursor.execute(sql.NEVER_DERIVED, names)
    cursor.execute("DELETE FROM clientgroups_lifecyclechange WHERE import_batch = %(batch)s", names)
    only = "c.purchase_count > 0 AND c.stage_follows_today"
    derive_stages(as_of=today, scope="undone", only=only, actor=actor)
    cursor.execute(
        "SELECT DISTINCT c.stage_as_of FROM clientgroups_client c JOIN undone u ON u.id = c.id"
        " WHERE NOT c.stage_follows_today AND c.stage_as_of IS NOT NULL"
    )
    for (day,) in cursor.fetchall():
        only = "NOT c.stage_follows_today AND c.stage_as_of = %(as_of)s"
        derive_stages(as_of=day, scope="undone", only=only, actor=actor)
