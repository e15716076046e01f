"""Full text that finds two-character Chinese words: words plus two-character Han pieces.

The SQL function lives in accounts/migrations/0001_initial.py, the first migration of all.
"""

import re

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Coalesce

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PIECES = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+", re.UNICODE)


class TandemVector(Func):
    function = "tandem_vector"
    output_field = SearchVectorField()


def search_field(*columns):
    """A stored tsvector over text columns (or expressions) of the same row; index it with GIN."""
    joined = Value("")
    for column in columns:
        text = models.F(column) if isinstance(column, str) else column
        joined = _Concat(joined, Coalesce(text, Value("")))
    return models.GeneratedField(
        expression=TandemVector(joined), output_field=SearchVectorField(), db_persist=True
    )


class _Concat(Func):
    """`a || ' ' || b`: immutable, unlike concat(), so it may stand in a generated column."""

    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = models.TextField()


def search_query(text):
    """A tsquery for what a person typed, or None when nothing in it can be searched."""
    words = search_words(text)
    return words and query_of(words)


def query_of(words):
    """The query of words in the notation of a tsquery, as `search_words` writes them."""
    return SearchQuery(words, config="simple", search_type="raw")


def search_words(text):
    """What a person typed in the notation of a tsquery; None when nothing in it can be searched.

    Words match by prefix; a run of Han characters must contain each of its two-character pieces;
    a single Han character matches by prefix.
    """
    parts = []
    for piece in _PIECES.findall(text.lower())[:12]:
        if re.match(f"[{HAN}]", piece) and len(piece) > 1:
            parts += [f"'{piece[i : i + 2]}'" for i in range(len(piece) - 1)]
        else:
            parts.append(f"'{piece[:60]}':*")
    return " & ".join(parts) or None
