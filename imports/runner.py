"""Carries an import forward. Everything it needs stands in the row, so any worker may go on.

Reading and checking hold a lease on the row and renew it with each piece: a worker that has lost
it stores nothing more. Writing and undoing are one transaction that locks the row, so a worker
that dies leaves nothing behind and the next one starts anew.
"""

import datetime as dt
import json
import time
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from accounts.audit import record
from core.files.issues import IssueLog
from core.files.refusal import Refusal
from imports.models import ImportIssue, ImportRun
from imports.registry import kind_of
from imports.selectors import path_of
from notifications.services import in_language_of

LEASE = dt.timedelta(seconds=60)
# The last step of a check is one transaction without pieces.
LONG_LEASE = dt.timedelta(seconds=150)
BUDGET = 60.0
MAX_ATTEMPTS = 5
STATE = ImportRun.State

GAVE_UP = gettext_noop(
    "The import was tried %(count)s times and stopped each time. Nothing was written. Try it again "
    "with a smaller file, or tell an administrator."
)
NOT_ALLOWED = gettext_noop(
    "The right to import was withdrawn before the import was carried out. Nothing was written."
)
FILE_GONE = gettext_noop("The uploaded file is no longer there. Upload it again.")
WAITED = gettext_noop(
    "The import waited for a decision for two weeks and was closed. Upload the file again."
)


class LostLease(Exception):
    """Another worker has taken the import over."""


def advance(run_id: int) -> bool:
    """Do the next piece of work of an import; True when there is more to do at once."""
    state = ImportRun.objects.filter(pk=run_id).values_list("state", flat=True).first()
    if state in (STATE.READING, STATE.CHECKING):
        return _leased(run_id, state)
    if state in (STATE.APPLYING, STATE.UNDOING):
        return _locked(run_id, state)
    return False


def pending(now: dt.datetime) -> list[int]:
    """Imports that wait for a worker or whose worker has died."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    found = ImportRun.objects.unfinished().filter(free).order_by("pk")
    return list(found.values_list("pk", flat=True)[:50])


# Reading and checking ----------------------------------------------------------------------------


def _leased(run_id: int, state: str) -> bool:
    now = timezone.now()
    token = now + LEASE
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    claimed = ImportRun.objects.filter(free, pk=run_id, state=state).update(
        leased_until=token, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    run = ImportRun.objects.select_related("created_by", "project__client_group").get(pk=run_id)
    if run.attempts > MAX_ATTEMPTS:
        _fail(run, Refusal(GAVE_UP, count=MAX_ATTEMPTS))
        return False
    work = Work(run, token)
    with in_language_of(run.created_by):
        try:
            return work.read() if state == STATE.READING else work.check()
        except LostLease:
            return False
        except Refusal as refusal:
            _fail(run, refusal)
        except FileNotFoundError:
            _fail(run, Refusal(FILE_GONE))
        except Exception:
            ImportRun.objects.filter(pk=run_id, leased_until=work.token).update(leased_until=None)
            raise
    return False


class Work:
    """One worker's hold on one import: a lease that is renewed with every piece it stores."""

    def __init__(self, run: ImportRun, token: dt.datetime) -> None:
        self.run, self.token = run, token
        self.started = time.monotonic()
        stored = run.summary.get("check") or {}
        self.log = IssueLog(stored.get("counts"), stored.get("errors", 0))
        self.counted = {"good": stored.get("good", 0), "blank": stored.get("blank", 0)}

    def read(self) -> bool:
        """Recognise a file that was too large to be parsed while its sender waited."""
        shape = kind_of(self.run).recognise(path_of(self.run))
        self._store(state=STATE.UPLOADED, shape=shape, leased_until=None, attempts=0)
        return False

    def check(self) -> bool:
        """Check pieces until the time is up, then let another task go on; at the end sum up."""
        kind, path = kind_of(self.run), path_of(self.run)
        if not path.exists():
            raise FileNotFoundError(path)
        if not self.run.summary.get("checked") and not kind.check(
            self.run, path, self.log, self._save_piece
        ):
            self._store(leased_until=None, attempts=0)
            return True
        self._renew(LONG_LEASE, summary={**self._progress(), "checked": True})
        with transaction.atomic():
            _allow_time(120)
            found = kind.finish_check(self.run, path, self.log)
            self._finish(found)
        return False

    def _save_piece(self, *, rows_done: int, counted: dict, write: Callable[[], object]) -> bool:
        """Store a piece with the position behind it; False when the time is up."""
        for key, count in counted.items():
            self.counted[key] += count
        with transaction.atomic():
            write()
            self._store_issues()
            self._renew(LEASE, rows_done=rows_done, summary=self._progress(), attempts=0)
        self.run.rows_done = rows_done
        return time.monotonic() - self.started < BUDGET

    def _finish(self, found: dict) -> None:
        self._store_issues()
        notes = sum(self.log.counts.values()) - self.log.errors
        summary = {
            **found,
            "errors": self.log.errors,
            "notes": notes,
            "blank": self.counted["blank"],
            "rows": self.run.rows_done,
            "messages": dict(self.log.counts),
        }
        self._store(
            state=STATE.CHECKED,
            summary=json.loads(json.dumps(summary, cls=DjangoJSONEncoder)),
            rows_total=self.run.rows_done or None,
            leased_until=None,
            attempts=0,
        )

    def _progress(self) -> dict:
        progress = {"counts": dict(self.log.counts), "errors": self.log.errors, **self.counted}
        return {**self.run.summary, "check": progress}

    def _store_issues(self) -> None:
        ImportIssue.objects.bulk_create(
            [ImportIssue(run=self.run, **issue._asdict()) for issue in self.log.drain()],
            batch_size=1000,
        )

    def _renew(self, lease: dt.timedelta, **changes: object) -> None:
        token = timezone.now() + lease
        self._store(leased_until=token, **changes)
        self.token = token

    def _store(self, **changes: object) -> None:
        """Change the row while the lease is ours; the surrounding transaction fails otherwise."""
        held = ImportRun.objects.filter(pk=self.run.pk, leased_until=self.token)
        if not held.update(**changes):
            raise LostLease


