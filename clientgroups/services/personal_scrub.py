"""Taking the words that tell who somebody is out of texts that are kept for other reasons.

Which words those are is decided by `selectors.personal.words_of`.
"""

import re
from collections.abc import Callable, Iterable

from django.db.models import Field, JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from core.search import HAN

GONE = "•••"
HAN_LETTER = re.compile(f"[{HAN}]")
# Written by us as a day, a moment, an amount or a key, never by a person about somebody.
FIGURE = re.compile(r"-?\d[\d\s.,:/TZ+-]*")
# Chinese is written without blanks: next to it a word ends all the same.
BEFORE, AFTER = rf"(?<![^\W{HAN}])", rf"(?![^\W{HAN}])"
MAIL_BEFORE, MAIL_AFTER = rf"(?<![.+-]){BEFORE}", rf"{AFTER}(?!-|\.\w)"


def _piece(word: str) -> str:
    """A whole word; a Chinese one has no borders, and an address is none inside a longer one."""
    if "@" in word:
        return MAIL_BEFORE + re.escape(word) + MAIL_AFTER
    before = "" if HAN_LETTER.match(word) else BEFORE
    return before + re.escape(word) + ("" if HAN_LETTER.match(word[-1]) else AFTER)


def scrubber(words: Iterable[str], *, figures: bool = True) -> Callable[[object], object]:
    """A function that takes the words out of a text, or of every text inside lists and dicts.

    Without `figures` a text that is nothing but one stays: what the trail undoes by it still can.
    """
    pieces = [_piece(word) for word in sorted(words, key=len, reverse=True)]
    pattern = re.compile("|".join(pieces), re.IGNORECASE) if pieces else None

    def scrub(value: object) -> object:
        if pattern is None:
            return value
        if isinstance(value, str):
            kept = not figures and FIGURE.fullmatch(value)
            return value if kept else pattern.sub(GONE, value)
        if isinstance(value, list):
            return [scrub(each) for each in value]
        if isinstance(value, dict):
            return {name: scrub(each) for name, each in value.items()}
        return value

    return scrub


def emptied(value: object) -> object:
    """The same shape without any text: numbers and keys of rows stay."""
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return [emptied(each) for each in value]
    if isinstance(value, dict):
        return {name: emptied(each) for name, each in value.items()}
    return value


def scrub_rows(rows: QuerySet, names: list[str], words: list[str], *, figures: bool = True) -> int:
    """Take the words out of the named columns of the rows that hold them; how many rows changed."""
    if not words:
        return 0
    fields = [rows.model._meta.get_field(name) for name in names]
    scrub, changed = scrubber(words, figures=figures), []
    for row in _holding(rows, fields, words):
        before = [getattr(row, name) for name in names]
        after = [_fitting(field, scrub(value)) for field, value in zip(fields, before, strict=True)]
        if after != before:
            for name, value in zip(names, after, strict=True):
                setattr(row, name, value)
            changed.append(row)
    rows.model._base_manager.bulk_update(changed, names, batch_size=200)
    return len(changed)


def _holding(rows: QuerySet, fields: list[Field], words: list[str]) -> list[Model]:
    found = Q()
    for field in fields:
        name = field.name
        if isinstance(field, JSONField):
            name = f"{field.name}_text"
            rows = rows.annotate(**{name: Cast(field.name, TextField())})
        for word in words:
            # JSON writes a quotation mark and a backslash with a backslash before them.
            written = word.replace("\\", "\\\\").replace('"', '\\"')
            found |= Q(**{f"{name}__icontains": written if field.name != name else word})
    return list(rows.filter(found).order_by("pk"))


def _fitting(field: Field, value: object) -> object:
    """A word may be shorter than what stands for it."""
    return value[: field.max_length] if isinstance(value, str) and field.max_length else value
