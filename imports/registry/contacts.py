"""Clients and contacts: lines are staged while they are checked, and written at once."""

from itertools import islice

from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from clientgroups.importers.contact_checking import ContactChecker
from clientgroups.importers.contacts import lines_of, losses, recognise
from clientgroups.selectors.clients_custom import custom_fields
from clientgroups.services import contact_batches as services
from clientgroups.services.contact_undo import undo_contacts
from core.files.issues import ERROR, KEPT_PER_MESSAGE, NOTE

PIECE = 5000
# Larger files are read whole by a worker, so that no web request is held up by them.
LARGE = 2 << 20
PROBLEMS = {
    "foreign": (
        ERROR,
        gettext_noop(
            "The customer number of this line belongs to a client that you may not change. Ask an "
            "administrator to import the line, or to give you a role in the client's group."
        ),
    ),
    "erased": (
        ERROR,
        gettext_noop("The client of this line was erased at its own request. Leave the line out."),
    ),
    "gone": (
        ERROR,
        gettext_noop(
            "The client of this line no longer exists. Empty its reference to add it anew."
        ),
    ),
    "unlinked": (
        ERROR,
        gettext_noop(
            "The line refers to a client that neither this file nor the chosen import holds. "
            "Import the clients first and choose that import in the mapping."
        ),
    ),
    "repeated": (
        ERROR,
        gettext_noop("The same client or contact stands further up in the file already."),
    ),
    "taken": (
        ERROR,
        gettext_noop(
            "Another contact of this client has this e-mail address or contact number already."
        ),
    ),
    "note:unlinked": (
        NOTE,
        gettext_noop(
            "The line refers to a client that neither this file nor the chosen import holds. The "
            "contact becomes a client of its own."
        ),
    ),
}

__all__ = ["apply", "check", "discard", "finish_check", "is_large", "recognise", "undo"]


def is_large(size):
    return size > LARGE


def check(run, path, log, save):
    """Stage the good lines piece by piece, going on behind what earlier pieces have read."""
    people, fields = _people(), list(custom_fields())
    checker = ContactChecker(run.shape, run.mapping, run.options, people=people, fields=fields)
    done = run.rows_done
    lines = islice(lines_of(path, run.shape), done, None)
    while piece := list(islice(lines, PIECE)):
        rows = checker.check(piece, log)
        done += len(piece)
        counted = {"good": checker.good, "blank": checker.blank}
        checker.good = checker.blank = 0
        if not save(
            rows_done=done,
            counted=counted,
            write=lambda rows=rows: services.append_staged(batch=run.batch, rows=rows),
        ):
            return False
    services.refresh_statistics()
    return True


def _people():
    """{e-mail or name: key} of whom a file may name as owner; a name of two is nobody's."""
    found, doubtful = {}, set()
    for pk, name, email in User.objects.filter(is_active=True).values_list("pk", "name", "email"):
        found[email.casefold()] = pk
        key = name.casefold()
        if key in found and found[key] != pk:
            doubtful.add(key)
        found.setdefault(key, pk)
    return {key: pk for key, pk in found.items() if key not in doubtful}


def finish_check(run, path, log):
    """What the confirmed import would do; runs once all lines are staged, in one transaction."""
    found = services.preview_staged(batch=run.batch, actor=run.created_by, options=run.options)
    for key, (number, lines) in found.pop("problems").items():
        severity, message = PROBLEMS[key]
        for line in lines[:KEPT_PER_MESSAGE]:
            log.add(severity, message, line=line)
        log.count(severity, message, number - min(len(lines), KEPT_PER_MESSAGE))
    usable = any(found[name] for name in services.COUNTS)
    return {**found, "losses": losses(path, run.shape, run.mapping), "usable": usable}


def apply(run, path):
    source = source_of(run)
    result = services.apply_staged(
        batch=run.batch, actor=run.created_by, options=run.options, source=source
    )
    return {**result, "source": source}


def undo(run, actor):
    result = run.summary.get("result") or {}
    return undo_contacts(
        batch=run.batch,
        actor=actor,
        tags=result.get("tags") or [],
        source=result.get("source") or "",
    )


def discard(run):
    services.discard_staged(batch=run.batch)


def source_of(run):
    """What stands beside a consent that the file speaks of; the number makes it this import's."""
    return gettext("Import %(number)s: %(file)s") % {"number": run.pk, "file": run.file_name}
