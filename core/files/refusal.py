"""Sentences about a file: kept in English with their values, shown in the reader's language."""

from django.utils.translation import gettext

# Parameters whose value is itself a translatable text: the name of a field, a kind of file.
TRANSLATED = {"field", "fields", "kind", "encoding", "option"}


class Refusal(Exception):
    """A file that cannot be used: what is wrong, where, and how to mend it."""

    def __init__(self, message, **params):
        super().__init__(message)
        self.message = message
        self.params = params

    def __str__(self):
        return say(self.message, self.params)

    def as_dict(self):
        return {"message": self.message, "params": self.params}


def say(message, params):
    """The sentence in the active language; values are inserted as plain text, never as a format."""
    told = {}
    for key, value in (params or {}).items():
        if key in TRANSLATED and isinstance(value, list):
            told[key] = gettext(", ").join(gettext(one) for one in value)
        elif key in TRANSLATED and value:
            told[key] = gettext(str(value))
        else:
            told[key] = value
    sentence = gettext(message) if message else ""
    return sentence % told if told else sentence.replace("%%", "%")


def shorten(value, length=120):
    """A piece of the file fit to be stored and quoted: one line, no control characters."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value)[: length * 2])
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
