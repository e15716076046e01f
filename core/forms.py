"""Widgets that forms of every app share: native fields, so that keyboard and language fit."""

from django import forms


class DateInput(forms.DateInput):
    """The browser's own date field; its value is always ISO."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class TextArea(forms.Textarea):
    """A long text; with `draft` the browser keeps it until the form was accepted."""

    def __init__(self, attrs=None, *, rows=4, draft=""):
        extra = {"data-draft": draft} if draft else {}
        super().__init__({"rows": rows, **extra, **(attrs or {})})


class SearchInput(forms.TextInput):
    input_type = "search"


class NumberInput(forms.TextInput):
    """A number as text: a native number field throws away what it cannot read."""

    def __init__(self, attrs=None, *, whole=False):
        super().__init__({"inputmode": "numeric" if whole else "decimal", **(attrs or {})})
