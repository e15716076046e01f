"""One Trello card to a task: dates, people, labels, checklists, links, custom fields."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.files.issues import NOTE
from core.files.refusal import shorten
from projects.importers.trello_values import (
    as_id,
    created_at,
    in_order,
    own_id,
    parse_instant,
    web_address,
    whole_number,
)
from projects.services.boards import AttachmentData, ItemData, TaskData

TITLE_LIMIT, TEXT_LIMIT, STEP_LIMIT, NAME_LIMIT = 300, 50_000, 1000, 200
URL_LIMIT, CARD_URL_LIMIT = 2000, 300
NO_NAME = gettext_noop("The card has no name; it is called “%(found)s”.")
NAME_MOVED = gettext_noop(
    "The name is longer than %(limit)s characters; all of it stands in the description."
)
START_AFTER_DUE = gettext_noop("The start %(found)s lies after the due date and was left empty.")
LINK_LEFT_OUT = gettext_noop("Attachments that are no web links")
LINK_WHY = gettext_noop("Only addresses that begin with http:// or https:// are kept as links.")
DUE_TIME = gettext_noop("Times of day of due dates")
DUE_TIME_WHY = gettext_noop("Tasks are due on a day.")
FIELDS_TAKEN = gettext_noop("Custom fields")
FIELDS_WHY = gettext_noop("They stand as text in the description of the task.")
MORE_MEMBERS = gettext_noop("Further members of a card")
MEMBERS_WHY = gettext_noop("A task has one assignee; all names stand in the description.")
FILES = gettext_noop("Uploaded files")
FILES_WHY = gettext_noop(
    "The link to the file in Trello is kept; opening it needs an account there."
)


class CardReader:
    def __init__(self, board, labels, checklists, comments):
        self.board, self.values, self.losses = board, board.values, board.losses
        self.labels, self.checklists, self.comments = labels, checklists, comments
        self.fields = self._custom_fields()
        lists = self.values.rows(board.board, "lists", "")
        self.archived = {own_id(row) for row in lists if row.get("closed") is True}

    def read(self, card, place, column):
        values = self.values
        self.losses.keys_of("card", card)
        identifier = own_id(card)
        title, extra = self._title(card, place)
        start, due = values.day(card, "start", place), values.day(card, "due", place)
        if start and due and start > due:
            values.log.add(NOTE, START_AFTER_DUE, place=f"{place}.start", found=start.isoformat())
            start = None
        if due:
            self.losses.add(DUE_TIME, DUE_TIME_WHY)
        assignee, notes = self._people(card)
        notes += self._custom_values(card, place) + self._whereabouts(card, place)
        closed = card.get("closed") is True or column in self.archived
        return TaskData(
            external_id=identifier,
            title=title,
            column=column,
            created_at=created_at(identifier, self.board.now),
            description=self._description(card, place, extra, notes),
            url=web_address(card.get("url"), CARD_URL_LIMIT)
            or web_address(card.get("shortUrl"), CARD_URL_LIMIT),
            assignee=assignee,
            labels=self._labels(card),
            start_on=start,
            due_on=due,
            done_at=parse_instant(card.get("dateCompleted"))
            or parse_instant(card.get("dateLastActivity")),
            progress=100 if card.get("dueComplete") is True else 0,
            archived=closed,
            items=self._items(card, identifier),
            comments=self.comments.get(identifier, []),
            attachments=self._attachments(card, place),
        )

    def _title(self, card, place):
        """(title, what must stand in the description because it did not fit)."""
        name = card.get("name")
        text = " ".join(self.values.text(card, "name", place, TEXT_LIMIT // 2).split())
        if not text:
            text = _("Card without a name")
            self.values.log.add(
                NOTE, NO_NAME, place=f"{place}.name", value=shorten(name or ""), found=text
            )
        if len(text) <= TITLE_LIMIT:
            return text, ""
        self.values.log.add(
            NOTE, NAME_MOVED, place=f"{place}.name", value=shorten(text), limit=TITLE_LIMIT
        )
        return text[: TITLE_LIMIT - 1] + "…", text

    def _description(self, card, place, extra, notes):
        text = self.values.text(card, "desc", place, TEXT_LIMIT)
        parts = [part for part in (extra, text) if part]
        if notes:
            heading = _("From Trello")
            parts.append("\n".join(["---", f"**{heading}**", "", *notes]))
        joined = "\n\n".join(parts)
        return joined if len(joined) <= TEXT_LIMIT else joined[: TEXT_LIMIT - 1] + "…"

    def _people(self, card):
        """The first member with an account is the assignee; names nobody answers to are noted."""
        members = self.values.ids(card, "idMembers")
        mapped = [self.board.people[m] for m in members if self.board.people.get(m)]
        if not members or (len(members) == 1 and mapped):
            return (mapped[0] if mapped else None), []
        self.losses.add(MORE_MEMBERS, MEMBERS_WHY, max(len(members) - 1, 0))
        names = ", ".join(self.board.names.get(member, "?") for member in members)
        return (mapped[0] if mapped else None), [_line(_("Members"), names)]

    def _labels(self, card):
        """Ids of the card's labels; `idLabels` where it stands, else the labels in the card."""
        rows = card.get("labels") if isinstance(card.get("labels"), list) else []
        inside = [self.board.label_key(row) for row in rows if isinstance(row, dict)]
        keys = [k for k in self.values.ids(card, "idLabels") if k in self.labels] or inside
        for key in keys:
            label = self.labels[key]
            self.board.used_labels.add(key)
            if not label.name:
                label.name = self.board.name_of_label(key)
        return keys

    # Checklists and links -----------------------------------------------------------------------

    def _items(self, card, identifier):
        states = {
            as_id(row.get("idCheckItem")): row.get("state")
            for row in self.values.rows(card, "checkItemStates", "cards[]")
        }
        found, names = [], {}
        for number, checklist in enumerate(in_order(self.checklists.get(identifier, []))):
            place = f"checklists[{own_id(checklist)}]"
            name = self.values.text(checklist, "name", place, NAME_LIMIT - 10)
            names[name] = names.get(name, 0) + 1
            name = f"{name} ({names[name]})" if names[name] > 1 else name
            for position, row in enumerate(
                in_order(self.values.rows(checklist, "checkItems", place))
            ):
                self.losses.keys_of("checkItem", row)
                found.append(self._item(row, name, number, position, states, place))
        return found

    def _item(self, row, name, number, position, states, place):
        identifier = own_id(row)
        state = row.get("state") or states.get(identifier)
        text = self.values.text(row, "name", f"{place}.checkItems[{position}]", STEP_LIMIT)
        return ItemData(
            external_id=identifier,
            checklist=name,
            checklist_position=number,
            text=text or "?",
            is_done=state == "complete",
            position=position,
            due_on=self.values.day(row, "due", f"{place}.checkItems[{position}]"),
            assignee=self.board.people.get(as_id(row.get("idMember"))),
        )

    def _attachments(self, card, place):
        found = []
        for index, row in enumerate(self.values.rows(card, "attachments", place)):
            self.losses.keys_of("attachment", row)
            url = web_address(row.get("url"), URL_LIMIT)
            if not url:
                self.losses.add(LINK_LEFT_OUT, LINK_WHY)
                continue
            if row.get("isUpload") is True:
                self.losses.add(FILES, FILES_WHY)
            at = f"{place}.attachments[{index}]"
            found.append(
                AttachmentData(
                    external_id=own_id(row),
                    name=self.values.text(row, "name", at, TITLE_LIMIT) or url[:TITLE_LIMIT],
                    url=url,
                    size=whole_number(row.get("bytes")),
                    added_at=self.values.instant(row, "date", at),
                )
            )
        return found

    # Custom fields ------------------------------------------------------------------------------

    def _custom_fields(self):
        found = {}
        for index, row in enumerate(self.values.rows(self.board.board, "customFields", "")):
            self.losses.keys_of("customField", row)
            name = self.values.text(row, "name", f"customFields[{index}]", 100)
            options = {
                own_id(option): self.values.text(
                    self.values.object(option, "value"), "text", f"customFields[{index}]", 200
                )
                for option in self.values.rows(row, "options", f"customFields[{index}]")
            }
            found[own_id(row)] = (name, options)
        return found

    def _custom_values(self, card, place):
        """Lines such as `- Budget: 400000`; a value nobody can read is shown as it stands."""
        lines = []
        for index, row in enumerate(self.values.rows(card, "customFieldItems", place)):
            name, options = self.fields.get(as_id(row.get("idCustomField")), ("", {}))
            at = f"{place}.customFieldItems[{index}]"
            text = options.get(as_id(row.get("idValue")), "") or self._custom_value(row, at)
            if text:
                self.losses.add(FIELDS_TAKEN, FIELDS_WHY)
                lines.append(_line(name or _("Custom field"), text))
        return lines

    def _custom_value(self, row, place):
        value = self.values.object(row, "value")
        if "date" in value:
            day = self.values.day(value, "date", f"{place}.value")
            return day.isoformat() if day else ""
        if "checked" in value:
            return _("yes") if value["checked"] in ("true", True) else _("no")
        for key in ("text", "number"):
            if key in value:
                return self.values.text(value, key, f"{place}.value", 2000)
        return ""

    def _whereabouts(self, card, place):
        """The address of a card with a map."""
        parts = [self.values.text(card, key, place, 300) for key in ("locationName", "address")]
        spot = card.get("coordinates")
        if isinstance(spot, dict) and isinstance(spot.get("latitude"), (int, float)):
            parts.append(f"{spot.get('latitude')}, {spot.get('longitude')}")
        elif isinstance(spot, str):
            parts.append(shorten(spot, 60))
        text = ", ".join(dict.fromkeys(part for part in parts if part))
        return [_line(_("Place"), text)] if text else []


def _line(name, text):
    return f"- {_plain(name)}: {_plain(text)}"


def _plain(text):
    """One line that Markdown shows as it stands."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))
