"""Parts of a rule as form fields: a condition is a row, a group of them a nested fieldset.

A part is named by its place: "c" is the whole rule, "c-2" its second part, "c-2-1" the first part
of that. Fields of the form begin with this name, so the tree can be read back from flat data.
"""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clientgroups.selectors.rules import Fields
from clientgroups.selectors.rules.fields import CUSTOM
from clientgroups.selectors.rules.kinds import MANY, NEXT, NOTHING, PERIOD, RANGE, WINDOW
from clientgroups.selectors.rules.periods import NAMED, UNITS
from clientgroups.selectors.rules.tree import DEEPEST, MOST_LEAVES, Choices

MATCHES = {
    "and": gettext_lazy("all of these hold"),
    "or": gettext_lazy("at least one of these holds"),
    "not": gettext_lazy("none of these holds"),
}
DEFAULT_FIELD = "stage"
BETWEEN = "between"
LONGEST = 200
LONGEST_LINES = 20_000


@dataclass
class Register:
    """What the rows of one builder share: the fields there are and the values they offer.

    Values are those of the group's owner; other groups only as far as the writer sees them too.
    """

    fields: Fields
    choices: Choices
    seen: Choices

    def offered(self, entry):
        if entry.kind == "yes_no":
            return [("yes", _("yes")), ("no", _("no"))]
        if not entry.choices:
            return []
        seen = self.seen.of(entry) if entry.gone else None
        return [
            (str(key), str(label))
            for key, label in self.choices.of(entry).items()
            if seen is None or key in seen
        ]

    def lost(self, entry, value):
        """What stands for a chosen value that is not offered."""
        if entry.gone and value in {str(key) for key in self.choices.of(entry)}:
            return _("(not visible to you)")
        return _("(no longer on offer)")


@dataclass
class Part:
    """A place in the tree; what is wrong there stands in `error`."""

    path: tuple = ()
    error: str = ""

    @property
    def prefix(self):
        return "-".join(("c", *(str(number) for number in self.path)))

    @property
    def place(self):
        return ".".join(str(number) for number in self.path)


NAMES = (
    "field",
    "was",
    "op",
    "n",
    "unit",
    "from",
    "to",
    "low",
    "high",
    "lines",
    "span",
    "span_unit",
    "span_from",
    "span_to",
    "currency",
)


