"""Reading a board as the worker does, for tests."""

import datetime as dt
from zoneinfo import ZoneInfo

from core.files.issues import IssueLog
from projects.importers.trello import read_board
from tests.imports.samples import as_json, board, card

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def read(tmp_path, found, zone="UTC", mapping=None, **options):
    log = IssueLog()
    result, losses = read_board(
        as_json(tmp_path, found),
        mapping=mapping or {},
        options=options,
        zone=ZoneInfo(zone),
        now=NOW,
        log=log,
    )
    notes = [(issue.place, issue.message % issue.params) for issue in log.drain()]
    return result, {what: count for what, count, _ in losses}, notes


def one_card(tmp_path, board_fields=None, zone="UTC", mapping=None, **fields):
    found = board(cards=[card(101, "A", 11) | fields], **(board_fields or {}))
    result, losses, notes = read(tmp_path, found, zone, mapping)
    return result.tasks[0], losses, notes
