"""Phone numbers in one form, however they were typed; and which country a text names."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from babel import Locale
from django.conf import settings

LONGEST = 40
# Languages in whose words a file may name a country.
_LANGUAGES = ("en", "zh_Hans", "zh_Hant", "de", "fr", "es", "it", "pt", "nl", "ja", "ko", "pl")
_OTHERWISE = {
    "uk": "GB",
    "u.k.": "GB",
    "england": "GB",
    "scotland": "GB",
    "great britain": "GB",
    "usa": "US",
    "u.s.a.": "US",
    "u.s.": "US",
    "america": "US",
    "united states of america": "US",
    "prc": "CN",
    "p.r. china": "CN",
    "pr china": "CN",
    "people's republic of china": "CN",
    "mainland china": "CN",
    "中华人民共和国": "CN",
    "中國": "CN",
    "大陆": "CN",
    "hong kong": "HK",
    "香港": "HK",
    "macau": "MO",
    "macao": "MO",
    "澳门": "MO",
    "台湾": "TW",
    "taiwan": "TW",
    "korea": "KR",
    "south korea": "KR",
    "holland": "NL",
    "czech republic": "CZ",
    "russia": "RU",
    "brd": "DE",
}
_EXTENSION = re.compile(r"(?i)(?:;ext=|\s*(?:ext|x|durchwahl|dw|分机|转)[.:\s]*)(\d{1,7})\s*$")


class Phone(NamedTuple):
    """`text` to be stored; `known` is False when it is what was typed, because nothing fits."""

    text: str
    known: bool


def default_region():
    """The country whose numbers are written without a country code in this installation."""
    return settings.PHONE_REGION


def read_phone(typed, region=None):
    """One international form, such as +49 30 074321; what cannot be read stays as it was typed."""
    text = _plain(typed)
    if not any(sign.isdigit() for sign in text):
        return Phone(text[:LONGEST], known=not text)
    # Two leading zeros mean "abroad" in most countries, whatever the region dials instead.
    if text.startswith("00") and len(text) > 9:
        text = "+" + text[2:].lstrip("-./ ")
    try:
        number = phonenumbers.parse(text, region or default_region())
    except phonenumbers.NumberParseException:
        return Phone(text[:LONGEST], known=False)
    if not _believable(number, text):
        return Phone(text[:LONGEST], known=False)
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return Phone(phonenumbers.format_number(number, form)[:LONGEST], known=True)


def _believable(number, text):
    """Valid, or at least of a possible length where the country code was typed as well."""
    if phonenumbers.is_valid_number(number):
        return True
    return text.startswith("+") and phonenumbers.is_possible_number(number)


def _plain(typed):
    """Full-width figures made plain, the scheme of an address and the words for extensions off."""
    text = unicodedata.normalize("NFKC", typed).strip() if not typed.isascii() else typed.strip()
    if text[:4].lower() == "tel:":
        text = text[4:]
    text = "".join(sign for sign in text if sign.isprintable())
    if not text.isascii() or text[-1:].isdigit():
        text = _EXTENSION.sub(r" ext. \1", text)
    return text.strip()


def phone_key(text):
    """What two spellings of a number share: its last nine figures."""
    return "".join(re.findall(r"\d", text))[-9:]


@lru_cache(maxsize=4096)
def region_of(country):
    """Two letters of the country that a text names in some language; None when it names none."""
    name = unicodedata.normalize("NFKC", country).strip().casefold()
    if len(name) == 2 and name.isascii() and name != "uk":
        return name.upper() if name.upper() in phonenumbers.SUPPORTED_REGIONS else None
    return _OTHERWISE.get(name) or _countries().get(name)


@lru_cache(maxsize=1)
def _countries():
    found = {}
    for language in _LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code in phonenumbers.SUPPORTED_REGIONS:
                found.setdefault(name.casefold(), code)
    return found
