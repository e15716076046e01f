from django.db import connection

# Set-based work on a whole history takes longer than a page may; the limit ends with the
# transaction.
PATIENCE = "10min"


def be_patient() -> None:
    """Let the statements of this transaction run, and wait for locks, longer than a page may."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")


def sql_of(queryset) -> tuple[str, tuple]:  # noqa: ANN001
    """A queryset as SQL with parameters, to stand inside a larger statement."""
    return queryset.query.sql_with_params()
