"""Rules as sentences in the language of the reader."""

import datetime as dt
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clientgroups.selectors.rates import value_policy
from clientgroups.selectors.rules.fields import Field, Fields, Leaf
from clientgroups.selectors.rules.kinds import MANY, NEXT, NOTHING, PERIOD, RANGE, WINDOW
from clientgroups.selectors.rules.periods import span, when
from clientgroups.selectors.rules.tree import leaf_of
from core import formats

CHOICE = {
    "is": gettext_lazy("%(what)s is %(value)s"),
    "is_not": gettext_lazy("%(what)s is not %(value)s"),
    "one_of": gettext_lazy("%(what)s is one of %(value)s"),
    "none_of": gettext_lazy("%(what)s is none of %(value)s"),
    "known": gettext_lazy("%(what)s is known"),
    "empty": gettext_lazy("%(what)s is unknown"),
}
CLAUSES = {
    "choice": CHOICE,
    "text": CHOICE
    | {
        "contains": gettext_lazy("%(what)s contains %(value)s"),
        "not_contains": gettext_lazy("%(what)s does not contain %(value)s"),
        "starts": gettext_lazy("%(what)s starts with %(value)s"),
        "ends": gettext_lazy("%(what)s ends with %(value)s"),
        "known": gettext_lazy("%(what)s is filled in"),
        "empty": gettext_lazy("%(what)s is empty"),
    },
    "number": CHOICE
    | {
        "gte": gettext_lazy("%(what)s is at least %(value)s"),
        "lte": gettext_lazy("%(what)s is at most %(value)s"),
        "gt": gettext_lazy("%(what)s is more than %(value)s"),
        "lt": gettext_lazy("%(what)s is less than %(value)s"),
        "eq": gettext_lazy("%(what)s is exactly %(value)s"),
        "ne": gettext_lazy("%(what)s is not %(value)s"),
        "between": gettext_lazy("%(what)s is between %(low)s and %(high)s"),
    },
    "date": CHOICE
    | {
        "within": gettext_lazy("%(what)s falls %(value)s"),
        "older": gettext_lazy("%(what)s lies more than %(value)s back"),
        "from": gettext_lazy("%(what)s is on or after %(value)s"),
        "before": gettext_lazy("%(what)s is before %(value)s"),
        "anniversary": gettext_lazy("%(what)s has its anniversary in the next %(value)s"),
    },
    "set": {
        "any_of": gettext_lazy("%(what)s include one of %(value)s"),
        "all_of": gettext_lazy("%(what)s include all of %(value)s"),
        "none_of": gettext_lazy("%(what)s include none of %(value)s"),
        "known": gettext_lazy("%(what)s exist"),
        "empty": gettext_lazy("%(what)s do not exist"),
    },
    "group": {
        "is": gettext_lazy("%(what)s: %(value)s"),
        "is_not": gettext_lazy("%(what)s: not %(value)s"),
        "one_of": gettext_lazy("%(what)s: one of %(value)s"),
        "none_of": gettext_lazy("%(what)s: none of %(value)s"),
    },
    "product": {
        "contains": gettext_lazy("%(what)s contains %(value)s"),
        "not_contains": gettext_lazy("%(what)s does not contain %(value)s"),
    },
}
HEADS = {
    "and": gettext_lazy("All of these hold"),
    "or": gettext_lazy("At least one of these holds"),
    "not": gettext_lazy("None of these holds"),
}


