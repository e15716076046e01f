from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.once_forms import Once
from clientgroups.forms.requests import types_to_choose
from clientgroups.models import CannedAnswer
from clientgroups.selectors.canned import PLACEHOLDERS, unknown_placeholders
from core.forms import TextArea

NAMES = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)


class CannedAnswerForm(Once, forms.ModelForm):
    class Meta:
        model = CannedAnswer
        fields = ["title", "text", "text_zh", "type"]
        widgets = {"text": TextArea(rows=7), "text_zh": TextArea(rows=7)}
        labels = {"type": _("Offered for")}
        help_texts = {
            "title": _("Typing a slash and the beginning of the title inserts the answer."),
            "text": _("These names are filled in: {client}, {contact}, {agent}, {number}."),
            "text_zh": _("Used when the contact reads Chinese. Empty: the text above."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = types_to_choose(self.instance)
        self.fields["type"].empty_label = _("Every type")

    def clean_text(self):
        return self._checked("text")

    def clean_text_zh(self):
        return self._checked("text_zh")

    def _checked(self, name):
        text = self.cleaned_data[name]
        unknown = unknown_placeholders(text)
        if unknown:
            raise forms.ValidationError(
                _("Nothing fills in %(names)s. Known are: %(known)s."),
                params={
                    "names": ", ".join(f"{{{each}}}" for each in unknown),
                    "known": NAMES,
                },
            )
        return text
