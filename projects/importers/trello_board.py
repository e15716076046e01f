"""One Trello board to BoardData: lists, labels, cards and what hangs on them."""

import re
from collections import defaultdict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.files.issues import ERROR, NOTE
from core.files.refusal import shorten
from projects.importers.trello_card import CardReader
from projects.importers.trello_losses import HISTORY, Losses
from projects.importers.trello_values import as_id, created_at, in_order, own_id
from projects.services.boards import BoardData, ColumnData, CommentData, LabelData

NO_LIST = "no-list"
LABEL_LIMIT, COLUMN_LIMIT, COMMENT_LIMIT = 60, 120, 20_000
COLOURS = {
    "green": "teal",
    "lime": "teal",
    "yellow": "amber",
    "orange": "amber",
    "red": "red",
    "pink": "violet",
    "purple": "violet",
    "blue": "blue",
    "sky": "blue",
    "black": "grey",
}
COLOUR_NAMES = {
    "green": gettext_noop("Green"),
    "lime": gettext_noop("Lime"),
    "yellow": gettext_noop("Yellow"),
    "orange": gettext_noop("Orange"),
    "red": gettext_noop("Red"),
    "pink": gettext_noop("Pink"),
    "purple": gettext_noop("Purple"),
    "blue": gettext_noop("Blue"),
    "sky": gettext_noop("Sky blue"),
    "black": gettext_noop("Black"),
}
CARD_TWICE = gettext_noop(
    "The card has the same id as “%(found)s”, which comes first in the file, and is left out. Give "
    "each card its own id, or remove one of them."
)
ACTIONS_CUT = gettext_noop(
    "The export holds %(limit)s actions, the most that Trello writes: older comments are missing. "
    "Look for them in Trello."
)
LIST_UNKNOWN = gettext_noop("The card stands in a list that is not in the file.")
IS_SEPARATOR = gettext_noop("Cards that are only a line between others")
SEPARATOR_WHY = gettext_noop("Dividing lines have no use on our board.")
IS_TEMPLATE = gettext_noop("Template cards")
TEMPLATE_WHY = gettext_noop("Choose “Templates too” in the mapping to import them.")
ARCHIVED_CARDS = gettext_noop("Archived cards")
ARCHIVED_WHY = gettext_noop("Choose “Archived cards too” in the mapping to import them.")
SKIPPED_CARDS = gettext_noop("Cards in lists that are left out")
SKIPPED_WHY = gettext_noop("You chose to leave these lists out.")
SKIPPED_COMMENTS = gettext_noop("Comments")
SKIPPED_COMMENTS_WHY = gettext_noop("Choose “Comments” in the mapping to import them.")
COMMENTS_ADRIFT = gettext_noop("Comments on cards that are not imported")
COMMENTS_ADRIFT_WHY = gettext_noop("Their card is not in the file or is left out.")
LABELS_UNUSED = gettext_noop("Labels without a name that no card uses")
LABELS_UNUSED_WHY = gettext_noop("Every Trello board has them.")
CHECKLISTS_ADRIFT = gettext_noop("Checklists of cards that are not imported")
MOST_ACTIONS = 1000
SEPARATOR = re.compile(r"(?=.*[-–—_=*~·.])[-–—_=*~·.\s]{3,}")


