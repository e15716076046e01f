"""Rows whose key another statement lists: a join for the planner, whichever way it goes round."""

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, QuerySet, Subquery, Value


class Among(Func):
    """Whether a key is in the first column of a statement, which may group, sort, cut or unite.

    Unlike `IN`, its opposite is a join as well, and Django leaves the statement as it stands.
    """

    output_field = BooleanField()

    def __init__(self, rows: QuerySet, key: str = "pk"):
        super().__init__(F(key), Subquery(rows))

    def as_sql(self, compiler, connection, **context):  # noqa: ANN001, ANN003, ANN201
        (key, one), (rows, two) = (compiler.compile(part) for part in self.source_expressions)
        return f"EXISTS (SELECT FROM {rows} found(id) WHERE found.id = {key})", (*two, *one)


class OneOf(Func):
    """Whether a key is one of a list, sent as a single value however long the list is."""

    output_field = BooleanField()

    def __init__(self, key: str, keys: list[int]):
        super().__init__(F(key), Value(keys, ArrayField(BigIntegerField())))

    def as_sql(self, compiler, connection, **context):  # noqa: ANN001, ANN003, ANN201
        (key, one), (keys, two) = (compiler.compile(part) for part in self.source_expressions)
        return f"{key} = ANY({keys}::bigint[])", (*one, *two)
