"""Checking rule trees; every refusal names the place of the bad part, such as 2.1."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from clientgroups.models import ClientGroup
from clientgroups.selectors.rules.fields import CUSTOM, Field, Fields, Leaf
from clientgroups.selectors.rules.kinds import CLEAN, NOTHING, clean_value
from clientgroups.selectors.rules.periods import clean_period

OPS = ("and", "or", "not")
DEEPEST, MOST_LEAVES = 10, 50
LEAF_KEYS = {"field", "op", "value", "within", "currency"}


def refusal(path: tuple, sentence: str) -> ValidationError:
    """What is wrong; the code of the error is the place, so that forms can show it there."""
    if not path:
        return ValidationError(_("The rule: %(problem)s") % {"problem": sentence}, code="rule")
    place = ".".join(str(number) for number in path)
    return ValidationError(
        _("Condition %(place)s: %(problem)s") % {"place": place, "problem": sentence}, code=place
    )


class Choices:
    """The values each field offers to one person, asked for at most once."""

    def __init__(self, actor: User):
        self.actor, self.known = actor, {}

    def of(self, field: Field) -> dict:
        if field.key not in self.known:
            self.known[field.key] = dict(field.choices(self.actor))
        return self.known[field.key]


class Checker:
    """Walks a tree, keeps what is right and collects what is wrong.

    `stored` says that the rule was right once: then only what makes it impossible to work out is
    wrong, such as a custom field or a group that is gone, not a value that is offered no longer.
    """

    def __init__(self, actor: User, *, stored: bool = False):
        self.choices, self.fields = Choices(actor), Fields()
        self.stored, self.errors, self.leaves = stored, [], 0

    def wrong(self, path: tuple, sentence: str) -> None:
        self.errors.append(refusal(path, sentence))

    def node(self, node: object, path: tuple) -> dict | None:
        if not isinstance(node, dict):
            return self.wrong(path, _("it must be an object."))
        return self.branch(node, path) if "rules" in node else self.leaf(node, path)

    def branch(self, node: dict, path: tuple) -> dict | None:
        if set(node) - {"op", "rules"} or node.get("op") not in OPS:
            return self.wrong(path, _("“op” must be “and”, “or” or “not”."))
        if len(path) >= DEEPEST:
            return self.wrong(path, _("it is nested more than ten levels deep."))
        rules = node["rules"]
        if not isinstance(rules, list) or not rules:
            return self.wrong(path, _("add at least one condition."))
        if len(rules) > MOST_LEAVES:
            return self.wrong(
                path, _("it has more than 50 conditions. Split it into several groups.")
            )
        inner = [self.node(rule, (*path, number)) for number, rule in enumerate(rules, 1)]
        return {"op": node["op"], "rules": inner}

    def leaf(self, node: dict, path: tuple) -> dict | None:
        self.leaves += 1
        key, op = node.get("field"), node.get("op")
        field = self.fields.get(key)
        if field is None:
            return self.wrong(path, unknown_field(key))
        if set(node) - LEAF_KEYS:
            unknown = ", ".join(sorted(str(name) for name in set(node) - LEAF_KEYS))
            return self.wrong(path, _("%(names)s is not known.") % {"names": unknown[:80]})
        if not isinstance(op, str) or op not in field.operators:
            return self.wrong(path, _("choose how to compare."))
        try:
            return {"field": key, "op": op} | self.values(node, field)
        except ValidationError as problem:
            return self.wrong(path, f"{field.label}: {problem.messages[0]}")

    def values(self, node: dict, field: Field) -> dict:
        found, takes = {}, field.operators[node["op"]].takes
        if takes != NOTHING:
            found["value"] = clean_value(
                node.get("value"), takes, lambda value: self.value(value, field)
            )
        if node.get("within") is not None:
            if not field.windowed:
                raise ValidationError(_("it takes no time span."))
            found["within"] = clean_period(node["within"])
        currency = node.get("currency")
        if currency and not field.currency:
            raise ValidationError(_("it takes no currency."))
        return found | ({"currency": clean_currency(currency)} if currency else {})

    def value(self, value: object, field: Field) -> object:
        if not field.choices:
            return CLEAN[field.kind](value)
        if isinstance(value, bool | dict | list) or value is None:
            raise ValidationError(_("choose one of the values on offer."))
        if self.stored and not field.gone:
            return value
        for known in self.choices.of(field):
            if str(known) == str(value):
                return known
        raise ValidationError(field.gone if field.gone else _("choose one of the values on offer."))


def unknown_field(key: object) -> str:
    if isinstance(key, str) and key.startswith(CUSTOM):
        return _("the custom field “%(key)s” was archived or deleted. Choose another one.") % {
            "key": key.removeprefix(CUSTOM)[:40]
        }
    return _("choose a field.")


def clean_currency(value: object) -> str:
    if not isinstance(value, str) or not (len(value) == 3 and value.isascii() and value.isalpha()):
        raise ValidationError(_("name a currency by three letters, such as CNY."))
    return value.upper()


def check_tree(rule: object, *, actor: User, stored: bool = False) -> dict:
    """The tree with clean values, or a ValidationError that lists all that is wrong, and where."""
    if not isinstance(rule, dict) or "rules" not in rule:
        raise ValidationError([refusal((), _("it must be an object with “op” and “rules”."))])
    checker = Checker(actor, stored=stored)
    checked = checker.node(rule, ())
    if checker.leaves > MOST_LEAVES:
        checker.wrong((), _("it has more than 50 conditions. Split it into several groups."))
    if checker.errors:
        raise ValidationError(checker.errors)
    return checked


def check_rule(
    rule: object, *, actor: User, group: ClientGroup | None = None, reader: User | None = None
) -> dict:
    """The rule with clean values, or a ValidationError that lists all that is wrong, and where.

    `actor` is the person over whose clients the rule is worked out: other groups and people they
    name must be visible to them. `group` is the group the rule is for, so that circles are found;
    the refusal names no group that `reader`, who is the actor unless named, does not see.
    """
    checked = check_tree(rule, actor=actor)
    if group is not None and group.pk:
        refuse_circle(checked, group, reader or actor)
    return checked


def check_stored(group: ClientGroup) -> None:
    """Raise a ValidationError when the rule of a group can be worked out no longer.

    Two people who save at the same moment may tie a circle that neither of them could see.
    """
    refuse_circle(check_tree(group.rule, actor=group.owner, stored=True), group, group.owner)


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
    asking = (leaf for leaf in leaves_in(rule) if leaf.field in ("group", "group_ever"))
    return {value for leaf in asking for value in leaf.values}


def refuse_circle(rule: dict, group: ClientGroup, reader: User) -> None:
    """Refuse a rule through which the group would depend on itself, naming the way round."""
    asked = groups_in(rule)
    if not asked:
        return
    rules = ClientGroup.objects.filter(kind=ClientGroup.Kind.DYNAMIC)
    known = {row.pk: row for row in rules.only("pk", "name", "rule")}
    reached: set[int] = set()

    def way(asked: set, seen: tuple) -> tuple | None:
        for pk in sorted(asked):
            if pk == group.pk:
                return seen
            row = known.get(pk)
            if row is not None and pk not in reached:
                reached.add(pk)
                found = way(groups_in(row.rule), (*seen, row))
                if found is not None:
                    return found
        return None

    found = way(asked, ())
    if found is not None:
        names = [group.name, *names_for(reader, found), group.name]
        sentence = _("the group would depend on itself: %(way)s.") % {"way": " → ".join(names)}
        raise ValidationError([refusal((), sentence)])


def names_for(reader: User, groups: tuple) -> list[str]:
    """The names of groups; those that a person does not see are told of, but not named."""
    seen = ClientGroup.objects.visible_to(reader).filter(pk__in=[row.pk for row in groups])
    known = dict(seen.values_list("pk", "name"))
    hidden = _("a group that you do not see")
    return [known.get(row.pk, hidden) for row in groups]


def in_order(groups: list[ClientGroup]) -> list[ClientGroup]:
    """Groups by rule, each behind those its rule asks about, as far as there is no circle."""
    known, done, ordered = {group.pk: group for group in groups}, set(), []

    def place(group: ClientGroup) -> None:
        if group.pk in done:
            return
        done.add(group.pk)
        for pk in sorted(groups_in(group.rule)):
            if pk in known:
                place(known[pk])
        ordered.append(group)

    for group in groups:
        place(group)
    return ordered
