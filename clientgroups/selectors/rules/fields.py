"""The register of what a rule may ask about a client."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.selectors.rules import conditions, kinds

CUSTOM = "custom:"
SECTIONS = {
    "client": _("The client"),
    "stage": _("Stage"),
    "purchases": _("Purchases"),
    "value": _("Value (RFM)"),
    "care": _("Relationship"),
    "contacts": _("Contacts and consent"),
    "surveys": _("Surveys"),
    "groups": _("Other groups"),
    "custom": _("Custom fields"),
    "more": _("More"),
}


@dataclass(frozen=True)
class Leaf:
    """One checked condition. `window` and `currency` belong to figures made of purchases."""

    field: str
    op: str
    value: object = None
    window: dict | None = None
    currency: str = ""

    @property
    def values(self) -> list:
        """The values of an operator that takes one or several."""
        return self.value if isinstance(self.value, list) else [self.value]


@dataclass(frozen=True)
class Field:
    """What a rule may ask: `figure(leaf, situation)` is the SQL expression of its value.

    `choices(user)` lists (value, label) pairs. `subject` names the figure inside a sentence ("the
    number of purchases"); `phrases` holds whole clauses by operator where the general ones do not
    fit, a field that answers yes or no has them under "yes" and "no". `holds` replaces the
    condition that follows from the kind. `optional` says that the value may be missing. `gone` is
    the sentence for a value that is no longer on offer; with it, a rule that names one is broken.
    A field of a higher layer is put into the register by that layer, so nothing here knows it.
    """

    key: str
    label: str
    kind: str
    figure: Callable[[Leaf, "Situation"], object]
    choices: Callable[[User], list] | None = None
    windowed: bool = False
    currency: bool = False
    section: str = "more"
    subject: str = ""
    phrases: dict = field(default_factory=dict)
    holds: Callable[[Leaf, "Situation"], Q] | None = None
    optional: bool = True
    gone: str = ""

    @cached_property
    def operators(self) -> dict:
        known = kinds.OPERATORS[self.kind]
        if self.optional:
            return known
        return {key: one for key, one in known.items() if key not in kinds.EMPTY}

    def condition(self, leaf: Leaf, situation: "Situation") -> Q:
        if self.holds:
            return self.holds(leaf, situation)
        figure = self.figure(leaf, situation)
        if self.kind == "date":
            return conditions.date_condition(figure, leaf.op, leaf.value, situation.today)
        general = {
            "text": conditions.text_condition,
            "number": conditions.number_condition,
            "choice": conditions.choice_condition,
        }.get(self.kind)
        if general:
            return general(figure, leaf.op, leaf.value)
        # The remaining kinds answer yes or no by themselves.
        no = leaf.op in ("is_not", "none_of", "not_contains") or leaf.value is False
        return ~Q(figure) if no else Q(figure)


FIELDS: dict[str, Field] = {}
# Kinds of fields that an installation makes for itself: prefix → a function that lists them now.
MADE: dict[str, Callable[[], list[Field]]] = {}


def register_field(entry: Field) -> Field:
    """Offer one more field to rules; the same key may be given only once."""
    if FIELDS.setdefault(entry.key, entry) is not entry:
        raise ValueError(f"Rule field {entry.key} is registered already")
    return entry


class Fields:
    """Every field as of now: the registered ones, and those kept as rows, read at most once."""

    @cached_property
    def made(self) -> dict[str, Field]:
        return {entry.key: entry for listed in MADE.values() for entry in listed()}

    def get(self, key: object) -> Field | None:
        if not isinstance(key, str):
            return None
        if key in FIELDS:
            return FIELDS[key]
        return self.made.get(key) if key.partition(":")[0] + ":" in MADE else None

    def __getitem__(self, key: str) -> Field:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[Field]:
        yield from FIELDS.values()
        yield from self.made.values()

    def sections(self) -> list[tuple[str, list[Field]]]:
        """(heading, fields) in the order in which people look for them."""
        found: dict[str, list[Field]] = {name: [] for name in SECTIONS}
        for entry in self:
            found[entry.section if entry.section in found else "more"].append(entry)
        return [(SECTIONS[name], entries) for name, entries in found.items() if entries]


@dataclass(frozen=True)
class Situation:
    """For whom and for which day a rule is worked out; `among` names the only clients asked about.

    What is worked out for all clients in one pass need not look at the rows of others then.
    """

    owner: User
    today: dt.date
    fields: Fields = field(default_factory=Fields)
    among: list[int] | None = None


def column(name: str) -> Callable:
    return lambda leaf, situation: F(name)
