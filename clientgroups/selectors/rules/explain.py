"""A rule in words, and why it holds or does not hold for one client."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from clientgroups.models import Client
from clientgroups.selectors.rules.fields import FIELDS, Leaf, Situation
from clientgroups.selectors.rules.kinds import WINDOW
from clientgroups.selectors.rules.query import decided
from clientgroups.selectors.rules.tree import leaf_of, leaves_in
from core import formats

HEADS = {
    "and": gettext_lazy("All of these hold"),
    "or": gettext_lazy("At least one of these holds"),
    "not": gettext_lazy("None of these holds"),
}


@dataclass
class Line:
    """One line of a rule shown as a tree; `holds` is None when nobody asked."""

    text: str
    holds: bool | None = None
    found: str = ""
    lines: list["Line"] = field(default_factory=list)


class Words:
    """Puts leaves into words for one reader; what they may not see has no name."""

    def __init__(self, reader: User):
        self.reader, self.known = reader, {}

    def leaf(self, leaf: Leaf) -> str:
        entry = FIELDS[leaf.field]
        operator = entry.operators[leaf.op]
        parts = [str(entry.label)]
        if leaf.window:
            parts.append(_("in the last %(span)s") % {"span": span(leaf.window)})
        if entry.kind != "yes_no":
            parts.append(str(operator.label))
        if operator.takes == WINDOW:
            parts.append(span(leaf.value))
        elif leaf.value is not None:
            parts.append(self.value(leaf, leaf.value))
        return " ".join(parts)

    def value(self, leaf: Leaf, value: object) -> str:
        """A value of the field as this reader writes it."""
        entry = FIELDS[leaf.field]
        if value is None:
            return formats.NOTHING
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if entry.choices:
            return self.choice(entry, value)
        if entry.kind == "date":
            known = value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
            return formats.day(known)
        if entry.kind == "number":
            if entry.currency:
                return formats.money(Decimal(str(value)), leaf.currency)
            return formats.number(Decimal(str(value)))
        return f"“{value}”" if value else formats.NOTHING

    def choice(self, entry, value) -> str:  # noqa: ANN001
        if entry.key not in self.known:
            self.known[entry.key] = dict(entry.choices(self.reader))
        return str(self.known[entry.key].get(value, _("(not visible to you)")))


def span(window: dict) -> str:
    if window["unit"] == "months":
        text = ngettext("%(n)s month", "%(n)s months", window["n"])
    else:
        text = ngettext("%(n)s day", "%(n)s days", window["n"])
    return text % {"n": window["n"]}


def describe(rule: dict, *, reader: User) -> Line:
    """A checked rule as an indented tree of sentences."""
    words = Words(reader)

    def walk(node: dict) -> Line:
        if "rules" not in node:
            return Line(words.leaf(leaf_of(node)))
        return Line(str(HEADS[node["op"]]), lines=[walk(rule) for rule in node["rules"]])

    return walk(rule)


def explain(rule: dict, *, client: Client, owner: User, reader: User, today: dt.date) -> Line:
    """Each part of a checked rule with yes or no for one client, and what was found; one query."""
    situation, words = Situation(owner, today), Words(reader)
    questions = {}
    for number, leaf in enumerate(leaves_in(rule)):
        entry = FIELDS[leaf.field]
        questions[f"holds_{number}"] = decided(entry.condition(leaf, situation))
        questions[f"found_{number}"] = entry.figure(leaf, situation)
    facts = Client.objects.filter(pk=client.pk).values(**questions).get()
    numbers = iter(range(len(questions)))

    def walk(node: dict) -> Line:
        if "rules" not in node:
            leaf, number = leaf_of(node), next(numbers)
            found = facts[f"found_{number}"]
            shown = found if isinstance(found, bool) else words.value(leaf, found)
            shown = (_("yes") if found else _("no")) if isinstance(found, bool) else shown
            return Line(words.leaf(leaf), facts[f"holds_{number}"], shown)
        lines = [walk(rule) for rule in node["rules"]]
        holding = [line.holds for line in lines]
        holds = {"and": all(holding), "or": any(holding), "not": not any(holding)}[node["op"]]
        return Line(str(HEADS[node["op"]]), holds, lines=lines)

    return walk(rule)