@dataclass
class Row(Part):
    """One condition as form fields; `typed` holds what stands in them, `values` what is chosen."""

    register: Register = None
    typed: dict = field(default_factory=dict)
    values: list = field(default_factory=list)

    def __post_init__(self):
        known = self.typed
        known.setdefault("field", DEFAULT_FIELD)
        if self.entry is None and not known.get("field", "").startswith(CUSTOM):
            known["field"] = DEFAULT_FIELD
        entry, before = self.entry, self.register.fields.get(known.get("was"))
        if entry and before and before is not entry:
            self.leave(before, entry)
        if entry and known.get("op") not in entry.operators:
            known["op"] = next(iter(entry.operators))

    def leave(self, before, entry):
        """Another field was chosen: keep the value only where it may mean the same."""
        if entry.kind != before.kind or entry.choices or before.choices:
            self.values = []
            for name in ("lines", "low", "high"):
                self.typed.pop(name, None)

    def __getattr__(self, name):
        if name in NAMES:
            return self.typed.get(name, "")
        raise AttributeError(name)

    @property
    def entry(self):
        return self.register.fields.get(self.typed.get("field", DEFAULT_FIELD))

    @property
    def value(self):
        return self.values[0] if self.values else ""

    @property
    def untouched(self):
        """Whether it stands as an empty rule shows it, with the first value of its list."""
        first = next(iter(self.options), ("", ""))[0]
        return (self.field, self.op) == (DEFAULT_FIELD, "is") and self.value in ("", first)

    @property
    def takes(self):
        return self.entry.operators[self.op].takes if self.entry else NOTHING

    @property
    def listed(self):
        """Whether values are chosen from a list, be it an empty one."""
        return bool(self.entry and (self.entry.choices or self.entry.kind == "yes_no"))

    @property
    def widget(self):
        """Which field to draw for the value."""
        if self.takes == MANY:
            return "boxes" if self.listed else "lines"
        if self.takes in (NOTHING, RANGE, PERIOD, WINDOW, NEXT):
            return self.takes
        return "select" if self.listed else self.entry.kind

    @property
    def sections(self):
        """Every field under its heading; one that is gone stands first, so it is not changed."""
        listed = [
            (title, [(entry.key, entry.label) for entry in entries])
            for title, entries in self.register.fields.sections()
        ]
        if self.entry is None:
            gone = _("gone: %(key)s") % {"key": self.field.removeprefix(CUSTOM)}
            listed.insert(0, (_("No longer there"), [(self.field, gone)]))
        return listed

    @property
    def operators(self):
        return [(key, one.label) for key, one in self.entry.operators.items()]

    @property
    def options(self):
        """Values on offer; a chosen one that is offered no longer is kept and shown as such."""
        offered = self.register.offered(self.entry) if self.entry else []
        known = {key for key, _label in offered}
        lost = [value for value in self.values if self.listed and value and value not in known]
        return [*((value, self.register.lost(self.entry, value)) for value in lost), *offered]

    @property
    def lines(self):
        return self.typed.get("lines") or "\n".join(self.values)

    # Stretches of time ---------------------------------------------------------------------------

    @property
    def unit(self):
        chosen, known = self.typed.get("unit"), dict(self.units)
        return chosen if chosen in known else "days"

    @property
    def units(self):
        return period_modes() if self.takes == PERIOD else list(UNITS.items())

    @property
    def span_units(self):
        return [("", _("at any time")), *period_modes()]

    @property
    def span_unit(self):
        chosen = self.typed.get("span_unit", "")
        return chosen if chosen in dict(self.span_units) else ""

    @property
    def counts(self):
        return self.unit in UNITS

    @property
    def span_counts(self):
        return self.span_unit in UNITS

    def period(self, mark=""):
        """What was typed for a stretch of time; `mark` tells the span from the value."""
        unit = self.span_unit if mark else self.unit
        if unit in NAMED:
            return {"period": unit}
        if unit == BETWEEN:
            return {side: self.typed.get(f"{mark}{side}", "") for side in ("from", "to")}
        return {"n": self.typed.get("span" if mark else "n", ""), "unit": unit}

    # Reading and writing -------------------------------------------------------------------------

    def leaf(self):
        """The condition as it stands, unchecked."""
        found = {"field": self.field, "op": self.op}
        if self.takes in (WINDOW, NEXT, PERIOD):
            found["value"] = self.period()
        elif self.takes == RANGE:
            found["value"] = {"low": self.low, "high": self.high}
        elif self.takes == MANY:
            several = self.values if self.listed else self.lines.splitlines()
            found["value"] = [one.strip() for one in several if one.strip()]
        elif self.takes != NOTHING:
            found["value"] = self.value
        if self.entry and self.entry.windowed and self.span_unit:
            found["within"] = self.period("span_")
        if self.entry and self.entry.currency and self.currency.strip():
            found["currency"] = self.currency
        return found

    @property
    def hidden(self):
        """What was typed into fields that are not drawn now, so that it can come back."""
        drawn = {"field", "was", "op", *DRAWN.get(self.widget, ())}
        if self.widget == PERIOD or self.widget in (WINDOW, NEXT):
            drawn |= {"unit"} | ({"n"} if self.counts else set())
            drawn |= {"from", "to"} if self.unit == BETWEEN else set()
        if self.entry and self.entry.windowed:
            drawn |= {"span_unit"} | ({"span"} if self.span_counts else set())
            drawn |= {"span_from", "span_to"} if self.span_unit == BETWEEN else set()
        if self.entry and self.entry.currency:
            drawn.add("currency")
        kept = [(name, self.typed[name]) for name in NAMES if self.typed.get(name)]
        kept = [(name, value) for name, value in kept if name not in drawn]
        if self.widget in ("lines", RANGE, PERIOD, WINDOW, NEXT, NOTHING):
            kept += [("value", value) for value in self.values if value]
        return kept

    def as_typed(self):
        return {"typed": dict(self.typed), "values": list(self.values)}


