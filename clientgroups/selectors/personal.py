"""Registers of what is kept about a client, for its export, its erasure and its merge.

An app adds its entries when it is loaded: tables above this one are reached without knowing them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clientgroups.models import Client, Contact

# Shorter pieces would be found in words that have nothing to do with the client.
SHORTEST = 2
_kept: dict[str, "PersonalData"] = {}
_told: list[Callable[[list[int]], None]] = []


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


def words_of(client: Client) -> list[str]:
    """What tells who the client is, longest first; asked once, while the words are still there."""
    if "personal_words" not in client.__dict__:
        contacts = Contact.objects.filter(client=client)
        words = {client.name, client.external_id or "", client.website, client.address}
        for row in contacts.values_list("name", "email", "phone", "external_id"):
            words.update(row)
        found = {word.strip() for word in words}
        client.personal_words = sorted(
            (word for word in found if len(word) >= SHORTEST), key=lambda word: (-len(word), word)
        )
    return client.personal_words
