"""The kinds of import, by name. Each module offers recognise, check, apply, undo and discard."""

from imports.models import ImportRun
from imports.registry import contacts, purchases, trello

KINDS = {
    ImportRun.Kind.CONTACTS.value: contacts,
    ImportRun.Kind.PURCHASES.value: purchases,
    ImportRun.Kind.TRELLO.value: trello,
}


def kind_of(run):
    return KINDS[run.kind]
