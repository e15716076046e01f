from django import forms
from django.utils.translation import gettext_lazy as _

from core.files.encodings import ENCODINGS
from core.files.tables import DELIMITERS, HEADER_WITHIN

SOURCE_FIELDS = ("encoding", "delimiter", "header", "sheet")
# Cards and records in JSON have an encoding and nothing else to choose.
UNUSED = {"text": ("sheet",), "workbook": ("encoding", "delimiter")}


class SourceForm(forms.Form):
    """How the file is read; a change means reading it again."""

    encoding = forms.ChoiceField(label=_("Encoding"), required=False)
    delimiter = forms.ChoiceField(label=_("Columns are separated by"), required=False)
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    header = forms.IntegerField(
        label=_("Row with the column names"),
        min_value=0,
        max_value=HEADER_WITHIN,
        help_text=_("0 when the file has no names of columns."),
    )

    def __init__(self, data=None, *, shape):
        self.shape = shape
        initial = {name: shape.get(name) for name in SOURCE_FIELDS}
        super().__init__(data, initial=initial)
        self.fields["encoding"].choices = [(n, _(label)) for n, label in ENCODINGS.items()]
        self.fields["delimiter"].choices = [(n, _(label)) for n, label in DELIMITERS.items()]
        # A tab or a blank must arrive as it was sent.
        self.fields["delimiter"].strip = False
        self.fields["sheet"].choices = [(name, name) for name in shape.get("sheets") or []]
        for name in UNUSED.get(shape["format"], ("delimiter", "sheet", "header")):
            del self.fields[name]

    def changed(self):
        """What differs from how the file was read, ready to read it again; empty when nothing."""
        chosen = {name: self.cleaned_data[name] for name in self.fields}
        if all(self.shape.get(name) == value for name, value in chosen.items()):
            return {}
        if chosen.get("header") == self.shape.get("header") and self._other_table(chosen):
            # Another separator or sheet has its names elsewhere: find out anew.
            del chosen["header"]
        return chosen

    def _other_table(self, chosen):
        return any(
            chosen.get(n) != self.shape.get(n) for n in ("delimiter", "sheet") if n in chosen
        )
