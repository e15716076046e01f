"""Why a column or property of an address file is not imported."""

from django.utils.translation import gettext_noop

from clientgroups.importers.columns import plain
from clientgroups.importers.contact_cards import BOOKKEEPING
from clientgroups.importers.contact_targets import STAGE, is_derived

NOT_CHOSEN = gettext_noop("No field was chosen for it in the mapping.")
BOOKS = gettext_noop("Bookkeeping of the program that wrote the file.")
WORKED_OUT = gettext_noop("Tandem works this out itself, from purchases and touches.")
PICTURE = gettext_noop("Pictures, sounds and keys are not kept.")
PICTURES = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})


def reason_for(name, shape):
    """The reason, as a sentence to be translated."""
    if shape["format"] == "vcard":
        plain_name = name.split(" (")[0]
        if plain_name in PICTURES:
            return PICTURE
        return BOOKS if plain_name in BOOKKEEPING else NOT_CHOSEN
    if is_derived(name) or STAGE.search(plain(name)):
        return WORKED_OUT
    return NOT_CHOSEN
