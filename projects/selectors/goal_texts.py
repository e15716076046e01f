"""Why a goal stands where it stands, in the reader's language."""

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.formats import day, number, percent
from projects.models import Goal


def pace_texts(goal: Goal) -> list[str]:
    """A sentence for each reason stored with the goal's pace, the worst first."""
    return [reason_text(reason) for reason in goal.pace_reasons]


def reason_text(reason: dict) -> str:
    """The sentence of one reason; with the way down to the sub-goal that it comes from."""
    values = _values(reason)
    if "path" in reason:
        values["goal"] = " › ".join(reason["path"])
        return _of_child(reason["code"], values)
    return _own(reason["code"], values)


def _values(reason):
    values = {"days": reason.get("days"), "n": reason.get("n")}
    for name in ("progress", "expected"):
        if name in reason:
            values[name] = percent(reason[name] / 100)
    for name in ("value", "target"):
        if name in reason:
            values[name] = number(reason[name])
    if "due" in reason:
        values["due"] = day(dt.date.fromisoformat(reason["due"]))
    return values


def _own(code, values):
    if code == "overdue":
        text = ngettext("%(days)s day overdue.", "%(days)s days overdue.", values["days"])
    else:
        text = {
            "slow": _("%(progress)s is done; %(expected)s was expected by today."),
            "forecast": _(
                "At this pace it stands at %(value)s on %(due)s; the target is %(target)s."
            ),
            "few": _("Too few answers to judge: %(n)s."),
            "no_data": _("Nothing was measured yet."),
            "reached": _("The target is reached."),
            "unsure": _(
                "The value has passed the target, but its interval has not: it may be chance."
            ),
        }[code]
    return text % values


def _of_child(code, values):
    if code == "overdue":
        text = ngettext(
            "“%(goal)s” is %(days)s day overdue.",
            "“%(goal)s” is %(days)s days overdue.",
            values["days"],
        )
    else:
        text = {
            "slow": _("“%(goal)s” is at %(progress)s; %(expected)s was expected by today."),
            "forecast": _(
                "“%(goal)s” is heading for %(value)s on %(due)s; its target is %(target)s."
            ),
            "missed": _("“%(goal)s” was missed."),
        }[code]
    return text % values
