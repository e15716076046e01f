"""Canned answers: which there are, and their text with the names of a request filled in."""

import re

from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils.translation import get_language

from accounts.models import User
from clientgroups.models import CannedAnswer, ServiceRequest

PLACEHOLDERS = ("client", "contact", "agent", "number")
_ANY = re.compile(r"\{([^{}\s]{1,40})\}")
_SLASH = re.compile(r"^/(\S[^\n]{0,119})$", re.MULTILINE)


def canned_answers(row: ServiceRequest | None = None) -> QuerySet[CannedAnswer]:
    """Answers in use, those for the type of the request first."""
    rows = CannedAnswer.objects.filter(archived_at=None)
    if row is None:
        return rows.order_by("title")
    fits = Q(type=None) | Q(type=row.type_id)
    return rows.filter(fits).order_by(F("type").asc(nulls_last=True), "title")


def canned_answer(user: User, pk: int) -> CannedAnswer:
    """One canned answer, archived ones included, or 404."""
    found = CannedAnswer.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def unknown_placeholders(text: str) -> list[str]:
    """Names in braces that nothing fills in."""
    return sorted(set(_ANY.findall(text)) - set(PLACEHOLDERS))


def filled_in(answer: CannedAnswer, row: ServiceRequest, agent: User) -> str:
    """The text in the language of the contact, with the names of this request.

    A fixed list of names is replaced, nothing is formatted: a text cannot reach other values.
    """
    language = row.contact.language if row.contact else (get_language() or "")
    chinese = language.startswith("zh") and answer.text_zh
    values = {
        "client": row.client.name,
        "contact": row.contact.name if row.contact else row.client.name,
        "agent": agent.name,
        "number": row.number,
    }
    text = answer.text_zh if chinese else answer.text
    return _ANY.sub(lambda found: values.get(found[1], found[0]), text)


def expand_slashes(text: str, row: ServiceRequest, agent: User) -> tuple[str, bool]:
    """Replace lines such as “/opening hours” by the answer whose title begins so.

    (text, whether something was replaced); a line that fits no title, or several, stays.
    """
    known = list(canned_answers()) if _SLASH.search(text) else []

    def one(found):  # noqa: ANN001, ANN202
        wanted = found[1].strip().casefold()
        fits = [each for each in known if each.title.casefold().startswith(wanted)]
        exact = [each for each in fits if each.title.casefold() == wanted]
        fits = exact or fits
        return filled_in(fits[0], row, agent) if len(fits) == 1 else found[0]

    changed = _SLASH.sub(one, text)
    return changed, changed != text
