"""Trello boards: read whole, checked and written at once."""

from django.utils import timezone

from core.files.issues import IssueLog
from projects.importers.preview import preview_board
from projects.importers.trello import read_board, recognise
from projects.services.boards import import_board, undo_board

# Larger files are parsed by a worker, so that no web request is held up by them.
LARGE = 4 << 20

__all__ = ["apply", "check", "discard", "finish_check", "is_large", "recognise", "undo"]


def is_large(size):
    return size > LARGE


def check(run, path, log, save):
    """Nothing is staged: the file is read again when the import is confirmed."""
    return True


def finish_check(run, path, log):
    board, losses = _board(run, path, log)
    return {**preview_board(run.project, board), "losses": losses}


def apply(run, path):
    board, _losses = _board(run, path, IssueLog())
    return import_board(actor=run.created_by, project=run.project, board=board, batch=run.batch)


def undo(run, actor):
    return undo_board(batch=run.batch, actor=actor)


def discard(run):
    """There is nothing beside the file."""


def _board(run, path, log):
    # Ids of cards say when they were made; the upload is the latest they can be.
    return read_board(
        path,
        mapping=run.mapping,
        options=run.options,
        zone=run.created_by.zone,
        now=run.created_at or timezone.now(),
        log=log,
    )
