"""Lines of one file that repeat each other, found by the database once all of them are staged."""

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from clientgroups.importers.checking import DIGEST
from core.files.issues import ERROR, KEPT_PER_MESSAGE, NOTE

ADD_UP = "add"
NUMBER_REPEATED = gettext_noop(
    "Purchase number %(found)s stands in line %(first)s already. Give the purchase its own number "
    "or, if these are lines of one order, choose “Add up lines with the same number” in the "
    "mapping."
)
NUMBER_SHARED = gettext_noop(
    "Purchase number %(found)s also stands in line %(first)s for another customer. Both are kept."
)
NUMBER_OTHER_CURRENCY = gettext_noop(
    "Purchase number %(found)s has another currency in line %(first)s, so they cannot be added "
    "up. Give each its own number."
)
SAME_LINE = gettext_noop(
    "The line repeats line %(first)s in every field. Both are kept as purchases."
)
ADDED_UP = gettext_noop("The line was added to line %(first)s, which has the same purchase number.")

TABLE = "clientgroups_stagedpurchase"
NUMBERED = f"external_id NOT LIKE '{DIGEST}%%'"


@transaction.atomic
def settle_repeats(*, batch, numbered, add_up, log):
    """Name repeated lines, and make the numbers of a batch distinct for each customer.

    Purchases without a number are told apart by their repetition: the second equal line of a file
    is the second purchase of that kind, so the same file gives the same numbers again. `numbered`
    says whether the file has numbers of its own.
    """
    with connection.cursor() as cursor:
        if numbered:
            _settle_numbers(cursor, batch, add_up, log)
        _note_same(cursor, batch, log)
        _number_repetitions(cursor, batch)


def _settle_numbers(cursor, batch, add_up, log):
    if add_up:
        other = "first_value(currency) OVER w <> currency"
        _refuse(cursor, batch, log, NUMBER_OTHER_CURRENCY, other)
        _note_added(cursor, batch, log)
        _add_up(cursor, batch)
    else:
        _refuse(cursor, batch, log, NUMBER_REPEATED, "row_number() OVER w > 1")
    _note_shared(cursor, batch, log)


def _refuse(cursor, batch, log, message, condition):
    """Take lines out that repeat a number of the same customer, naming the first such line."""
    cursor.execute(
        f"""
        WITH seen AS (
            SELECT id, line, external_id, first_value(line) OVER w AS first, {condition} AS bad
            FROM {TABLE} WHERE batch = %s AND {NUMBERED}
            WINDOW w AS (PARTITION BY client_external_id, external_id ORDER BY line)
        ), gone AS (
            DELETE FROM {TABLE} USING seen WHERE {TABLE}.id = seen.id AND seen.bad
            RETURNING seen.line, seen.external_id, seen.first
        )
        SELECT line, external_id, first, count(*) OVER () FROM gone ORDER BY line LIMIT %s
        """,  # noqa: S608 - only constants of this module are put in
        [batch, KEPT_PER_MESSAGE],
    )
    _log(cursor, log, ERROR, message)


def _note_added(cursor, batch, log):
    cursor.execute(
        f"""
        SELECT line, external_id, first, count(*) OVER () FROM (
            SELECT line, external_id, row_number() OVER w AS n, first_value(line) OVER w AS first
            FROM {TABLE} WHERE batch = %s AND {NUMBERED}
            WINDOW w AS (PARTITION BY client_external_id, external_id ORDER BY line)
        ) AS seen WHERE n > 1 ORDER BY line LIMIT %s
        """,  # noqa: S608
        [batch, KEPT_PER_MESSAGE],
    )
    _log(cursor, log, NOTE, ADDED_UP)


def _add_up(cursor, batch):
    """One purchase per number: the first line takes the sums and the earliest date."""
    cursor.execute(
        f"""
        WITH seen AS (
            SELECT id, row_number() OVER w AS n, count(*) OVER total AS lines,
                   sum(amount) OVER total AS amount, sum(quantity) OVER total AS quantity,
                   min(bought_on) OVER total AS bought_on
            FROM {TABLE} WHERE batch = %s AND {NUMBERED}
            WINDOW w AS (PARTITION BY client_external_id, external_id ORDER BY line),
                   total AS (PARTITION BY client_external_id, external_id)
        ), gone AS (
            DELETE FROM {TABLE} USING seen WHERE {TABLE}.id = seen.id AND seen.n > 1
        )
        UPDATE {TABLE} AS staged
        SET amount = seen.amount, quantity = seen.quantity, bought_on = seen.bought_on
        FROM seen WHERE staged.id = seen.id AND seen.n = 1 AND seen.lines > 1
        """,  # noqa: S608
        [batch],
    )


def _note_shared(cursor, batch, log):
    cursor.execute(
        f"""
        SELECT line, external_id, first, count(*) OVER () FROM (
            SELECT line, external_id, client_external_id,
                   first_value(line) OVER w AS first,
                   first_value(client_external_id) OVER w AS first_client
            FROM {TABLE} WHERE batch = %s AND {NUMBERED}
            WINDOW w AS (PARTITION BY external_id ORDER BY line)
        ) AS seen WHERE client_external_id <> first_client ORDER BY line LIMIT %s
        """,  # noqa: S608
        [batch, KEPT_PER_MESSAGE],
    )
    _log(cursor, log, NOTE, NUMBER_SHARED)


def _note_same(cursor, batch, log):
    cursor.execute(
        f"""
        SELECT line, external_id, first, count(*) OVER () FROM (
            SELECT line, external_id, row_number() OVER w AS n, first_value(line) OVER w AS first
            FROM {TABLE} WHERE batch = %s AND external_id LIKE '{DIGEST}%%'
            WINDOW w AS (
                PARTITION BY client_external_id, external_id, quantity, product ORDER BY line
            )
        ) AS seen WHERE n > 1 ORDER BY line LIMIT %s
        """,  # noqa: S608
        [batch, KEPT_PER_MESSAGE],
    )
    _log(cursor, log, NOTE, SAME_LINE)


def _number_repetitions(cursor, batch):
    cursor.execute(
        f"""
        WITH seen AS (
            SELECT id, row_number() OVER (
                PARTITION BY client_external_id, external_id ORDER BY line
            ) AS n
            FROM {TABLE} WHERE batch = %s AND external_id LIKE '{DIGEST}%%'
        )
        UPDATE {TABLE} AS staged SET external_id = staged.external_id || '-' || seen.n
        FROM seen WHERE staged.id = seen.id AND seen.n > 1
        """,  # noqa: S608
        [batch],
    )


def _log(cursor, log, severity, message):
    found = cursor.fetchall()
    for line, number, first, _total in found:
        log.add(severity, message, line=line, value=number, found=number, first=first)
    if found:
        log.count(severity, message, found[0][3] - len(found))
