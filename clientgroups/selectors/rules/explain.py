"""A rule in words, and why it holds or does not hold for one client."""

import datetime as dt
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.models import User
from clientgroups.models import Client
from clientgroups.selectors.rules.conditions import decided
from clientgroups.selectors.rules.fields import Fields, Leaf, Situation
from clientgroups.selectors.rules.tree import leaf_of, leaves_in
from clientgroups.selectors.rules.words import HEADS, Words, capital


@dataclass
class Line:
    """One line of a rule shown as a tree; `holds` is None when nobody asked or nobody knows."""

    text: str
    holds: bool | None = None
    found: str = ""
    lines: list["Line"] = field(default_factory=list)


def describe(rule: dict, *, reader: User) -> Line:
    """A checked rule as an indented tree of sentences."""
    words = Words(reader)

    def walk(node: dict) -> Line:
        if "rules" not in node:
            return Line(capital(words.leaf(leaf_of(node))))
        return Line(str(HEADS[node["op"]]), lines=[walk(rule) for rule in node["rules"]])

    return walk(rule)


def workable(leaf: Leaf, fields: Fields) -> bool:
    entry = fields.get(leaf.field)
    return entry is not None and leaf.op in entry.operators


def explain(rule: dict, *, client: Client, owner: User, reader: User, today: dt.date) -> Line:
    """Each part of a stored rule with yes or no for one client, and what was found; one query.

    A condition whose field is gone can be neither, and so can a part that rests on it alone.
    """
    situation = Situation(owner, today, among=[client.pk])
    words = Words(reader, situation.fields)
    questions = {}
    for number, leaf in enumerate(leaves_in(rule)):
        if workable(leaf, situation.fields):
            entry = situation.fields[leaf.field]
            questions[f"holds_{number}"] = decided(entry.condition(leaf, situation))
            questions[f"found_{number}"] = entry.figure(leaf, situation)
    facts = Client.objects.filter(pk=client.pk).values("pk", **questions).get()
    numbers = iter(range(len(list(leaves_in(rule)))))

    def walk(node: dict) -> Line:
        if "rules" not in node:
            leaf, number = leaf_of(node), next(numbers)
            text = capital(words.leaf(leaf))
            if f"holds_{number}" not in facts:
                return Line(text)
            return Line(text, facts[f"holds_{number}"], shown(words, leaf, facts, number))
        lines = [walk(rule) for rule in node["rules"]]
        holds = together(node["op"], [line.holds for line in lines])
        return Line(str(HEADS[node["op"]]), holds, lines=lines)

    return walk(rule)


def shown(words: Words, leaf: Leaf, facts: dict, number: int) -> str:
    found = facts[f"found_{number}"]
    if isinstance(found, bool):
        return _("yes") if found else _("no")
    return words.value(leaf, found)


def together(op: str, parts: list[bool | None]) -> bool | None:
    """What a branch says, as far as its parts are known."""
    decisive = op != "and"
    if decisive in parts:
        return op == "or"
    if None in parts:
        return None
    return op != "or"
