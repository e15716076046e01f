"""Taking the words that tell who somebody is out of texts that are kept for other reasons."""

import re
from collections.abc import Callable, Iterable

from django.db.models import Field, JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from core.search import HAN

GONE = "•••"
# A shorter Latin word is a piece of too many others; two Chinese characters are a whole name.
SHORTEST_LATIN = 4
CHINESE = re.compile(f"[{HAN}]")


def telling(words: Iterable[str]) -> list[str]:
    """The words that may be looked for in texts about others."""
    return [word for word in words if len(word) >= SHORTEST_LATIN or CHINESE.search(word)]


def scrubber(words: Iterable[str]) -> Callable[[object], object]:
    """A function that takes the words out of a text, or of every text inside lists and dicts."""
    pieces = [
        rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word)
        for word in sorted(telling(words), key=len, reverse=True)
    ]
    pattern = re.compile("|".join(pieces), re.IGNORECASE) if pieces else None

    def scrub(value: object) -> object:
        if pattern is None:
            return value
        if isinstance(value, str):
            return pattern.sub(GONE, value)
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


def scrub_rows(rows: QuerySet, names: list[str], words: list[str]) -> int:
    """Take the words out of the named columns of the rows that hold them; how many rows changed."""
    words = telling(words)
    if not words:
        return 0
    fields = [rows.model._meta.get_field(name) for name in names]
    scrub, changed = scrubber(words), []
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
