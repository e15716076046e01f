import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Finding
from clientgroups.selectors.dates import today_here
from clientgroups.services.findings import FIELDS
from core.forms import DateInput, NumberInput, TextArea


class FindingForm(forms.ModelForm):
    source_url = forms.URLField(
        label=_("Link to the source"),
        required=False,
        max_length=500,
        assume_scheme="https",
    )
    market_size = forms.DecimalField(
        label=_("Size of the market"),
        required=False,
        max_digits=18,
        decimal_places=2,
        widget=NumberInput,
        help_text=_("Only when the finding says how large the market is; it gives market share."),
    )

    class Meta:
        model = Finding
        fields = FIELDS
        labels = {"period_from": _("Market: first day"), "period_to": _("Market: last day")}
        help_texts = {
            "source": _("Who says so: a study, a report with its publisher, an interview."),
            "currency": _("Three letters, such as CNY."),
        }
        widgets = {
            "text": TextArea(rows=5, draft="finding"),
            "found_on": DateInput,
            "period_from": DateInput,
            "period_to": DateInput,
        }

    def clean_currency(self):
        return self.cleaned_data["currency"].strip().upper()

    def clean_source_url(self):
        link = self.cleaned_data["source_url"]
        if link and not link.lower().startswith(("http://", "https://")):
            raise forms.ValidationError(_("Give a web address that begins with https://."))
        return link

    def clean_found_on(self):
        day = self.cleaned_data["found_on"]
        if day > today_here():
            raise forms.ValidationError(_("Choose a day that is not in the future."))
        return day

    def clean(self):
        found = super().clean()
        first, last = found.get("period_from"), found.get("period_to")
        if found.get("market_size") is None:
            if "market_size" not in self.errors and (first or last):
                self.add_error("market_size", _("Give the size that these days are about."))
            return found
        for name in ("currency", "period_from", "period_to"):
            if not found.get(name) and name not in self.errors:
                self.add_error(name, _("A size of the market needs this as well."))
        if first and last and last < first:
            self.add_error("period_to", _("The last day comes before the first one."))
        return found


class NewFindingForm(FindingForm):
    submission_key = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