DRAWN = {"lines": ("lines",), RANGE: ("low", "high")}


def period_modes():
    return [*UNITS.items(), *NAMED.items(), (BETWEEN, _("between two days"))]


@dataclass
class Branch(Part):
    """A group of conditions: all, some or none of its parts hold."""

    match: str = "and"
    parts: list = field(default_factory=list)

    @property
    def is_branch(self):
        return True

    @property
    def matches(self):
        return list(MATCHES.items())

    @property
    def is_new(self):
        """Whether nobody has written anything here yet."""
        return all(isinstance(part, Row) and part.untouched for part in self.parts[:2]) and (
            len(self.parts) < 2
        )

    @property
    def may_nest(self):
        return len(self.path) + 1 < DEEPEST

    def raw(self):
        rules = [part.raw() if isinstance(part, Branch) else part.leaf() for part in self.parts]
        return {"op": self.match, "rules": rules}

    def as_typed(self):
        return {"match": self.match, "parts": [part.as_typed() for part in self.parts]}

    def number(self, path=()):
        """Name every part by its place, after something moved."""
        self.path = path
        for position, part in enumerate(self.parts, 1):
            if isinstance(part, Branch):
                part.number((*path, position))
            else:
                part.path = (*path, position)

    def at(self, path):
        """The part at a place, or None."""
        found = self
        for number in path:
            if not isinstance(found, Branch) or not 0 < number <= len(found.parts):
                return None
            found = found.parts[number - 1]
        return found

    def count(self):
        return sum(part.count() if isinstance(part, Branch) else 1 for part in self.parts)

    def depth(self):
        return 1 + max((p.depth() for p in self.parts if isinstance(p, Branch)), default=0)


def read(data, register, path=()):
    """The tree that flat form data describes; no deeper and no larger than a rule may be."""
    root = Branch(path, match=matched(data.get(f"{Part(path).prefix}-match")))
    number = 1
    while number <= MOST_LEAVES:
        prefix = Part((*path, number)).prefix
        if f"{prefix}-match" in data and len(path) + 1 < DEEPEST:
            root.parts.append(read(data, register, (*path, number)))
        elif f"{prefix}-field" in data:
            root.parts.append(read_row(data, register, (*path, number)))
        else:
            break
        number += 1
    return root


def read_row(data, register, path):
    prefix = Part(path).prefix
    typed = {}
    for name in NAMES:
        value = data.get(f"{prefix}-{name}")
        if value is not None:
            typed[name] = value[: LONGEST_LINES if name == "lines" else LONGEST]
    values = [value[:LONGEST] for value in data.getlist(f"{prefix}-value")[:100]]
    return Row(path, register=register, typed=typed, values=values)


def matched(value):
    return value if value in MATCHES else "and"


def of_rule(node, register):
    """A stored rule as parts of a form."""
    if "rules" not in node:
        return Row(register=register, **row_fields(node))
    return Branch(match=node["op"], parts=[of_rule(part, register) for part in node["rules"]])


def row_fields(leaf):
    """A condition of a stored rule as what would have been typed."""
    typed = {"field": leaf["field"], "op": leaf["op"], "currency": leaf.get("currency", "")}
    value, values = leaf.get("value"), []
    if isinstance(value, dict) and "low" in value:
        typed |= value
    elif isinstance(value, dict):
        typed |= period_fields(value)
    elif isinstance(value, bool):
        values = ["yes" if value else "no"]
    elif value is not None:
        values = [str(one) for one in (value if isinstance(value, list) else [value])]
    if leaf.get("within"):
        typed |= period_fields(leaf["within"], "span_")
    return {"typed": typed, "values": values}


def period_fields(period, mark=""):
    if "period" in period:
        return {f"{mark}unit": period["period"]}
    if "from" in period:
        found = {f"{mark}unit": BETWEEN}
        return found | {f"{mark}{side}": period[side] for side in ("from", "to")}
    return {f"{mark}unit": period["unit"], "span" if mark else "n": str(period["n"])}
