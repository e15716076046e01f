from django import forms
from django.utils.translation import gettext_lazy as _


class EraseForm(forms.Form):
    confirm = forms.CharField(
        label=_("Type the name of the client"),
        max_length=200,
        help_text=_("It cannot be undone, so nothing but the name or the customer number will do."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
