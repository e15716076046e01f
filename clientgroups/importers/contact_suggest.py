"""Which target each column of an address file gets, before a person looks at it."""

import re

from clientgroups.importers import contact_cards as cards
from clientgroups.importers import contact_json as records
from clientgroups.importers.columns import plain
from clientgroups.importers.contact_targets import (
    ALTERNATIVES,
    FAMILY,
    GIVEN,
    JOINED,
    LABEL,
    POSTAL,
    TARGETS,
    custom_targets,
    is_home,
    target_of,
)
from clientgroups.importers.contact_values import parse_email
from clientgroups.selectors.client_columns import CUSTOM

PLACE = frozenset({"address", POSTAL, "city", "region", "country"})
# Headings that mean the client in a list of companies, and the contact in a list of people.
_EITHER = {"name": ("client", "contact"), "id": ("client_number", "contact_number")}
_COMPANY_LIKE = frozenset({"industry", "website", "kind", "client_number"})
_INDEX = re.compile(r"^\D*?(\d+) -")


def suggest_columns(shape, columns, fields):
    """{column: target}."""
    names = [re.sub(r" \(\d+\)$", "", name) for name in shape["columns"]]
    custom = custom_targets(fields)
    if not any(names):
        return _by_content(columns)
    known = {"vcard": cards.SUGGESTED, "json": records.SUGGESTED}.get(shape["format"], {})
    if shape["format"] == "vcard":
        found = {place: _of_property(name, custom) for place, name in enumerate(names)}
    else:
        found = {
            place: known.get(name) or target_of(name, custom) for place, name in enumerate(names)
        }
    found = {place: target for place, target in found.items() if target}
    _settle_either(found, names)
    _settle_places(found, names, columns)
    _settle_single(found, names, columns)
    _settle_labels(found)
    return found


def _of_property(name, custom):
    if name.startswith("X-TANDEM-FIELD "):
        target = f"{CUSTOM}{name.split(' ', 1)[1]}"
        return target if target in custom.values() else None
    target = cards.SUGGESTED.get(name)
    if name.startswith("ADR (home) "):
        target = cards.SUGGESTED.get(f"ADR {name.rsplit(' ', 1)[1]}")
    return target if target in TARGETS else None


def _settle_either(found, names):
    taken = set(found.values())
    people = taken & {"client", GIVEN, FAMILY} or (
        taken & {"email", "phone", "job_title"} and not taken & _COMPANY_LIKE
    )
    for place, name in enumerate(names):
        either = _EITHER.get(plain(name))
        if either and found.get(place) in (None, *either):
            found[place] = either[1 if people else 0]


def _settle_places(found, names, columns):
    """One address: work before home, the first of several, and only one of them."""
    places = [place for place, target in found.items() if target in PLACE]
    if not places:
        return
    groups, homes = {}, _labelled_home(names, columns)
    for place in places:
        index = _INDEX.match(names[place])
        number = int(index[1]) if index else 0
        home = is_home(names[place]) or number in homes
        groups.setdefault((home, number), []).append(place)
    ordered = sorted(groups)
    best = next((key for key in ordered if any(columns[p] for p in groups[key])), ordered[0])
    for key, members in groups.items():
        if key != best and not (key[0] == best[0] and 0 in (key[1], best[1])):
            for place in members:
                del found[place]


def _labelled_home(names, columns):
    """Numbers of the addresses that another column calls somebody's home."""
    found = set()
    for name, cells in zip(names, columns, strict=True):
        index = _INDEX.match(name)
        if index and plain(name).startswith("address") and name.endswith(("Type", "Label")):
            homes = sum(is_home(cell) for cell in cells[:200])
            if homes * 2 > len(cells[:200]):
                found.add(int(index[1]))
    return found


def _settle_single(found, names, columns):
    """A target that takes one column gets the fullest of those that ask for it."""
    claims = {}
    for place, target in found.items():
        if target not in ALTERNATIVES | JOINED | {LABEL}:
            claims.setdefault(target, []).append(place)
    for places in claims.values():
        best = min(places, key=lambda p: (not columns[p], is_home(names[p]), p))
        for place in places:
            if place != best:
                del found[place]


def _settle_labels(found):
    for place, target in list(found.items()):
        if target == LABEL and found.get(place + 1) not in ALTERNATIVES:
            del found[place]


def _by_content(columns):
    """Without headings only addresses tell themselves; the first words are taken for a name."""
    found = {}
    for place, cells in enumerate(columns):
        cells = cells[:200]
        if not cells:
            continue
        share = sum(parse_email(cell) is not None for cell in cells) / len(cells)
        figures = sum(len(re.sub(r"\D", "", cell)) >= 6 for cell in cells) / len(cells)
        if share > 0.5:
            found[place] = "email"
        elif figures > 0.8 and "phone" not in found.values():
            found[place] = "phone"
        elif "contact" not in found.values() and figures < 0.2:
            found[place] = "contact"
    return found
