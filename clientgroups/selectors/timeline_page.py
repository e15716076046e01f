"""A page of the timeline in words: entries under the day, week or month they belong to."""

import datetime as dt
from dataclasses import dataclass

from babel.dates import format_skeleton
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clientgroups.models import Client
from clientgroups.selectors.timeline import (
    PAGE,
    SOURCES,
    Cursor,
    Text,
    kinds_known,
    timeline_of,
)
from clientgroups.selectors.timeline_sources import TALK
from core import formats

# Shown together under one chip: everything that was said, without notes to ourselves.
TOUCH = "touch"
TOUCH_KINDS = set(TALK) - {"note"}
TODAY, YESTERDAY, WEEK = "today", "yesterday", "week"
HEADINGS = {
    TODAY: gettext_lazy("Today"),
    YESTERDAY: gettext_lazy("Yesterday"),
    WEEK: gettext_lazy("This week"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its look, its words, when and by whom."""

    kind: str
    label: str
    icon: str
    text: Text
    who: str
    at: dt.datetime
    dated: bool
    heading: str
    mine: bool

    @property
    def day(self):
        return timezone.localtime(self.at).date()


@dataclass(frozen=True)
class Timeline:
    """Groups of (heading, entries), and the address part that leads to older ones."""

    groups: list[tuple[str, list[Entry]]]
    older: str
    kind: str

    def __bool__(self):
        return bool(self.groups)


def chips() -> list[tuple[str, str]]:
    """(kind, label) of the filters; conversations first, then what other sources give."""
    own = [(TOUCH, _("All touches")), *((kind, label) for kind, (label, _icon) in TALK.items())]
    others = [(kind, look[0]) for kind, look in kinds_known().items() if kind not in TALK]
    return [("", _("Everything")), *own, *others]


def chosen_kinds(kind: str) -> set[str] | None:
    """The kinds behind a chip; None for everything, also for a chip nobody knows."""
    if kind == TOUCH:
        return TOUCH_KINDS
    return {kind} if kind in kinds_known() else None


def read_timeline(
    client: Client, reader: User, *, kind: str = "", before: str = "", size: int = PAGE
) -> Timeline:
    """A page of a client's timeline, ready to be shown."""
    cursor = Cursor.parse(before)
    page = timeline_of(client, reader, kinds=chosen_kinds(kind), before=cursor, size=size)
    entries = [_entry(row, reader) for row in page.rows]
    groups: list[tuple[str, list[Entry]]] = []
    last = cursor.heading if cursor else ""
    for entry in entries:
        if entry.heading != last or not groups:
            # The page before ended under this heading: it is not said again.
            same = not groups and entry.heading == last
            groups.append(("" if same else heading_of(entry), []))
        groups[-1][1].append(entry)
        last = entry.heading
    older = ""
    if page.more:
        end = page.rows[-1]
        older = str(Cursor(end.at, end.source, end.row, last))
    return Timeline(groups, older, kind)


def _entry(row, reader):
    source = SOURCES[row.source]
    label, icon = source.kinds[row.kind]
    day = timezone.localtime(row.at).date()
    return Entry(
        kind=row.kind,
        label=label,
        icon=icon,
        text=source.draw(row),
        who=row.who,
        at=row.at,
        dated=source.dated,
        heading=heading_key(day, timezone.localdate()),
        mine=bool(row.by) and row.by == reader.pk,
    )


def heading_key(day: dt.date, today: dt.date) -> str:
    """Under which heading a day stands: today, yesterday, this week, or its month."""
    if day == today:
        return TODAY
    if day == today - dt.timedelta(days=1):
        return YESTERDAY
    if today - dt.timedelta(days=today.weekday()) <= day < today:
        return WEEK
    return f"{day:%Y-%m}"


def heading_of(entry: Entry) -> str:
    """The heading in words."""
    return str(HEADINGS.get(entry.heading) or month_of(entry.day))


def month_of(day: dt.date) -> str:
    """November 2026, in Chinese 2026年11月."""
    return format_skeleton("yMMMM", day, locale=formats.locale())
