"""Rule trees of client groups: {"op": "and|or|not", "rules": […]} over {"field", "op", "value"}.

`tree` checks what a person or an API handed in, `query` turns it into SQL, `fields` holds the
register that later layers extend, `explain` says why a client matches, `words` says a rule aloud.

Every leaf is true or false, never unknown: a comparison with a figure that is missing is false.
So a rule and its negation together always hold every client, and none twice.
"""

from clientgroups.selectors.rules import care_fields, client_fields, purchase_fields, value_fields
from clientgroups.selectors.rules.fields import (
    FIELDS,
    Field,
    Fields,
    Leaf,
    Situation,
    register_field,
)
from clientgroups.selectors.rules.query import matching, may_change_rule, population
from clientgroups.selectors.rules.tree import (
    check_rule,
    check_stored,
    check_tree,
    groups_in,
    in_order,
)
from clientgroups.selectors.rules.words import sentence

PARTS = (client_fields, purchase_fields, value_fields, care_fields)

__all__ = [
    "FIELDS",
    "PARTS",
    "Field",
    "Fields",
    "Leaf",
    "Situation",
    "check_rule",
    "check_stored",
    "check_tree",
    "groups_in",
    "in_order",
    "matching",
    "may_change_rule",
    "population",
    "register_field",
    "sentence",
]
