"""The rule builder: rows of plain form fields, kept in step with a rule by the server.

Every change of shape (another field, one row more or less) is a submit of the whole form, by a
button or by htmx, so nothing that was typed is lost and no script is needed.
"""

import json
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clientgroups.models import ClientGroup
from clientgroups.selectors.rules import FIELDS, check_rule
from clientgroups.selectors.rules.explain import describe
from clientgroups.selectors.rules.kinds import NEXT, NOTHING, PERIOD, WINDOW
from clientgroups.selectors.rules.periods import UNITS

MATCHES = {
    "and": gettext_lazy("all of these conditions"),
    "or": gettext_lazy("at least one of these conditions"),
    "not": gettext_lazy("none of these conditions"),
}
DEFAULT_FIELD = "stage"
MOST_ROWS = 50
TEXT_LIMIT = 20_000
NAMES = ("field", "op", "value", "n", "unit", "span", "span_unit", "currency")


@dataclass
class Row:
    """One condition as form fields; `number` counts from 1 as the person reads it."""

    number: int
    choices: dict
    field: str = DEFAULT_FIELD
    op: str = ""
    value: str = ""
    n: str = ""
    unit: str = "months"
    span: str = ""
    span_unit: str = "months"
    currency: str = "CNY"
    error: str = ""

    def __post_init__(self):
        if self.field not in FIELDS:
            self.field = DEFAULT_FIELD
        if self.op not in self.entry.operators:
            self.op = next(iter(self.entry.operators))

    @property
    def prefix(self):
        return f"row-{self.number}"

    @property
    def entry(self):
        return FIELDS[self.field]

    @property
    def widget(self):
        """Which field to draw for the value."""
        takes = self.entry.operators[self.op].takes
        if takes == NOTHING:
            return takes
        if takes in (PERIOD, WINDOW, NEXT):
            return WINDOW
        return "select" if self.options else self.entry.kind

    @property
    def fields(self):
        return [(key, entry.label) for key, entry in FIELDS.items()]

    @property
    def operators(self):
        return [(key, operator.label) for key, operator in self.entry.operators.items()]

    @property
    def units(self):
        return list(UNITS.items())

    @property
    def options(self):
        if self.entry.kind == "yes_no":
            return [("yes", _("yes")), ("no", _("no"))]
        return [(str(value), label) for value, label in self.choices.get(self.field, [])]

    def leaf(self):
        leaf = {"field": self.field, "op": self.op}
        if self.widget == WINDOW:
            leaf["value"] = {"n": self.n, "unit": self.unit}
        elif self.widget != NOTHING:
            leaf["value"] = self.value
        if self.entry.windowed and self.span.strip():
            leaf["within"] = {"n": self.span, "unit": self.span_unit}
        if self.entry.currency:
            leaf["currency"] = self.currency
        return leaf


class RuleBuilder:
    """A rule being written: `rows` under one `match`, or, for nested rules, its text."""

    def __init__(self, user: User, group: ClientGroup | None = None):
        self.user, self.group = user, group
        self.match, self.rows, self.text, self.as_text, self.error = "and", [], "", False, ""
        # A rule chooses among what its group's owner sees, whoever writes it.
        owner = group.owner if group else user
        self.owner = owner
        self.choices = {key: entry.choices(owner) for key, entry in FIELDS.items() if entry.choices}

    @property
    def matches(self):
        return list(MATCHES.items())

    @classmethod
    def of_rule(cls, user, group=None):
        """The stored rule of a group, or one empty row."""
        builder = cls(user, group)
        builder.show(group.rule if group and group.rule else None)
        return builder

    @classmethod
    def of_post(cls, data, user, group=None):
        """What the form holds, after the button that was pressed had its effect."""
        builder = cls(user, group)
        builder.match = data.get("match") if data.get("match") in MATCHES else "and"
        builder.text = data.get("rule_text", "")[:TEXT_LIMIT]
        builder.as_text = data.get("as_text") == "yes"
        number = 1
        while number <= MOST_ROWS and f"row-{number}-field" in data:
            values = {name: data.get(f"row-{number}-{name}") for name in NAMES}
            known = {name: value[:200] for name, value in values.items() if value is not None}
            builder.rows.append(Row(number, builder.choices, **known))
            number += 1
        builder.take_step(data.get("step", ""))
        return builder

    def take_step(self, step):
        if step == "add" and len(self.rows) < MOST_ROWS:
            self.rows.append(Row(0, self.choices))
        elif step.startswith("remove-"):
            self.rows = [row for row in self.rows if f"remove-{row.number}" != step]
        elif step == "text":
            self.as_text, self.text = True, as_text(self.raw())
        elif step == "rows":
            self.leave_text()
        if not self.rows:
            self.rows = [Row(1, self.choices)]
        for number, row in enumerate(self.rows, 1):
            row.number = number

    def leave_text(self):
        """Back to rows when the text is a flat rule; otherwise it stays and says why."""
        if not self.as_text:
            return
        try:
            rule = self.checked()
        except ValidationError as problem:
            self.error = problem.messages[0]
            return
        if not is_flat(rule):
            self.error = _("A rule with groups inside groups can only be changed as text.")
            return
        self.show(rule)

    def show(self, rule):
        self.as_text = rule is not None and not is_flat(rule)
        self.text = as_text(rule) if rule else ""
        if rule and is_flat(rule):
            self.match = rule["op"]
            self.rows = [
                Row(number, self.choices, **row_values(leaf))
                for number, leaf in enumerate(rule["rules"], 1)
            ]
        self.rows = self.rows or [Row(1, self.choices)]

    @property
    def tree(self):
        """The stored text of a nested rule as an indented tree, when it can be read."""
        try:
            return describe(self.checked(), reader=self.user)
        except ValidationError:
            return None

    def raw(self):
        """The rule as it stands, unchecked."""
        if not self.as_text:
            return {"op": self.match, "rules": [row.leaf() for row in self.rows]}
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            raise ValidationError(
                _("The text is not JSON. Compare brackets, commas and quotation marks.")
            ) from None

    def checked(self):
        return check_rule(self.raw(), actor=self.owner, group=self.group)

    def is_valid(self):
        """Check the rule; what is wrong stands beside its row, or above all of them."""
        try:
            self.rule = self.checked()
        except ValidationError as problem:
            self.place(problem)
            return False
        return True

    def place(self, problem):
        code = getattr(problem, "code", None) or ""
        if not self.as_text and code.isdigit() and 0 < int(code) <= len(self.rows):
            self.rows[int(code) - 1].error = problem.messages[0]
        else:
            self.error = problem.messages[0]


def is_flat(rule):
    return all("rules" not in leaf for leaf in rule["rules"])


def as_text(rule):
    return json.dumps(rule, ensure_ascii=False, indent=2)


def row_values(leaf):
    """A leaf of a stored rule as values of a row."""
    known = {"field": leaf["field"], "op": leaf["op"], "currency": leaf.get("currency", "CNY")}
    value = leaf.get("value")
    if isinstance(value, dict):
        known |= {"n": str(value["n"]), "unit": value["unit"]}
    elif isinstance(value, bool):
        known["value"] = "yes" if value else "no"
    elif value is not None:
        known["value"] = str(value)
    if leaf.get("within"):
        known |= {"span": str(leaf["within"]["n"]), "span_unit": leaf["within"]["unit"]}
    return known
