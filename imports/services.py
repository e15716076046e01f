"""What a person does with an import. The work itself is a worker's, see runner."""

import datetime as dt
import hashlib
import uuid

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from accounts.audit import record
from accounts.models import User
from accounts.once import once
from core.files.refusal import Refusal, shorten
from imports import tasks
from imports.models import ImportIssue, ImportRun, RememberedMapping
from imports.registry import KINDS, kind_of
from imports.selectors import headings_digest, path_of
from projects.models import Project

STATE = ImportRun.State


def start_run(
    *,
    actor: User,
    kind: str,
    upload: File,
    project: Project | None = None,
    encoding: str = "",
    once_key: uuid.UUID | None = None,
) -> ImportRun:
    """Store an uploaded file and recognise its shape; one that is none is refused with a sentence.

    A large file of a kind that must be parsed whole is recognised by a worker.
    """
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    stored = default_storage.save(f"imports/{timezone.now():%Y/%m}/{uuid.uuid4().hex}", upload)
    try:
        large = KINDS[kind].is_large(upload.size)
        chosen = {"encoding": encoding} if encoding else {}
        shape = {} if large else KINDS[kind].recognise(default_storage.path(stored), **chosen)
        run = _create_run(
            actor=actor,
            once_key=once_key,
            kind=kind,
            project=project,
            file=stored,
            file_name=shorten(upload.name, 200),
            file_size=upload.size,
            sha256=digest.hexdigest(),
            shape=shape,
            rows_total=shape.get("lines"),
            state=STATE.READING if large else STATE.UPLOADED,
        )
        if run.file != stored:
            default_storage.delete(stored)  # the same form sent twice
        return run
    except Refusal as refusal:
        default_storage.delete(stored)
        raise ValidationError(str(refusal)) from refusal
    except Exception:
        default_storage.delete(stored)
        raise


@once
@transaction.atomic
def _create_run(*, actor: User, **fields: object) -> ImportRun:
    run = ImportRun.objects.create(created_by=actor, **fields)
    record(actor=actor, verb="import.uploaded", target=run)
    if run.is_working:
        _wake(run)
    return run


@transaction.atomic
def reread_run(*, run: ImportRun, actor: User, **chosen: object) -> ImportRun:
    """Recognise the file anew with the encoding, separator, header or sheet that was chosen."""
    locked = _waiting(run, STATE.UPLOADED)
    try:
        locked.shape = kind_of(locked).recognise(path_of(locked), **chosen)
    except Refusal as refusal:
        raise ValidationError(str(refusal)) from refusal
    locked.rows_total = locked.shape.get("lines")
    locked.save(update_fields=["shape", "rows_total"])
    return locked


@transaction.atomic
def check_run(*, run: ImportRun, actor: User, mapping: dict, options: dict) -> ImportRun:
    """Keep the mapping and have the file checked; a second click finds it being checked."""
    locked = _lock(run)
    if locked is None or locked.state != STATE.UPLOADED:
        return locked or run
    locked.mapping, locked.options, locked.state = mapping, options, STATE.CHECKING
    locked.rows_done, locked.attempts, locked.leased_until = 0, 0, None
    locked.summary = {}
    locked.save()
    _remember(locked)
    _wake(locked)
    return locked


def _remember(run: ImportRun) -> None:
    """Keep what was chosen for the next file with the same headings; boards have none."""
    if any(run.shape.get("columns") or []):
        RememberedMapping.objects.update_or_create(
            user_id=run.created_by_id,
            kind=run.kind,
            headings=headings_digest(run),
            defaults={"mapping": run.mapping, "options": {**run.options, "link": ""}},
        )


@transaction.atomic
def remap_run(*, run: ImportRun, actor: User) -> ImportRun:
    """Go back to the mapping, with what was chosen; the result of the check is dropped."""
    locked = _waiting(run, STATE.CHECKED, STATE.FAILED, STATE.UPLOADED)
    if not locked.file or not locked.shape:
        raise ValidationError(_("The uploaded file is no longer there. Upload it again."))
    kind_of(locked).discard(locked)
    ImportIssue.objects.filter(run=locked).delete()
    locked.state, locked.summary, locked.problem = STATE.UPLOADED, {}, ""
    locked.rows_done, locked.attempts, locked.finished_at = 0, 0, None
    locked.rows_total = locked.shape.get("lines")
    locked.save()
    return locked


@transaction.atomic
def confirm_run(*, run: ImportRun, actor: User, as_of: dt.date | None = None) -> ImportRun:
    """Have a checked import written; confirming twice writes once."""
    locked = _lock(run)
    if locked is None or locked.state in (STATE.APPLYING, STATE.APPLIED):
        return locked or run
    if locked.state != STATE.CHECKED or not locked.summary.get("usable"):
        raise ValidationError(_("The import has to be checked before it can be confirmed."))
    if as_of is not None:
        locked.options = {**locked.options, "as_of": as_of.isoformat()}
    locked.state, locked.attempts, locked.leased_until = STATE.APPLYING, 0, None
    locked.save()
    record(actor=actor, verb="import.confirmed", target=locked, state=["checked", "applying"])
    _wake(locked)
    return locked


@transaction.atomic
def undo_run(*, run: ImportRun, actor: User) -> ImportRun:
    """Have everything taken back that the import wrote; asking twice undoes once."""
    locked = _lock(run)
    if locked is None or locked.state in (STATE.UNDOING, STATE.UNDONE):
        return locked or run
    if locked.state != STATE.APPLIED:
        raise ValidationError(_("Only a finished import can be undone."))
    locked.state, locked.attempts, locked.leased_until = STATE.UNDOING, 0, None
    locked.summary.pop("undo_refused", None)
    locked.save()
    _wake(locked)
    return locked


@transaction.atomic
def discard_run(*, run: ImportRun, actor: User) -> None:
    """Remove an import that was not carried out, with its file; nothing else changes."""
    locked = _waiting(run, STATE.UPLOADED, STATE.CHECKED, STATE.FAILED)
    record(actor=actor, verb="import.discarded", target=locked)
    kind_of(locked).discard(locked)
    name = locked.file.name
    locked.delete()
    if name:
        transaction.on_commit(lambda: default_storage.delete(name), robust=True)


def _lock(run: ImportRun) -> ImportRun | None:
    """The locked row; None while a worker writes it, so that no page waits for a long import."""
    return ImportRun.objects.select_for_update(skip_locked=True).filter(pk=run.pk).first()


def _waiting(run: ImportRun, *states: str) -> ImportRun:
    """The locked row when it is in one of the states; a sentence when it has moved on."""
    locked = _lock(run)
    if locked is None or locked.state not in states:
        raise ValidationError(_("The import has moved on in the meantime. Look at its state."))
    return locked


def _wake(run: ImportRun) -> None:
    """The row says what is to be done; without a broker the sweep finds it."""
    transaction.on_commit(lambda: _publish(run.pk))


def _publish(run_id: int) -> None:
    try:
        tasks.advance.apply_async((run_id,), retry=False)
    except (KombuError, RedisError, OSError):
        return
