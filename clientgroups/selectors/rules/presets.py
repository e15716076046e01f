"""Rules to start from; each is an ordinary rule that the person may change afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from clientgroups.selectors.rules.fields import Fields


@dataclass(frozen=True)
class Preset:
    """A rule with a name that may become the name of the group."""

    key: str
    label: str
    rule: dict

    def fields(self) -> set[str]:
        return set(fields_of(self.rule))


def fields_of(node: dict) -> Iterable[str]:
    for part in node["rules"]:
        if "rules" in part:
            yield from fields_of(part)
        else:
            yield part["field"]


def last(n: int, unit: str = "days") -> dict:
    return {"n": n, "unit": unit}


def leaf(field: str, op: str, value: object = None, **more: object) -> dict:
    return {"field": field, "op": op} | ({} if value is None else {"value": value}) | more


def every(*rules: dict) -> dict:
    return {"op": "and", "rules": list(rules)}


def none(*rules: dict) -> dict:
    return {"op": "not", "rules": list(rules)}


PRESETS = [
    Preset(
        "silent",
        _("Loyal but silent for 60 days"),
        every(
            leaf("stage", "is", "loyal"),
            none(
                leaf("last_touch", "within", last(60)),
                leaf("last_purchase", "within", last(60)),
            ),
        ),
    ),
    Preset(
        "detractors",
        _("Detractors of the last wave"),
        every(leaf("wave_nps", "lte", "6")),
    ),
    Preset(
        "promoters",
        _("Promoters who still buy"),
        every(
            leaf("nps", "gte", "9", within=last(12, "months")),
            leaf("purchase_count", "gte", "1", within=last(6, "months")),
        ),
    ),
    Preset(
        "big",
        _("Large purchases this year"),
        every(leaf("purchase_sum", "gte", "10000", within={"period": "this_year"})),
    ),
    Preset(
        "leaving",
        _("Good clients at risk of leaving"),
        every(
            leaf("rfm_segment", "is", "at_risk"),
            none(leaf("last_touch", "within", last(30))),
        ),
    ),
    Preset(
        "unasked",
        _("Never answered a survey, but may be mailed"),
        every(leaf("answered", "is", value=False), leaf("has_email", "is", value=True)),
    ),
    Preset(
        "waiting",
        _("Unhappy with an open service request"),
        every(leaf("open_requests", "gte", "1"), leaf("csat", "lte", "3")),
    ),
    Preset(
        "anniversary",
        _("Anniversary of the first purchase in the next 30 days"),
        every(leaf("first_purchase", "anniversary", last(30))),
    ),
    Preset(
        "new",
        _("First purchase in the last 90 days"),
        every(leaf("first_purchase", "within", last(90))),
    ),
]


def presets(fields: Fields | None = None) -> list[Preset]:
    """Those whose fields all exist in this installation."""
    known = {entry.key for entry in fields or Fields()}
    return [preset for preset in PRESETS if preset.fields() <= known]
