"""Purchases: rows are staged while they are checked, and become clients and purchases at once."""

import datetime as dt
from itertools import islice

from django.utils import timezone
from django.utils.translation import gettext_noop

from clientgroups.importers.checking import PurchaseChecker
from clientgroups.importers.columns import NUMBER
from clientgroups.importers.purchases import recognise
from clientgroups.importers.repeats import ADD_UP, settle_repeats
from clientgroups.importers.staging import append_staged, days_of, refresh_statistics
from clientgroups.services import purchases as services
from core.files.issues import ERROR, KEPT_PER_MESSAGE
from core.files.tables import data_rows

PIECE = 20_000
FOREIGN = gettext_noop(
    "The customer number of this line belongs to a client that you may not change. Ask an "
    "administrator to import the line, or to give you a role in the client's group."
)

__all__ = ["apply", "check", "discard", "finish_check", "is_large", "recognise", "undo"]


def is_large(size):
    """Only a sample is read to recognise a table, so a web request may do it."""
    return False


def check(run, path, log, save):
    """Stage the good rows piece by piece; `save` stores each piece or stops the work.

    Begins behind the records that earlier pieces have read, so a new worker goes on from there.
    """
    today = timezone.now().astimezone(run.created_by.zone).date()
    checker = PurchaseChecker(run.shape, run.mapping, run.options, today)
    done = run.rows_done
    records = islice(data_rows(path, run.shape), done, None)
    while piece := list(islice(records, PIECE)):
        rows = checker.check(piece, log)
        done += len(piece)
        good, blank, checker.good, checker.blank = checker.good, checker.blank, 0, 0
        if not save(
            rows_done=done,
            counted={"good": good, "blank": blank},
            write=lambda rows=rows: append_staged(batch=run.batch, rows=rows),
        ):
            return False
    refresh_statistics()
    return True


def finish_check(run, path, log):
    """What the confirmed import would do; runs once all rows are staged, in one transaction."""
    settle_repeats(
        batch=run.batch,
        numbered=NUMBER in run.mapping,
        add_up=run.options.get("repeats") == ADD_UP,
        log=log,
    )
    found = services.preview_staged(batch=run.batch, actor=run.created_by)
    lines, count = found.pop("foreign"), found.pop("foreign_count")
    for line in lines[:KEPT_PER_MESSAGE]:
        log.add(ERROR, FOREIGN, line=line)
    log.count(ERROR, FOREIGN, count - min(len(lines), KEPT_PER_MESSAGE))
    first_on, last_on = days_of(batch=run.batch)
    return {
        **found,
        "first_on": first_on,
        "last_on": last_on,
        "usable": bool(found["new_purchases"] or found["known_purchases"]),
    }


def apply(run, path):
    """Write the staged purchases; the stages of the clients follow as of the chosen day."""
    as_of = dt.date.fromisoformat(run.options["as_of"])
    return services.apply_staged(batch=run.batch, actor=run.created_by, as_of=as_of)


def undo(run, actor):
    return services.undo_purchases(batch=run.batch, actor=actor)


def discard(run):
    services.discard_staged(batch=run.batch)
