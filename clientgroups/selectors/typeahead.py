"""Clients by the first letters of a name, number, contact, e-mail or phone: one statement."""

import re
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import CharField, Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Role
from clientgroups.models import Client, Contact, GroupAccess, Membership, Tag
from clientgroups.models.client import NameKey
from core.prepared import prepared
from core.search import HAN, query_of, search_words

# How many rows of each kind are looked at before ranking; bounds the work for a single letter.
CANDIDATES = 60
SHOWN = 10
LONGEST = 120
# Somebody who sees no more clients than this is asked about them alone: the index of all words
# would first collect what others have.
FEW = 3000
# A single letter fits every other name; a single Chinese character says something.
ONE_LETTER = re.compile(rf"[^{HAN}]?")
VIEW, EDIT = "view", "edit"


@dataclass(frozen=True)
class Hit:
    """A client on offer: what stands in the line, and why it was found."""

    pk: int
    name: str
    number: str
    contact: str
    detail: str
    stage: str

    @property
    def small(self) -> str:
        """Number and the contact that was found, as far as there are any."""
        return " · ".join(part for part in (self.number, self.contact, self.detail) if part)

    @property
    def stage_label(self) -> str:
        return str(Client.Stage(self.stage).label)

    @property
    def title(self) -> str:
        """What stands in the field once the client is chosen."""
        return f"{self.name} ({self.number})" if self.number else self.name


def find_clients(
    user: User, text: str, *, scope: str = VIEW, limit: int = SHOWN, without: int | None = None
) -> list[Hit]:
    """The clients that fit best, best first; never archived ones, and only those in scope.

    Nothing typed finds nothing. Two Chinese characters suffice.
    """
    text = " ".join(text.replace("\x00", "").split())[:LONGEST]
    words = None if ONE_LETTER.fullmatch(text) else search_words(text)
    if words is None:
        return []
    scope = EDIT if scope == EDIT else VIEW
    own = few_of(user, scope)
    if own == []:
        return []
    with by_index():
        rows = _candidates(user, words, text, own, (scope,))
    needle, found = text.casefold(), {}
    for row in sorted(rows, key=lambda row: _rank(row, needle)):
        hit = Hit(*row[1:])
        if hit.pk != without:
            found.setdefault(hit.pk, hit)
    return list(found.values())[:limit]


def few_of(user: User, scope: str = VIEW) -> list[int] | None:
    """Keys of the clients in scope of somebody who has no more than a few; None for the others."""
    if user.sees_everything:
        return None
    found = _few(user, (scope,))
    return sorted(set(found)) if len(found) <= FEW else None


@contextmanager
def by_index():
    """The planner takes a limit for a promise that a scan of all rows soon ends; it seldom does."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_mergejoin = on")


def _rank(row: tuple, needle: str) -> tuple:
    """Number, then the whole name, then its beginning, then the words in it, then contacts."""
    kind, pk, name, number = row[:4]
    name = name.casefold()
    steps = [number.casefold() == needle, name == needle, name.startswith(needle), needle in name]
    return (*(not step for step in steps), kind, name, pk)


def walked(user: User, *roles: str) -> QuerySet[Client]:
    """What `visible_to` says, or `editable_by` for the role of a lead, asked client by client.

    Right where few of very many clients are looked at: with one question inside the other, the
    planner does not gather all that somebody sees before it begins.
    """
    if user.sees_everything:
        return Client.objects.all()
    inside = Membership.objects.current().filter(
        client=OuterRef(OuterRef("pk")), client_group=OuterRef("client_group")
    )
    held = GroupAccess.objects.filter(Exists(inside), user=user)
    if roles:
        held = held.filter(role__in=roles)
    return Client.objects.filter(Q(owner=user) | Exists(held))


def _scoped(user: User, scope: str) -> QuerySet[Client]:
    return walked(user, *([Role.LEAD] if scope == EDIT else [])).active()


def _columns(kind: int, rows: QuerySet, path: str, contact: object, detail: object) -> QuerySet:
    return rows.order_by().values_list(
        Value(kind),
        F(f"{path}pk"),
        F(f"{path}name"),
        Coalesce(F(f"{path}external_id"), Value("")),
        contact,
        detail,
        F(f"{path}stage"),
    )[:CANDIDATES]


class OneOf(Func):
    """The first of several texts that is not empty."""

    template = "COALESCE(%(expressions)s)"
    output_field = CharField()


def _filled(name: str) -> Func:
    return Func(F(name), Value(""), function="NULLIF", output_field=CharField())


@prepared
def _few(user: User, scope: tuple[str]) -> QuerySet:
    """Keys of the clients that `visible_to` or `editable_by` lets through, by two indexes.

    A client stands here once for each of their groups. Cut off before that was mended, the keys of
    many groups that share clients would look like few, and some clients be missing.
    """
    access = GroupAccess.objects.filter(user=user)
    if scope == (EDIT,):
        access = access.filter(role=Role.LEAD)
    inside = Membership.objects.current().filter(client_group__in=access.values("client_group"))
    owned = Client.objects.filter(owner=user).order_by().values_list("pk", flat=True)
    inside = inside.order_by().values_list("client", flat=True)
    return owned[: FEW + 1].union(inside[: FEW + 1], all=True)


@prepared
def _candidates(
    user: User, words: str, text: str, own: list[int] | None, scope: tuple[str]
) -> QuerySet:
    query, none = query_of(words), Value("", output_field=CharField())
    clients = _scoped(user, *scope) if own is None else Client.objects.active().filter(pk__in=own)
    known = clients.filter(external_id=text)
    key = NameKey(Value(text, output_field=TextField()))
    named = clients.filter(name_key=key)
    people = Contact.objects.filter(search=query)
    if own is not None:
        people = people.filter(client__in=own)
    elif not user.sees_everything:
        people = people.filter(client__in=clients.values("pk"))
    people = people.filter(client__archived_at=None)
    detail = OneOf(_filled("email"), _filled("phone"), Value(""))
    return _columns(0, known, "", none, none).union(
        _columns(1, named, "", none, none),
        _columns(2, clients.filter(search=query), "", none, none),
        _columns(3, people, "client__", F("name"), detail),
        all=True,
    )


def find_tags(text: str, limit: int = SHOWN) -> list[str]:
    """Names of tags that begin with, or else hold, what was typed; all beginnings first."""
    text = " ".join(text.replace("\x00", "").split())[:40]
    rows = Tag.objects.filter(name__icontains=text) if text else Tag.objects.all()
    names = list(rows.values_list("name", flat=True)[: limit * 5])
    needle = text.casefold()
    return sorted(names, key=lambda name: (not name.casefold().startswith(needle), name))[:limit]


def said(hits: list[Hit]) -> str:
    """What a screen reader hears about a list of suggestions."""
    if not hits:
        return _("No client fits.")
    return _("%(n)s suggestions; use the arrow keys.") % {"n": len(hits)}
