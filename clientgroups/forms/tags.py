from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from clientgroups.services.tags import clean_names, split_names


class TagInput(forms.TextInput):
    """Names with commas between them; the names in use are suggested while typing."""

    template = "clientgroups/client/tag_input.html"
    url = reverse_lazy("clientgroups:tag_find")

    def __init__(self, attrs=None, *, many=True):
        super().__init__(attrs)
        self.many = many

    def format_value(self, value):
        return ", ".join(value) if isinstance(value, list | tuple) else value or ""

    def render(self, name, value, attrs=None, renderer=None):
        attrs = self.build_attrs(self.attrs, attrs)
        context = {
            "name": name,
            "text": self.format_value(value),
            "id": attrs.get("id", f"id_{name}"),
            "described_by": attrs.get("aria-describedby", ""),
            "invalid": attrs.get("aria-invalid") or "is-invalid" in attrs.get("class", ""),
            "url": self.url,
            "many": self.many,
        }
        return render_to_string(self.template, context)


class TagsField(forms.CharField):
    """A list of names of tags; a name nobody used before makes a new tag."""

    widget = TagInput

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("Tags"))
        kwargs.setdefault("help_text", _("Separate them with commas. A new name makes a new tag."))
        super().__init__(required=False, **kwargs)

    def clean(self, value):
        try:
            return clean_names(split_names(super().clean(value)))
        except ValidationError as problem:
            raise ValidationError(problem.messages) from None
