from django import forms
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Finding


class EvidenceForm(forms.Form):
    finding = forms.ModelChoiceField(label=_("Finding"), queryset=Finding.objects.none())

    def __init__(self, *args, offered, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["finding"].queryset = offered
