"""Checking rule trees; every refusal names the place of the bad part, such as 2.1."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from clientgroups.models import ClientGroup
from clientgroups.selectors.rules.fields import FIELDS, Field, Leaf
from clientgroups.selectors.rules.kinds import CLEAN, NOTHING, WINDOW, clean_window

OPS = ("and", "or", "not")
DEEPEST, MOST_LEAVES = 6, 50
LEAF_KEYS = {"field", "op", "value", "within", "currency"}


def refuse(path: tuple, sentence: str) -> None:
    """Say what is wrong; the code of the error is the place, so that forms can show it there."""
    if not path:
        raise ValidationError(_("The rule: %(problem)s") % {"problem": sentence}, code="rule")
    place = ".".join(str(number) for number in path)
    raise ValidationError(
        _("Condition %(place)s: %(problem)s") % {"place": place, "problem": sentence}, code=place
    )


def check_rule(rule: object, *, actor: User, group: ClientGroup | None = None) -> dict:
    """The rule with clean values, or a ValidationError that says what is wrong and where.

    `actor` is the person over whose clients the rule is worked out: other groups and people they
    name must be visible to them. `group` is the group the rule is for, so that circles are found.
    """
    if not isinstance(rule, dict) or "rules" not in rule:
        refuse((), _("it must be an object with “op” and “rules”."))
    checked = _node(rule, (), Choices(actor))
    number = sum(1 for leaf in leaves_in(checked))
    if number > MOST_LEAVES:
        refuse((), _("it has more than 50 conditions. Split it into several groups."))
    if group is not None and group.pk:
        refuse_circle(checked, group)
    return checked


class Choices:
    """The values each field offers to one person, asked for at most once."""

    def __init__(self, actor: User):
        self.actor, self.known = actor, {}

    def of(self, field: Field) -> dict:
        if field.key not in self.known:
            self.known[field.key] = dict(field.choices(self.actor))
        return self.known[field.key]


def _node(node, path, choices):  # noqa: ANN001, ANN202
    if not isinstance(node, dict):
        refuse(path, _("it must be an object."))
    if "rules" in node:
        return _branch(node, path, choices)
    return _leaf(node, path, choices)


def _branch(node, path, choices):  # noqa: ANN001, ANN202
    if set(node) - {"op", "rules"} or node.get("op") not in OPS:
        refuse(path, _("“op” must be “and”, “or” or “not”."))
    if len(path) >= DEEPEST:
        refuse(path, _("it is nested more than six levels deep."))
    rules = node["rules"]
    if not isinstance(rules, list) or not rules:
        refuse(path, _("add at least one condition."))
    if len(rules) > MOST_LEAVES:
        refuse(path, _("it has more than 50 conditions. Split it into several groups."))
    inner = [_node(rule, (*path, number), choices) for number, rule in enumerate(rules, 1)]
    return {"op": node["op"], "rules": inner}


def _leaf(node, path, choices):  # noqa: ANN001, ANN202
    key, op = node.get("field"), node.get("op")
    if not isinstance(key, str) or key not in FIELDS:
        refuse(path, _("choose a field."))
    if set(node) - LEAF_KEYS:
        unknown = ", ".join(sorted(str(name) for name in set(node) - LEAF_KEYS))
        refuse(path, _("%(names)s is not known.") % {"names": unknown[:80]})
    field = FIELDS[key]
    if not isinstance(op, str) or op not in field.operators:
        refuse(path, _("choose how to compare."))
    checked = {"field": key, "op": op}
    try:
        checked |= _values(node, field, field.operators[op].takes, choices)
    except ValidationError as problem:
        refuse(path, f"{field.label}: {problem.messages[0]}")
    return checked


def _values(node, field, takes, choices):  # noqa: ANN001, ANN202
    found = {}
    if takes == WINDOW:
        found["value"] = clean_window(node.get("value"))
    elif takes != NOTHING:
        found["value"] = _value(node.get("value"), field, choices)
    if node.get("within") is not None:
        if not field.windowed:
            raise ValidationError(_("it takes no time span."))
        found["within"] = clean_window(node["within"])
    if field.currency:
        found["currency"] = _currency(node.get("currency"))
    elif node.get("currency"):
        raise ValidationError(_("it takes no currency."))
    return found


def _value(value, field, choices):  # noqa: ANN001, ANN202
    if not field.choices:
        return CLEAN[field.kind](value)
    offered = choices.of(field)
    for known in offered:
        if not isinstance(value, bool | dict | list) and str(known) == str(value):
            return known
    raise ValidationError(_("choose one of the values on offer."))


def _currency(value):  # noqa: ANN001, ANN202
    if not isinstance(value, str) or not (len(value) == 3 and value.isascii() and value.isalpha()):
        raise ValidationError(_("name a currency by three letters, such as CNY."))
    return value.upper()


def leaves_in(node: dict) -> Iterator[Leaf]:
    """The conditions of a checked rule from top to bottom."""
    if "rules" in node:
        for rule in node["rules"]:
            yield from leaves_in(rule)
    else:
        yield leaf_of(node)


def leaf_of(node: dict) -> Leaf:
    return Leaf(
        node["field"],
        node["op"],
        node.get("value"),
        node.get("within"),
        node.get("currency", ""),
    )


# Groups that ask for other groups ----------------------------------------------------------------


def groups_in(rule: dict | None) -> set[int]:
    """The groups that a rule asks about."""
    if not rule:
        return set()
    return {leaf.value for leaf in leaves_in(rule) if leaf.field == "group"}


def refuse_circle(rule: dict, group: ClientGroup) -> None:
    """Refuse a rule through which the group would depend on itself, naming the way round."""
    rules = ClientGroup.objects.filter(kind=ClientGroup.Kind.DYNAMIC)
    known = {row.pk: row for row in rules.only("pk", "name", "rule")}

    def way(asked: set, seen: tuple) -> tuple | None:
        for pk in sorted(asked):
            if pk == group.pk:
                return seen
            row = known.get(pk)
            if row is not None and row not in seen:
                found = way(groups_in(row.rule), (*seen, row))
                if found is not None:
                    return found
        return None

    found = way(groups_in(rule), ())
    if found is not None:
        names = [group.name, *(row.name for row in found), group.name]
        refuse((), _("the group would depend on itself: %(way)s.") % {"way": " → ".join(names)})
