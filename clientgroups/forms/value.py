import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Client, ClientGroup, RfmScore
from clientgroups.selectors.dates import today_here
from clientgroups.selectors.value_rows import KINDS, Asked, later_period
from core.forms import DateInput

# How many periods a page shows.
SHOWN = {"month": 12, "quarter": 8, "year": 5}
PERIODS = [("month", _("Months")), ("quarter", _("Quarters")), ("year", _("Years"))]
FIRST = dt.date(1900, 1, 1)
SCORES = [("", "–"), *((str(n), str(n)) for n in range(1, 6))]


def not_ahead(day):
    """A figure of a day to come would only repeat what is known today."""
    if day and day > today_here():
        raise forms.ValidationError(_("Choose a day that is not in the future."))
    if day and day < FIRST:
        raise forms.ValidationError(_("Choose a day after 1900."))


class PeriodForm(forms.Form):
    """What a value page shows; what cannot be read is said, and the usual is shown."""

    by = forms.ChoiceField(label=_("Periods"), choices=PERIODS, required=False)
    until = forms.DateField(
        label=_("Up to"), required=False, widget=DateInput, validators=[not_ahead]
    )

    def values(self):
        self.is_valid()
        kind = self.cleaned_data.get("by") or "month"
        return kind, self.cleaned_data.get("until") or today_here()


class SpanForm(forms.Form):
    """The days and the kind of rows that a figure on a value page links to."""

    start = forms.DateField()
    end = forms.DateField()
    what = forms.ChoiceField(choices=list(KINDS.items()), required=False)
    missing = forms.CharField(max_length=3, required=False)
    before = forms.ChoiceField(choices=[("", ""), *Client.Stage.choices], required=False)
    after = forms.ChoiceField(choices=[("", ""), *Client.Stage.choices], required=False)
    by = forms.ChoiceField(choices=PERIODS, required=False)
    later = forms.IntegerField(min_value=0, max_value=1200, required=False)
    until = forms.DateField(required=False, validators=[not_ahead])

    def clean(self):
        found = super().clean()
        start, end = found.get("start"), found.get("end")
        if start and end and not FIRST <= start <= end:
            raise forms.ValidationError(_("The last day comes before the first one."))
        return found

    def asked(self):
        found = self.cleaned_data
        today = found["until"] or today_here()
        later = None
        if found["later"] is not None and found["by"]:
            later = later_period(found["by"], found["start"], found["later"], today)
        return Asked(found["what"] or "buyers", found["start"], found["end"], later, today)


class RfmForm(forms.Form):
    """The day, the group and the part of the heat map."""

    as_of = forms.DateField(
        label=_("As of"), required=False, widget=DateInput, validators=[not_ahead]
    )
    group = forms.ModelChoiceField(
        label=_("Client group"), queryset=ClientGroup.objects.none(), required=False
    )
    segment = forms.ChoiceField(
        label=_("RFM group"),
        choices=[("", _("All")), *RfmScore.Segment.choices],
        required=False,
    )
    r = forms.ChoiceField(choices=SCORES, required=False)
    f = forms.ChoiceField(choices=SCORES, required=False)
    m = forms.ChoiceField(choices=SCORES, required=False)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        groups = ClientGroup.objects.visible_to(user).active()
        self.fields["group"].queryset = groups
        self.fields["group"].empty_label = _("All my clients")

    def score(self, name):
        value = self.cleaned_data.get(name)
        return int(value) if value else None
