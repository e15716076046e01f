"""The Trello importer: what a file holds, what is asked, and the board that comes of it."""

from collections import Counter

from django.utils.translation import gettext_noop

from core.files.issues import IssueLog
from core.files.refusal import Refusal, shorten
from projects.importers.trello_board import NO_LIST, BoardReader
from projects.importers.trello_losses import BOOKKEEPING
from projects.importers.trello_reading import Export, guess_category
from projects.importers.trello_values import Values, as_id, in_order, own_id

MAX_LISTS, MAX_MEMBERS, MAX_BOARDS = 1000, 1000, 200
TOO_MANY = gettext_noop(
    "The board has %(count)s %(kind)s, more than the %(limit)s that can be mapped. Archive and "
    "delete some in Trello and export again."
)


def recognise(path, **_chosen):
    """The boards of an export with their lists and members, small enough to show and store."""
    export = Export(path)
    return {
        "format": "trello",
        "boards": [_outline(board) for board in export.boards[:MAX_BOARDS]],
        "lines": None,
    }


def _outline(board):
    values = Values(IssueLog(), None)
    cards = values.rows(board, "cards", "")
    per_list = Counter(as_id(card.get("idList")) for card in cards)
    lists = in_order(values.rows(board, "lists", ""))
    known = {own_id(row) for row in lists}
    outline = {
        "name": shorten(values.text(board, "name", "", 400) or "?", 120),
        "closed": board.get("closed") is True,
        "cards": len(cards),
        "lists": [_list(row, values, per_list[own_id(row)]) for row in lists],
        "members": _members(board, values),
    }
    adrift = sum(count for key, count in per_list.items() if key not in known)
    if adrift:
        outline["lists"].append(
            {
                "id": NO_LIST,
                "name": "",
                "closed": False,
                "cards": adrift,
                "category": "todo",
                "sure": False,
            }
        )
    for kind, key, limit in (
        (gettext_noop("lists"), "lists", MAX_LISTS),
        (gettext_noop("members"), "members", MAX_MEMBERS),
    ):
        if len(outline[key]) > limit:
            raise Refusal(TOO_MANY, count=len(outline[key]), kind=kind, limit=limit)
    return outline


def _list(row, values, cards):
    name = values.text(row, "name", "", 400)
    category, sure = guess_category(name)
    return {
        "id": own_id(row),
        "name": shorten(name or "?", 120),
        "closed": row.get("closed") is True,
        "cards": cards,
        "category": category,
        "sure": sure,
    }


def _members(board, values):
    found = {}
    for row in values.rows(board, "members", ""):
        member = own_id(row)
        username = shorten(values.text(row, "username", "", 200), 60)
        name = shorten(values.text(row, "fullName", "", 400), 80)
        found.setdefault(
            member, {"id": member, "name": name or username or "?", "username": username}
        )
    return list(found.values())


def read_board(path, *, mapping, options, zone, now, log):
    """(board, losses) of the chosen board under the chosen mapping.

    `mapping` holds `board` (its place in the file), `lists` (id -> "new:<category>", "col:<pk>" or
    "skip") and `members` (id -> id of a user); `options` say whether archived cards, templates and
    comments come along.
    """
    export = Export(path)
    place = mapping.get("board") or 0
    source = export.boards[place if 0 <= place < len(export.boards) else 0]
    reader = BoardReader(source, mapping, options, Values(log, zone), now)
    board = reader.read()
    for key, count in export.dropped.items():
        reader.losses.add(key, BOOKKEEPING, count)
    return board, reader.losses.as_list()
