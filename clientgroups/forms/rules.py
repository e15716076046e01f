"""The rule builder: a tree of plain form fields, kept in step with a rule by the server.

Every change of shape (another field, a condition more or less, one moved) is a submit of the whole
form, by a button or by htmx, so nothing that was typed is lost and no script is needed.
"""

import json

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from clientgroups.forms.rule_nodes import Branch, Register, Row, of_rule, read
from clientgroups.forms.rule_steps import Steps
from clientgroups.models import ClientGroup
from clientgroups.selectors.rules import Fields, check_rule
from clientgroups.selectors.rules.explain import describe
from clientgroups.selectors.rules.presets import presets
from clientgroups.selectors.rules.tree import MOST_LEAVES, Choices

TEXT_LIMIT = 40_000


class RuleBuilder:
    """A rule being written, as a tree of parts or as text.

    `said` tells in words what the last step did, `focus` names the field that it leads to.
    """

    def __init__(self, user: User, group: ClientGroup | None = None):
        self.user, self.group = user, group
        self.text, self.as_text, self.error, self.errors = "", False, "", []
        self.said, self.focus, self.removed = "", "", ""
        # A rule chooses among what its group's owner sees, whoever writes it.
        self.owner = group.owner if group else user
        self.register = Register(Fields(), Choices(self.owner), Choices(user))
        self.root = Branch()

    @classmethod
    def of_rule(cls, user, group=None):
        """The stored rule of a group, or one condition to begin with."""
        builder = cls(user, group)
        builder.show(group.rule if group else None)
        if group and group.rule:
            builder.is_valid()
        return builder

    @classmethod
    def of_post(cls, data, user, group=None):
        """What the form holds, after the button that was pressed had its effect."""
        builder = cls(user, group)
        builder.text = data.get("rule_text", "")[:TEXT_LIMIT]
        builder.as_text = data.get("as_text") == "yes"
        builder.removed = data.get("removed", "")[:TEXT_LIMIT]
        builder.root = read(data, builder.register)
        builder.take(data.get("step", ""))
        return builder

    def take(self, step):
        verb, _colon, place = step.partition(":")
        if verb == "text":
            if not self.as_text:
                self.as_text, self.text = True, as_text(self.raw())
        elif verb == "rows":
            self.leave_text()
        elif verb == "preset":
            self.begin_with(place)
        else:
            Steps(self).take(verb, place)
        if not self.root.parts:
            self.root.parts = [self.new_row()]
        self.root.number()
        self.focus = self.focus or self.led_to(verb)

    def led_to(self, verb):
        """Where the focus goes when the button that was pressed is gone afterwards."""
        if verb == "text" or verb == "rows" and self.as_text:
            return "rule-text"
        if verb == "rows":
            return "c-text"
        if verb != "preset":
            return ""
        last = self.root.parts[-1]
        return f"{last.prefix}-{'match' if isinstance(last, Branch) else 'field'}"

    def new_row(self):
        return Row(register=self.register)

    @property
    def presets(self):
        return presets(self.register.fields)

    def begin_with(self, key):
        """Put a ready rule here; conditions that were chosen already stay beside it."""
        preset = next((each for each in self.presets if each.key == key), None)
        if preset is None or self.as_text:
            return
        found = of_rule(preset.rule, self.register)
        if self.root.is_new:
            self.root = found
        else:
            self.root.parts.append(found)
        self.said = _("“%(name)s” was added to the rule.") % {"name": preset.label}

    def leave_text(self):
        """Back to the fields when the text is a rule; otherwise it stays and says why."""
        if not self.as_text:
            return
        try:
            rule = self.checked()
        except ValidationError as problem:
            self.error = " ".join(problem.messages)
            return
        self.show(rule)

    def show(self, rule):
        self.as_text, self.text = False, as_text(rule) if rule else ""
        self.root = of_rule(rule, self.register) if rule else Branch(parts=[self.new_row()])
        self.root.number()

    @property
    def full(self):
        return self.root.count() >= MOST_LEAVES

    @property
    def tree(self):
        """The rule of the text as an indented tree, when it can be read."""
        try:
            return describe(self.checked(), reader=self.user)
        except ValidationError:
            return None

    def raw(self):
        """The rule as it stands, unchecked."""
        if not self.as_text:
            return self.root.raw()
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            raise ValidationError(
                _("The text is not JSON. Compare brackets, commas and quotation marks.")
            ) from None

    def checked(self):
        return check_rule(self.raw(), actor=self.owner, group=self.group, reader=self.user)

    def is_valid(self):
        """Check the rule; what is wrong stands beside its part, or above all of them."""
        try:
            self.rule = self.checked()
        except ValidationError as problem:
            self.place(problem)
            return False
        return True

    def place(self, problem):
        """Put each sentence beside the part it is about."""
        self.errors = problem.messages
        for one in problem.error_list:
            code = str(one.code or "")
            path = tuple(int(part) for part in code.split(".") if part.isdigit())
            part = self.root.at(path) if path and not self.as_text else None
            if part is None:
                self.error = " ".join([self.error, *one.messages]).strip()
            else:
                part.error = one.messages[0]


def as_text(rule):
    return json.dumps(rule, ensure_ascii=False, indent=2)
