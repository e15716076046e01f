"""Registers of what is kept about a client, for its export, its erasure and its merge.

An app adds its entries when it is loaded: tables above this one are reached without knowing them.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Lower

from clientgroups.models import Client, Contact
from core.search import HAN

# Fewer letters, or a single Latin word, stand in too many texts about something else; two Chinese
# characters are a whole name. A phone number shorter than this may be a year, a day or an amount.
LATIN_LETTERS, LATIN_WORDS, HAN_LETTERS, PHONE_DIGITS = 4, 2, 2, 7
HAN_LETTER = re.compile(f"[{HAN}]")
LETTERS = re.compile(r"[^\W\d_]+")
_kept: dict[str, "PersonalData"] = {}
_told: list[Callable[[list[int]], None]] = []
_mailed: list[Callable[[Client], Iterable[str]]] = []


@dataclass(frozen=True)
class PersonalData:
    """One table, or part of one, that keeps something about clients.

    `rows` gives what an export shows, one flat dict per row. `erase` removes or blanks what tells
    who the client is, keeps rows that are counted, and says how many rows it changed; it runs
    before the names of the client and its contacts are gone, see `words_of`.
    """

    key: str
    label: str
    rows: Callable[[Client], Iterable[dict]]
    erase: Callable[[Client], int]


def register(entry: PersonalData) -> None:
    """Add an entry; one with the same key takes its place."""
    _kept[entry.key] = entry


def registered() -> list[PersonalData]:
    """Every entry, in the order in which they were added."""
    return list(_kept.values())


def on_clients_changed(tell: Callable[[list[int]], None]) -> None:
    """Have a function called with keys of clients whose rows are about to change, or just have."""
    if tell not in _told:
        _told.append(tell)


def clients_changed(pks: Iterable[int]) -> None:
    """Tell everybody who keeps derived figures; called before and after rows change hands."""
    for tell in _told:
        tell(list(pks))


def on_mails(keys: Callable[[Client], Iterable[str]]) -> None:
    """Have a function asked for the mails of a client: their kind and row, "kind:key"."""
    if keys not in _mailed:
        _mailed.append(keys)


def mail_keys(client: Client) -> set[str]:
    """How the dedupe keys of mails about rows of this very client begin."""
    return {key for ask in _mailed for key in ask(client)}


def family(client: Client) -> list[Client]:
    """The client and those merged into it, however many merges deep."""
    found = [client]
    for one in found:
        found += Client.objects.filter(merged_into=one).exclude(pk__in=[each.pk for each in found])
    return found


def words_of(client: Client) -> list[str]:
    """What tells who the client is in a text about others, longest first.

    Only whole names, e-mail addresses and phone numbers: a client number, a website or an address
    alone is a word like any other, and taking it out would destroy what others wrote. What another
    client or person holds as well tells nothing about this one, and theirs stays. Asked once,
    while the words are still there.
    """
    if "personal_words" not in client.__dict__:
        found = {client.name.strip()} if is_telling_name(client.name) else set()
        for name, email, phone in _people(client).values_list("name", "email", "phone"):
            found |= {name.strip()} if is_telling_name(name) else set()
            found |= {phone.strip()} if len(re.sub(r"\D", "", phone)) >= PHONE_DIGITS else set()
            found |= {email.strip()} if "@" in email else set()
        held = _held_by_others(client, {word.lower() for word in found})
        words = (word for word in found if word.lower() not in held)
        client.personal_words = sorted(words, key=lambda word: (-len(word), word))
    return client.personal_words


def is_telling_name(name: str) -> bool:
    """Whether a name, found as a whole in a text, can be taken for this client."""
    if len(HAN_LETTER.findall(name)) >= HAN_LETTERS:
        return True
    words = LETTERS.findall(name)
    return len(words) >= LATIN_WORDS and sum(map(len, words)) >= LATIN_LETTERS


def own_addresses(client: Client) -> list[str]:
    """E-mail addresses, in lower case, that stand at no other client; asked once as well."""
    if "personal_addresses" not in client.__dict__:
        rows = _people(client).exclude(email="").values_list(Lower("email"), flat=True)
        client.personal_addresses = sorted(set(rows) - _held_by_others(client, set(rows)))
    return client.personal_addresses


def _people(client: Client) -> QuerySet[Contact]:
    return Contact.objects.filter(client=client).order_by("pk")


def _held_by_others(client: Client, words: set[str]) -> set[str]:
    """Which of the words, in lower case, another client bears; those merged with it are it."""
    top = client
    while top.merged_into is not None:
        top = top.merged_into
    own = [each.pk for each in family(top)]
    others = Client.objects.exclude(pk__in=own).filter(erased_at=None).annotate(low=Lower("name"))
    held = set(others.filter(low__in=words).values_list("low", flat=True))
    people = Contact.objects.filter(client__erased_at=None).exclude(client__in=own)
    for name in ("name", "email", "phone"):
        rows = people.annotate(low=Lower(name)).filter(low__in=words)
        held |= set(rows.values_list("low", flat=True))
    return held