class BoardReader:
    """Reads one board; everything left behind is counted in `losses`."""

    def __init__(self, board, mapping, options, values, now):
        self.board, self.options, self.values, self.now = board, options, values, now
        self.list_choices = mapping.get("lists") or {}
        self.people = mapping.get("members") or {}
        self.losses = Losses()
        self.names = {}
        self.used_labels = set()
        self.label_colours = {}

    def read(self):
        values, board = self.values, self.board
        self.losses.keys_of("board", board)
        self._read_members()
        columns = self._columns()
        labels = self._labels()
        cards = self._chosen_cards(columns)
        reader = CardReader(self, labels, self._checklists(), self._comments(cards))
        tasks = [reader.read(card, place, column) for card, place, column in cards]
        used = {task.column for task in tasks}
        self._count_unused_labels(labels)
        return BoardData(
            name=shorten(values.text(board, "name", "", 400) or "?", 120),
            columns=[c for c in columns.values() if c.external_id != NO_LIST or NO_LIST in used],
            labels=[
                label for key, label in labels.items() if key in self.used_labels or label.name
            ],
            tasks=tasks,
        )

    # Lists and labels ---------------------------------------------------------------------------

    def _columns(self):
        """List id -> column, without the lists that are left out."""
        found = {}
        for index, row in enumerate(in_order(self.values.rows(self.board, "lists", ""))):
            self.losses.keys_of("list", row)
            identifier = own_id(row)
            choice = self.list_choices.get(identifier, "new:todo")
            if identifier in found or choice == "skip":
                continue
            name = self.values.text(row, "name", f"lists[{index}]", COLUMN_LIMIT)
            archived = row.get("closed") is True
            found[identifier] = self._column(identifier, " ".join(name.split()), choice, archived)
        choice = self.list_choices.get(NO_LIST, "new:todo")
        if choice != "skip":
            found[NO_LIST] = self._column(NO_LIST, _("Without a list"), choice, False)
        return found

    def _column(self, identifier, name, choice, archived):
        kind, _sign, rest = choice.partition(":")
        existing = int(rest) if kind == "col" and rest.isdigit() else None
        category = (
            rest if kind == "new" and rest in ("todo", "doing", "done", "cancelled") else "todo"
        )
        return ColumnData(identifier, name or "?", category, archived, existing)

    def _labels(self):
        """Label id -> label; old exports keep them only in the cards and in `labelNames`."""
        rows = list(self.values.rows(self.board, "labels", ""))
        for card in self.values.rows(self.board, "cards", ""):
            inside = card.get("labels")
            if isinstance(inside, list):
                rows += [row for row in inside if isinstance(row, dict)]
        found = {}
        for row in rows:
            key = self.label_key(row)
            if key in found:
                continue
            self.losses.keys_of("label", row)
            found[key] = self._label(key, row)
        return found

    def label_key(self, row):
        return as_id(row.get("id")) or f"{as_id(row.get('color'))}:{as_id(row.get('name'))}"

    def _label(self, key, row):
        base = as_id(row.get("color")).removesuffix("_dark").removesuffix("_light")
        name = " ".join(self.values.text(row, "name", "labels[]", LABEL_LIMIT).split())
        self.label_colours[key] = base
        names = self.values.object(self.board, "labelNames")
        if not name and isinstance(names.get(base), str):
            name = shorten(names[base], LABEL_LIMIT)
        return LabelData(key, name, COLOURS.get(base, "grey"))

    def name_of_label(self, key):
        """A label without a name is called by its colour."""
        colour = self.label_colours.get(key)
        return _(COLOUR_NAMES[colour]) if colour in COLOUR_NAMES else _("Label")

    def _count_unused_labels(self, labels):
        unused = [k for k, label in labels.items() if k not in self.used_labels and not label.name]
        self.losses.add(LABELS_UNUSED, LABELS_UNUSED_WHY, len(unused))

    def _read_members(self):
        for index, row in enumerate(self.values.rows(self.board, "members", "")):
            self.losses.keys_of("member", row)
            place = f"members[{index}]"
            name = self.values.text(row, "fullName", place, 200)
            self.names[own_id(row)] = shorten(
                name or self.values.text(row, "username", place, 200) or "?", 120
            )

    # Cards --------------------------------------------------------------------------------------

    def _chosen_cards(self, columns):
        """[(card, its path, column id)] in the order of the board; what is left out is counted."""
        rows = [
            (card, f"cards[{index}]")
            for index, card in enumerate(self.values.rows(self.board, "cards", ""))
        ]
        in_file = {own_id(row) for row in self.values.rows(self.board, "lists", "")}
        order = {id(card): place for place, card in enumerate(in_order([c for c, _ in rows]))}
        seen, chosen = {}, []
        for card, place in sorted(rows, key=lambda pair: order[id(pair[0])]):
            identifier, name = own_id(card), shorten(card.get("name") or "?", 60)
            if identifier in seen:
                self.values.log.add(
                    ERROR, CARD_TWICE, place=f"{place}.id", value=identifier, found=seen[identifier]
                )
                continue
            seen[identifier] = name
            column = as_id(card.get("idList"))
            if column not in in_file:
                self.values.log.add(NOTE, LIST_UNKNOWN, place=f"{place}.idList", value=column)
                column = NO_LIST
            if self._wanted(card, column, columns):
                chosen.append((card, place, column))
        return chosen

    def _wanted(self, card, column, columns):
        name = card.get("name")
        checks = (
            (column not in columns, SKIPPED_CARDS, SKIPPED_WHY),
            (
                card.get("cardRole") == "separator"
                or (isinstance(name, str) and SEPARATOR.fullmatch(name) and not card.get("desc")),
                IS_SEPARATOR,
                SEPARATOR_WHY,
            ),
            (
                card.get("isTemplate") is True and not self.options.get("templates"),
                IS_TEMPLATE,
                TEMPLATE_WHY,
            ),
            (
                not self.options.get("archived", True)
                and (
                    card.get("closed") is True or (column in columns and columns[column].archived)
                ),
                ARCHIVED_CARDS,
                ARCHIVED_WHY,
            ),
        )
        for applies, what, why in checks:
            if applies:
                self.losses.add(what, why)
                return False
        return True

    def _checklists(self):
        """Card id -> its checklists, wherever the file keeps them; those of no card are counted."""
        found, seen = defaultdict(list), set()
        rows = [(row, "") for row in self.values.rows(self.board, "checklists", "")]
        for card in self.values.rows(self.board, "cards", ""):
            if isinstance(card.get("checklists"), list):
                rows += [(r, own_id(card)) for r in card["checklists"] if isinstance(r, dict)]
        cards = {own_id(card) for card in self.values.rows(self.board, "cards", "")}
        for row, owner in rows:
            identifier = own_id(row)
            if identifier in seen:
                continue
            seen.add(identifier)
            self.losses.keys_of("checklist", row)
            card = as_id(row.get("idCard")) or owner
            found[card].append(row)
            if card not in cards:
                self.losses.add(CHECKLISTS_ADRIFT, COMMENTS_ADRIFT_WHY)
        return found

    def _comments(self, cards):
        """Card id -> comments, oldest first; all other kinds of action are counted."""
        actions = self.values.rows(self.board, "actions", "")
        if len(actions) >= MOST_ACTIONS:
            self.values.log.add(NOTE, ACTIONS_CUT, place="actions", limit=MOST_ACTIONS)
        wanted = {own_id(card) for card, _place, _column in cards}
        found, seen = defaultdict(list), set()
        for index, action in enumerate(actions):
            kind = action.get("type")
            if kind not in ("commentCard", "copyCommentCard"):
                self.losses.add(f"actions: {shorten(kind, 40)}", HISTORY)
                continue
            self.losses.keys_of("comment", action)
            if not self.options.get("comments", True):
                self.losses.add(SKIPPED_COMMENTS, SKIPPED_COMMENTS_WHY)
                continue
            card = as_id(self.values.object(self.values.object(action, "data"), "card").get("id"))
            comment = self._comment(action, f"actions[{index}]")
            if card not in wanted:
                self.losses.add(COMMENTS_ADRIFT, COMMENTS_ADRIFT_WHY)
            elif comment.external_id not in seen and comment.body:
                seen.add(comment.external_id)
                found[card].append(comment)
        for comments in found.values():
            comments.sort(key=lambda comment: comment.created_at)
        return found

    def _comment(self, action, place):
        creator = self.values.object(action, "memberCreator")
        member = as_id(action.get("idMemberCreator")) or as_id(creator.get("id"))
        name = creator.get("fullName") or creator.get("username") or self.names.get(member)
        data = self.values.object(action, "data")
        identifier = own_id(action)
        return CommentData(
            external_id=identifier,
            author=self.people.get(member),
            author_name=shorten(name, 120) if isinstance(name, str) else _("Unknown"),
            body=self.values.text(data, "text", f"{place}.data", COMMENT_LIMIT),
            created_at=self.values.instant(action, "date", place)
            or created_at(identifier, self.now),
        )
