from django import forms
from django.utils.translation import gettext_lazy as _

CSV, XLSX, VCARD_3, VCARD_4 = "csv", "xlsx", "vcard3", "vcard4"
FORMATS = [
    (XLSX, _("Excel workbook (.xlsx)")),
    (CSV, _("CSV with commas (UTF-8)")),
    (VCARD_3, _("vCard 3.0, for most phones and mail programs")),
    (VCARD_4, _("vCard 4.0")),
]
CLIENTS, CONTACTS, BOTH = "clients", "contacts", "both"
ROWS = [
    (CLIENTS, _("One row per client, with its first active contact")),
    (BOTH, _("All contacts, and clients without a contact")),
    (CONTACTS, _("Contacts only")),
]


class ExportForm(forms.Form):
    format = forms.ChoiceField(
        label=_("Format"), choices=FORMATS, initial=XLSX, widget=forms.RadioSelect
    )
    rows = forms.ChoiceField(
        label=_("What a row stands for"), choices=ROWS, initial=CLIENTS, widget=forms.RadioSelect
    )
