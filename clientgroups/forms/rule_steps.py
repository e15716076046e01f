"""What the buttons of the rule builder do to the tree, and what is said about it."""

import json

from django.utils.translation import gettext as _

from clientgroups.forms.rule_nodes import LONGEST_LINES, NAMES, Branch, Part, Row, matched
from clientgroups.selectors.rules.tree import DEEPEST, MOST_LEAVES


def path_of(place):
    """The path that a name such as "c-2-1" stands for; None when it is no such name."""
    head, *numbers = place.split("-")
    if head != "c" or len(numbers) > DEEPEST or not all(n.isdigit() for n in numbers):
        return None
    return tuple(int(number) for number in numbers)


class Steps:
    """One press of a button: the tree changes, and the builder knows where to lead the person."""

    def __init__(self, builder):
        self.builder, self.root = builder, builder.root
        self.root.number()

    def take(self, verb, place):
        path, known = path_of(place), getattr(self, f"do_{verb}", None)
        part = self.root.at(path) if path is not None else None
        if known is None or verb not in VERBS or self.builder.as_text:
            return
        if part is not None or verb == "restore":
            known(part)

    def lead(self, part, name, said):
        """Number the tree again and lead the person to a button or field of a part."""
        self.root.number()
        self.builder.focus = f"{part.prefix}-{name}"
        self.builder.said = said

    def parent(self, part):
        return self.root.at(part.path[:-1])

    def refuse_full(self):
        if self.root.count() < MOST_LEAVES:
            return False
        self.builder.error = _("A rule has at most 50 conditions.")
        return True

    # Adding --------------------------------------------------------------------------------------

    def do_add(self, part):
        if not isinstance(part, Branch) or self.refuse_full():
            return
        row = self.builder.new_row()
        part.parts.append(row)
        self.root.number()
        said = _("Condition %(place)s was added.") % {"place": row.place}
        self.lead(row, "field", said)

    def do_group(self, part):
        if not isinstance(part, Branch) or not part.may_nest or self.refuse_full():
            return
        # The opposite of the group around it is what nesting is for.
        inner = Branch(match="or" if part.match == "and" else "and", parts=[self.builder.new_row()])
        part.parts.append(inner)
        self.root.number()
        self.lead(inner, "match", _("Group %(place)s was added.") % {"place": inner.place})

    def do_copy(self, part):
        if not part.path or self.refuse_full():
            return
        twin = self.read_part(part.as_typed())
        parent = self.parent(part)
        if twin is None or self.root.count() + size(twin) > MOST_LEAVES:
            self.builder.error = _("A rule has at most 50 conditions.")
            return
        parent.parts.insert(part.path[-1], twin)
        self.root.number()
        self.lead(twin, first_field(twin), _("%(place)s is the copy.") % {"place": twin.place})

    # Removing ------------------------------------------------------------------------------------

    def do_remove(self, part):
        if not part.path:
            return
        parent, place = self.parent(part), part.place
        parent.parts.pop(part.path[-1] - 1)
        kept = {"path": list(part.path), "part": part.as_typed()}
        self.builder.removed = json.dumps(kept, ensure_ascii=False)
        self.lead(parent, "add", _("%(place)s was removed.") % {"place": place})

    def do_restore(self, part):
        """Put back what was removed last, where it stood."""
        try:
            kept = json.loads(self.builder.removed)
            path = path_of("-".join(["c", *(str(number) for number in kept["path"])]))
            back = self.read_part(kept["part"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        parent = self.root.at(path[:-1]) if path else None
        if back is None or not isinstance(parent, Branch) or self.refuse_full():
            return
        if self.root.is_new:
            self.root.parts.clear()
        parent.parts.insert(path[-1] - 1, back)
        self.builder.removed = ""
        self.root.number()
        self.lead(back, first_field(back), _("%(place)s is back.") % {"place": back.place})

    def read_part(self, known, depth=0):
        """A part from what was kept of it; None when that is something else."""
        if not isinstance(known, dict) or depth >= DEEPEST:
            return None
        if "parts" in known and isinstance(known["parts"], list):
            parts = [self.read_part(one, depth + 1) for one in known["parts"][:MOST_LEAVES]]
            return Branch(match=matched(known.get("match")), parts=[p for p in parts if p])
        typed, values = known.get("typed"), known.get("values")
        if not isinstance(typed, dict) or not isinstance(values, list):
            return None
        texts = {name: str(typed[name])[:LONGEST_LINES] for name in NAMES if name in typed}
        return Row(
            register=self.builder.register,
            typed=texts,
            values=[str(value)[:200] for value in values[:100]],
        )

    # Moving --------------------------------------------------------------------------------------

    def do_up(self, part):
        self.move(part, -1)

    def do_down(self, part):
        self.move(part, 1)

    def move(self, part, by):
        """One place up or down; a condition walks into groups and out of them on its way."""
        if not part.path:
            return
        parent, index = self.parent(part), part.path[-1] - 1
        ahead = index + by
        if 0 <= ahead < len(parent.parts):
            beside = parent.parts[ahead]
            parent.parts.pop(index)
            if isinstance(beside, Branch) and isinstance(part, Row):
                beside.parts.insert(len(beside.parts) if by < 0 else 0, part)
            else:
                parent.parts.insert(ahead, part)
        elif parent.path:
            outer, place = self.parent(parent), parent.path[-1] - 1
            parent.parts.pop(index)
            outer.parts.insert(place if by < 0 else place + 1, part)
        else:
            self.builder.said = _("It stands at the end already.")
            self.builder.focus = f"{part.prefix}-{'up' if by < 0 else 'down'}"
            return
        self.root.number()
        said = _("Moved to place %(place)s.") % {"place": part.place}
        self.lead(part, "up" if by < 0 else "down", said)


VERBS = {"add", "group", "copy", "remove", "restore", "up", "down"}


def size(part: Part) -> int:
    return part.count() if isinstance(part, Branch) else 1


def first_field(part: Part) -> str:
    return "match" if isinstance(part, Branch) else "field"
