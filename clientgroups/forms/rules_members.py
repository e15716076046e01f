from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientgroups.forms.groups import AddClientsForm
from clientgroups.selectors.dates import today_here
from core.forms import DateInput


def day_input():
    """These stand in lines of their own, where nothing else gives them a shape."""
    return DateInput(attrs={"class": "form-control"})


def not_to_come(day):
    if day and day > today_here():
        raise ValidationError(gettext("Choose a day up to today; later members are unknown."))
    return day


class DayForm(forms.Form):
    """Members on a past day."""

    on = forms.DateField(label=_("Members on"), required=False, widget=day_input())

    def clean_on(self):
        return not_to_come(self.cleaned_data["on"])


class MovesForm(forms.Form):
    """Who came and went between two days."""

    since = forms.DateField(label=_("From"), required=False, widget=day_input())
    until = forms.DateField(label=_("To"), required=False, widget=day_input())

    def clean_until(self):
        return not_to_come(self.cleaned_data["until"])

    def clean(self):
        cleaned = super().clean()
        since, until = cleaned.get("since"), cleaned.get("until")
        if until and not since and "since" not in self.errors:
            self.add_error("since", gettext("Name the first day as well."))
        if since and not until and "until" not in self.errors:
            cleaned["until"] = today_here()
        if since and cleaned.get("until") and since > cleaned["until"]:
            self.add_error("until", gettext("The first day lies behind the last one."))
        return cleaned


class AddSinceForm(AddClientsForm):
    since = forms.DateField(
        label=_("Member since"),
        required=False,
        widget=DateInput,
        help_text=_("Empty for today. A past day counts for the figures of that time."),
    )