def _fail(run: ImportRun, refusal: Refusal) -> None:
    """End an import with a sentence; whatever was staged for it goes."""
    with transaction.atomic():
        ImportRun.objects.filter(pk=run.pk).update(
            state=STATE.FAILED,
            problem=_in_english(refusal),
            summary={**run.summary, "problem": refusal.as_dict()},
            finished_at=timezone.now(),
            leased_until=None,
        )
        kind_of(run).discard(run)


def _in_english(refusal: Refusal) -> str:
    with translation.override("en"):
        return str(refusal)


def expire(before: dt.datetime) -> int:
    """Close imports that nobody decided about, and remove the files of all that are over."""
    waiting = ImportRun.objects.filter(
        state__in=[STATE.UPLOADED, STATE.CHECKED], created_at__lt=before
    )
    for run in waiting:
        _fail(run, Refusal(WAITED))
    over = ImportRun.objects.filter(created_at__lt=before).exclude(file="")
    for run in over:
        remove_file(run)
    return len(waiting) + len(over)


def remove_file(run: ImportRun) -> None:
    """What was uploaded is not kept longer than the import needs it."""
    if run.file:
        run.file.delete(save=False)
        ImportRun.objects.filter(pk=run.pk).update(file="")


# Writing and undoing -----------------------------------------------------------------------------


def _locked(run_id: int, state: str) -> bool:
    """Write or undo in one transaction; the row lock keeps a second worker out."""
    with transaction.atomic():
        run = _lock(run_id, state)
        if run is None:
            return False
        ImportRun.objects.filter(pk=run_id).update(attempts=F("attempts") + 1)
    if run.attempts >= MAX_ATTEMPTS:
        _give_up(run, Refusal(GAVE_UP, count=MAX_ATTEMPTS))
        return False
    with in_language_of(run.created_by):
        try:
            with transaction.atomic():
                run = _lock(run_id, state)
                if run is not None:
                    _allow_time(240)
                    _write(run) if state == STATE.APPLYING else _undo(run)
        except Refusal as refusal:
            _give_up(run, refusal)
        except ValidationError as error:
            _give_up(run, Refusal("%(reason)s", reason=" ".join(error.messages)))
        except FileNotFoundError:
            _give_up(run, Refusal(FILE_GONE))
    return False


def _lock(run_id: int, state: str) -> ImportRun | None:
    runs = ImportRun.objects.select_for_update(of=("self",), skip_locked=True)
    return (
        runs.select_related("created_by", "project__client_group")
        .filter(pk=run_id, state=state)
        .first()
    )


def _write(run: ImportRun) -> None:
    if not run.created_by.is_active or not run.created_by.has_perm("imports.own", run):
        raise Refusal(NOT_ALLOWED)
    started = time.monotonic()
    result = kind_of(run).apply(run, path_of(run))
    run.state, run.finished_at, run.attempts = STATE.APPLIED, timezone.now(), 0
    run.summary = {
        **run.summary,
        "seconds": round(time.monotonic() - started, 2),
        "result": json.loads(json.dumps(result, cls=DjangoJSONEncoder)),
    }
    run.save(update_fields=["state", "finished_at", "attempts", "summary"])
    record(actor=run.created_by, verb="import.applied", target=run, state=["checked", "applied"])
    transaction.on_commit(lambda: remove_file(run), robust=True)


def _undo(run: ImportRun) -> None:
    result = kind_of(run).undo(run, run.created_by)
    run.state, run.attempts = STATE.UNDONE, 0
    run.summary = {**run.summary, "undone": json.loads(json.dumps(result, cls=DjangoJSONEncoder))}
    run.summary.pop("undo_refused", None)
    run.save(update_fields=["state", "attempts", "summary"])
    record(actor=run.created_by, verb="import.undone", target=run, state=["applied", "undone"])


def _give_up(run: ImportRun, refusal: Refusal) -> None:
    """An import that cannot be written fails; one that cannot be undone stays and says why."""
    if run.state == STATE.APPLYING:
        _fail(run, refusal)
        return
    ImportRun.objects.filter(pk=run.pk).update(
        state=STATE.APPLIED,
        attempts=0,
        summary={**run.summary, "undo_refused": refusal.as_dict()},
    )


def _allow_time(seconds: int) -> None:
    """Large files need longer statements and more memory for sorting than a web page may use."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true),"
            " set_config('lock_timeout', %s, true), set_config('work_mem', '64MB', true)",
            [f"{seconds}s", "60s"],
        )
