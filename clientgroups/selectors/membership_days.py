"""Who was in a group on a past day, who came and went between two days, and its size by month."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from clientgroups.models import ClientGroup, Membership
from core.search import search_query

SIZES = """
SELECT LEAST((month.first + INTERVAL '1 month' - INTERVAL '1 day')::date, %(today)s::date) AS day,
       (SELECT count(DISTINCT m.client_id) FROM clientgroups_membership m
         WHERE m.client_group_id = %(group)s
           AND m.valid_from <= LEAST(
               (month.first + INTERVAL '1 month' - INTERVAL '1 day')::date, %(today)s::date)
           AND (m.valid_to IS NULL OR m.valid_to > LEAST(
               (month.first + INTERVAL '1 month' - INTERVAL '1 day')::date, %(today)s::date))),
       EXISTS (SELECT 1 FROM clientgroups_membership m WHERE m.client_group_id = %(group)s
           AND m.valid_from <= LEAST(
               (month.first + INTERVAL '1 month' - INTERVAL '1 day')::date, %(today)s::date))
  FROM generate_series(date_trunc('month', %(today)s::date) - make_interval(months => %(back)s),
                       date_trunc('month', %(today)s::date), INTERVAL '1 month') AS month(first)
 ORDER BY 1
"""


@dataclass(frozen=True)
class Size:
    """How many clients a group had on a day; None before it had its first."""

    day: dt.date
    n: int | None


def size_series(group: ClientGroup, months: int, today: dt.date) -> list[Size]:
    """The size at the end of each of the last months, oldest first; the last one is today's."""
    values = {"group": group.pk, "today": today, "back": max(months - 1, 0)}
    with connection.cursor() as cursor:
        cursor.execute(SIZES, values)
        return [Size(day, n if known else None) for day, n, known in cursor.fetchall()]


def members_on(group: ClientGroup, day: dt.date, text: str = "") -> QuerySet[Membership]:
    """The rows that held on a day, by name; `text` searches the names."""
    rows = group.memberships.on(day).select_related("client")
    if text.strip():
        query = search_query(text)
        rows = rows.filter(client__search=query) if query is not None else rows.none()
    return rows.order_by("client__name", "pk")


@dataclass(frozen=True)
class Moves:
    """Who is in a group on the later of two days and was not on the earlier, and the reverse."""

    joined: QuerySet[Membership]
    left: QuerySet[Membership]


def moves_between(group: ClientGroup, start: dt.date, end: dt.date) -> Moves:
    """Compare two days; who came and went in between counts on neither side."""

    def missing_on(rows: QuerySet[Membership], day: dt.date) -> QuerySet[Membership]:
        same = group.memberships.on(day).filter(client=OuterRef("client"))
        return rows.filter(~Exists(same))

    return Moves(
        joined=missing_on(members_on(group, end), start),
        left=missing_on(members_on(group, start), end),
    )
