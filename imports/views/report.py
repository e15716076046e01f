"""What the pages of an import show, made of its row."""

import datetime as dt
import re
from decimal import Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext as _

from core.files.issues import FIELD
from core.files.refusal import say
from imports.models import ImportRun
from projects.importers.trello_losses import BOOKKEEPING

STATE = ImportRun.State


def steps_of(run):
    """[(label, done|now|next)] of the flow."""
    labels = [_("Upload"), _("Mapping"), _("Check"), _("Import")]
    at = {
        STATE.READING: 0,
        STATE.UPLOADED: 1,
        STATE.CHECKING: 2,
        STATE.CHECKED: 2,
        STATE.APPLYING: 3,
        STATE.FAILED: 2,
    }.get(run.state, 4)
    states = ["done" if n < at else "now" if n == at else "next" for n in range(len(labels))]
    return list(zip(labels, states, strict=True))


def report_of(run):
    """The figures of a checked or finished import; nothing before."""
    summary = run.summary
    if "rows" not in summary:
        return None
    found = {
        **summary,
        "first_on": _day(summary.get("first_on")),
        "last_on": _day(summary.get("last_on")),
        "totals": _totals(summary.get("totals")),
        "messages": _messages(summary.get("messages") or {}),
        "losses": _losses(summary, bookkeeping=False),
        "bookkeeping": _losses(summary, bookkeeping=True),
        "alike": _alike(summary),
    }
    found["shown_all"] = summary["errors"] + summary["notes"] <= 300
    return found


def _losses(summary, bookkeeping):
    return [
        {"what": say(what, {}), "count": count, "why": say(why, {})}
        for what, count, why in summary.get("losses") or []
        if (why == BOOKKEEPING) == bookkeeping
    ]


def _alike(summary):
    """Pairs of a new client and one that may be the same."""
    why = {"name": gettext("Name"), "email": gettext("E-mail"), "phone": gettext("Phone")}
    return [
        {"line": line, "name": name, "pk": pk, "known": known, "why": [why[one] for one in same]}
        for line, name, pk, known, same in summary.get("alike") or []
    ]


def _day(value):
    return dt.date.fromisoformat(value) if value else None


def _totals(totals):
    """[(amount, currency)], the largest first."""
    pairs = [(Decimal(str(amount)), currency) for currency, amount in (totals or {}).items()]
    return sorted(pairs, reverse=True)


def _messages(counts):
    """Kinds of issues by how often they occur; the values of single lines are left open."""
    rows = []
    for key, count in counts.items():
        message, _sign, field = key.partition(FIELD)
        text = gettext(message).replace("%(field)s", gettext(field) if field else "…")
        rows.append((count, re.sub(r"%\(\w+\)s", "…", text)))
    return sorted(rows, key=lambda row: -row[0])
