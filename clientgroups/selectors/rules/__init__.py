"""Rule trees of client groups: {"op": "and|or|not", "rules": […]} over {"field", "op", "value"}.

`tree` checks what a person or an API handed in, `query` turns it into SQL, `fields` holds the
register that later layers extend, `explain` says why a client matches and shows a rule as text.

Every leaf is true or false, never unknown: a comparison with a figure that is missing is false.
So a rule and its negation together always hold every client, and none twice.
"""

from clientgroups.selectors.rules.fields import FIELDS, Field, Leaf, Situation, register_field
from clientgroups.selectors.rules.query import matching, population
from clientgroups.selectors.rules.tree import check_rule, groups_in

__all__ = [
    "FIELDS",
    "Field",
    "Leaf",
    "Situation",
    "check_rule",
    "groups_in",
    "matching",
    "population",
    "register_field",
]