class Words:
    """Puts conditions into words for one reader; what they may not see has no name."""

    def __init__(self, reader: User, fields: Fields | None = None):
        self.reader, self.fields, self.known = reader, fields or Fields(), {}

    @cached_property
    def base(self) -> str:
        """The currency of sums that name none."""
        return value_policy().base_currency

    def leaf(self, leaf: Leaf) -> str:
        """One condition as a clause: the lifecycle stage is Loyal."""
        entry = self.fields.get(leaf.field)
        if entry is None or leaf.op not in entry.operators:
            return _("a field that is gone (%(key)s)") % {"key": leaf.field}
        clause = self.clause(entry, leaf)
        if "%(what)s" not in clause and leaf.window:
            whole = clause % self.parts(entry, leaf)
            return _("%(condition)s %(when)s") % {"condition": whole, "when": when(leaf.window)}
        return clause % self.parts(entry, leaf)

    def clause(self, entry: Field, leaf: Leaf) -> str:
        if entry.kind == "yes_no":
            answer = "no" if leaf.value is False else "yes"
            general = {"yes": _("%(what)s: yes"), "no": _("%(what)s: no")}
            return str(entry.phrases.get(answer) or general[answer])
        return str(entry.phrases.get(leaf.op) or CLAUSES[entry.kind][leaf.op])

    def parts(self, entry: Field, leaf: Leaf) -> dict:
        what = str(entry.subject) or f"“{entry.label}”"
        if leaf.window:
            what = _("%(what)s %(when)s") % {"what": what, "when": when(leaf.window)}
        takes = entry.operators[leaf.op].takes
        found = {"what": what}
        if takes == RANGE:
            return found | {side: self.value(leaf, leaf.value[side]) for side in ("low", "high")}
        if takes == PERIOD:
            return found | {"value": when(leaf.value)}
        if takes in (WINDOW, NEXT):
            return found | {"value": span(leaf.value)}
        if takes == MANY:
            shown = [self.value(leaf, value) for value in leaf.value]
            return found | {"value": listed(shown, last=leaf.op == "all_of")}
        return found if takes == NOTHING else found | {"value": self.value(leaf, leaf.value)}

    def value(self, leaf: Leaf, value: object) -> str:
        """A value of the field as this reader writes it."""
        entry = self.fields[leaf.field]
        if value is None or value == "":
            return formats.NOTHING
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if entry.choices and entry.kind != "set" or isinstance(value, int) and entry.choices:
            return self.choice(entry, value)
        if entry.kind == "date":
            known = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
            return formats.day(known)
        if entry.kind == "number":
            if entry.currency:
                return formats.money(Decimal(str(value)), leaf.currency or self.base)
            return formats.number(Decimal(str(value)))
        return quoted(value)

    def choice(self, entry: Field, value: object) -> str:
        if entry.key not in self.known:
            offered = entry.choices(self.reader)
            self.known[entry.key] = {str(key): str(label) for key, label in offered}
        found = self.known[entry.key].get(str(value))
        if found is None:
            return _("(not visible to you)")
        # Words that people made up stand between marks, words of the product do not.
        return quoted(found) if entry.gone or entry.kind == "set" else found


def quoted(text: object) -> str:
    return _("“%(text)s”") % {"text": text}


def listed(parts: list[str], *, last: bool = False) -> str:
    """a, b or c; with `last`: a, b and c."""
    if len(parts) == 1:
        return parts[0]
    names = {"first": _(", ").join(parts[:-1]), "last": parts[-1]}
    return (_("%(first)s and %(last)s") if last else _("%(first)s or %(last)s")) % names


def joined(parts: list[str], op: str) -> str:
    """Clauses joined to a longer one; a stored rule may hold none, which checks refuse today."""
    if not parts:
        return _("no condition")
    if len(parts) == 1:
        return parts[0]
    start = parts[0]
    for part in parts[1:-1]:
        start = _("%(start)s, %(next)s") % {"start": start, "next": part}
    names = {"start": start, "end": parts[-1]}
    if op == "and":
        return _("%(start)s, and %(end)s") % names
    return _("%(start)s, or %(end)s") % names


def spoken(node: dict, words: Words, *, top: bool = True) -> str:
    """A rule, or a part of it, as one clause."""
    if "rules" not in node:
        return words.leaf(leaf_of(node))
    several = len(node["rules"]) > 1
    inner = joined([spoken(rule, words, top=not several) for rule in node["rules"]], node["op"])
    if node["op"] == "not":
        inner = _("(%(condition)s)") % {"condition": inner} if several else inner
        return _("it is not true that %(condition)s") % {"condition": inner}
    return inner if top or not several else _("(%(condition)s)") % {"condition": inner}


def sentence(rule: dict, reader: User) -> str:
    """A checked rule as one plain sentence in the active language."""
    condition = spoken(rule, Words(reader))
    return _("Clients for whom the following is true: %(condition)s.") % {"condition": condition}


def capital(text: str) -> str:
    """A clause at the beginning of a line."""
    return text[:1].upper() + text[1:]
