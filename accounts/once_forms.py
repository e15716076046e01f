"""The form's side of `accounts.once`: a hidden key, drawn anew whenever the form is shown."""

import uuid

from django import forms

from accounts.once import was_sent

NAME = "once_key"
UNTYPED = (NAME, "csrfmiddlewaretoken")


class KeyField(forms.UUIDField):
    """Unreadable is as good as none: a hidden field has nobody to mend it."""

    def to_python(self, value):
        try:
            return super().to_python(value)
        except forms.ValidationError:
            return None


class Once:
    """Give a form that creates a row a key; services with `@once` take it as `once_key`.

    Stands before the form class. A form of a stored row has no key: saving twice is harmless
    there. What was typed goes into the key: somebody who comes back, changes the text and sends
    the form again means another row.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if getattr(getattr(self, "instance", None), "pk", None) is None:
            # Without a key, as from a script, the form is accepted as often as it is sent.
            self.fields[NAME] = KeyField(
                required=False, widget=forms.HiddenInput, initial=uuid.uuid4
            )

    def clean_once_key(self):
        key = self.cleaned_data[NAME]
        if key is None:
            return None
        data = dict(getattr(self.data, "lists", self.data.items)())
        typed = sorted(pair for pair in data.items() if pair[0] not in UNTYPED)
        files = sorted((name, file.name, file.size) for name, file in self.files.items())
        return uuid.uuid5(key, repr((typed, files)))

    def validate_unique(self):
        """What the first sending has stored does not stand in the way of the second."""
        key = self.cleaned_data.get(NAME)
        if key is None or not was_sent(key):
            super().validate_unique()
