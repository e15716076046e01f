"""The journal of a merge: each step, in order, so that it can be walked back."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.apps import apps
from django.db import connection, models

MOVE, EDIT, MADE = "move", "edit", "made"


def plain(value: object) -> object:
    """A value as JSON holds it."""
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else value


@dataclass
class Journal:
    """What a merge of `gone` into `kept` did; `groups` are those whose members it touched."""

    kept: int
    gone: int
    steps: list = field(default_factory=list)
    groups: set = field(default_factory=set)

    @classmethod
    def read(cls, kept: int, gone: int, data: dict) -> "Journal":
        return cls(kept, gone, data.get("steps", []), set(data.get("groups", [])))

    def as_json(self) -> dict:
        return {"steps": self.steps, "groups": sorted(self.groups)}

    def size(self) -> int:
        """How many rows changed hands."""
        return sum(len(step[-1]) for step in self.steps if step[0] == MOVE)

    # Doing

    def move(
        self, model: type[models.Model], column: str, pks: Iterable, old: int, new: int
    ) -> None:
        """Point rows at another row."""
        pks = list(pks)
        if pks:
            model._base_manager.filter(pk__in=pks).update(**{column: new})
            self.steps.append([MOVE, model._meta.label, column, old, new, pks])

    def move_where(
        self, model: type[models.Model], column: str, old: int, new: int, unless: str = "FALSE"
    ) -> None:
        """Point every row at another one, in one statement, except where `unless` (SQL) holds."""
        table, key = model._meta.db_table, model._meta.pk.column
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} x SET {column} = %(new)s"  # noqa: S608 - names of our models
                f" WHERE x.{column} = %(old)s AND NOT ({unless}) RETURNING x.{key}",
                {"old": old, "new": new},
            )
            pks = [pk for (pk,) in cursor.fetchall()]
        if pks:
            self.steps.append([MOVE, model._meta.label, column, old, new, pks])

    def edit(self, row: models.Model, **values: object) -> None:
        """Set attributes of a row and remember what stood there."""
        pairs = {name: [plain(getattr(row, name)), plain(value)] for name, value in values.items()}
        pairs = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if pairs:
            type(row)._base_manager.filter(pk=row.pk).update(
                **{name: values[name] for name in pairs}
            )
            for name in pairs:
                setattr(row, name, values[name])
            self.steps.append([EDIT, row._meta.label, row.pk, pairs])

    def made(self, label: str, pks: Iterable) -> None:
        """Rows that the merge itself wrote."""
        if pks := list(pks):
            self.steps.append([MADE, label, pks])

    # Taking back

    def take_back(self) -> int:
        """Walk the steps back; how many rows are no longer there or no longer as they were left."""
        return sum(self._back(*step) for step in reversed(self.steps))

    def _back(self, kind: str, label: str, *rest: object) -> int:
        rows = apps.get_model(label)._base_manager
        if kind == MOVE:
            column, old, new, pks = rest
            return len(pks) - rows.filter(pk__in=pks, **{column: new}).update(**{column: old})
        if kind == MADE:
            (pks,) = rest
            rows.filter(pk__in=pks).delete()
            return 0
        pk, pairs = rest
        row = rows.filter(pk=pk).first()
        if row is None:
            return 1
        back = {
            name: before
            for name, (before, after) in pairs.items()
            if plain(getattr(row, name)) == after
        }
        rows.filter(pk=pk).update(**back)
        return len(pairs) - len(back)
