"""Scores of groups that apps above keep, as columns of the list of groups."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Column:
    """A score per group: `scores` gives those that have one, by key, in one query."""

    key: str
    label: str | Promise
    scores: Callable[[list[int]], dict[int, object]]


_columns: dict[str, Column] = {}


def register_column(column: Column) -> None:
    """Offer a column; the same key twice keeps the later one."""
    _columns[column.key] = column


def columns() -> list[Column]:
    return list(_columns.values())
