import datetime as dt
import uuid

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.once_forms import Once
from clientgroups.models import Client, Interaction, TouchPlan
from clientgroups.selectors.dates import months_before
from clientgroups.selectors.timeline_sources import ICONS
from clientgroups.selectors.touches import people_for
from clientgroups.services.topics import TOPICS
from core.forms import DateInput, DateTimeInput, NumberInput, TextArea

NONE, TOMORROW, WEEK, MONTH, DAY = "", "tomorrow", "week", "month", "day"
WHEN = [
    (NONE, _("No follow-up")),
    (TOMORROW, _("Tomorrow")),
    (WEEK, _("In a week")),
    (MONTH, _("In a month")),
    (DAY, _("On a day")),
]


def day_of(choice, today):
    """The day that a chip means."""
    if choice == TOMORROW:
        return today + dt.timedelta(days=1)
    if choice == WEEK:
        return today + dt.timedelta(days=7)
    return months_before(today, -1) if choice == MONTH else None


class TouchForm(forms.Form):
    """One line to fill in, a chip for the follow-up, and the rest under “More”."""

    MORE = ("direction", "happened_at", "contact", "text")

    kind = forms.ChoiceField(
        label=_("Kind"), choices=Interaction.Kind, initial="call", widget=forms.RadioSelect
    )
    summary = forms.CharField(label=_("What was it about?"), max_length=300)
    follow_up = forms.ChoiceField(
        label=_("Follow up"), choices=WHEN, required=False, widget=forms.RadioSelect
    )
    follow_up_on = forms.DateField(label=_("Follow up on"), required=False, widget=DateInput)
    follow_up_by = forms.ModelChoiceField(label=_("By whom"), queryset=None, required=False)
    follow_up_note = forms.CharField(label=_("What to do then"), max_length=300, required=False)
    direction = forms.ChoiceField(
        label=_("Who began it"), choices=Interaction.Direction, initial="out", required=False
    )
    happened_at = forms.DateTimeField(
        label=_("When"),
        required=False,
        widget=DateTimeInput,
        help_text=_("Empty means just now."),
    )
    contact = forms.ModelChoiceField(
        label=_("With whom"), queryset=None, required=False, empty_label=_("Nobody in particular")
    )
    text = forms.CharField(
        label=_("What was said"), max_length=20_000, required=False, widget=TextArea(rows=4)
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, client, user, touch=None, focus=False, **kwargs):
        key = "touch" if touch else "log"
        kwargs.setdefault("auto_id", f"{key}-{touch.pk if touch else client.pk}-%s")
        kwargs.setdefault("initial", _initial(touch) if touch else {"submission_key": uuid.uuid4()})
        super().__init__(*args, **kwargs)
        self.client, self.touch = client, touch
        people = self.fields["follow_up_by"]
        people.queryset = people_for(client, user)
        people.empty_label = None
        people.initial = people.initial or user.pk
        contacts = client.contacts.filter(is_active=True)
        if touch and touch.contact_id:
            contacts = contacts | client.contacts.filter(pk=touch.contact_id)
        self.fields["contact"].queryset = contacts.order_by("name", "pk")
        for topic in TOPICS.values():
            self.fields[topic.key] = forms.ModelChoiceField(
                label=topic.label,
                queryset=topic.choices(client, user),
                required=False,
                empty_label=topic.empty,
                initial=topic.current(touch) if touch else None,
            )
        self._dress()
        if focus:
            self.fields["summary"].widget.attrs["autofocus"] = True

    def _dress(self):
        """Classes and descriptions that a form library would add: the fields are laid by hand."""
        for name, field in self.fields.items():
            attrs = field.widget.attrs
            if isinstance(field.widget, forms.Select) and name not in ("kind", "follow_up"):
                attrs["class"] = "form-select"
            elif not isinstance(field.widget, forms.RadioSelect):
                attrs["class"] = "form-control"
            if name in self.errors:
                attrs |= {"aria-invalid": "true", "aria-describedby": f"{self[name].auto_id}-error"}
                attrs["class"] = f"{attrs.get('class', '')} is-invalid".strip()
        self.fields["summary"].widget.attrs |= {"autocomplete": "off", "maxlength": 300}

    def clean_direction(self):
        return self.cleaned_data["direction"] or Interaction.Direction.OUT

    def clean(self):
        data = super().clean()
        choice, today = data.pop("follow_up", NONE), timezone.localdate()
        if choice in (TOMORROW, WEEK, MONTH):
            data["follow_up_on"] = day_of(choice, today)
        elif choice == DAY and not data.get("follow_up_on"):
            if "follow_up_on" not in self.errors:
                self.add_error("follow_up_on", _("Say on which day."))
        elif choice == NONE and "follow_up" in self.data:
            # A day stands in the field, and the chip says there is none: the chip is newer.
            data["follow_up_on"] = None
        day = data.get("follow_up_on")
        before = self.touch.follow_up_on if self.touch else None
        if day and day < today and day != before:
            self.add_error("follow_up_on", _("Choose a day that has not passed."))
        data["about"] = {key: data.pop(key, None) for key in TOPICS}
        return data

    @property
    def kinds(self):
        """(radio button, icon) of each kind."""
        return [(radio, ICONS[radio.data["value"]]) for radio in self["kind"]]

    @property
    def more(self):
        """The fields that are folded away."""
        return [self[name] for name in (*self.MORE, *TOPICS) if name in self.fields]

    @property
    def more_is_open(self):
        """Whether something folded away is filled in or wrong."""
        return any(field.errors for field in self.more)


def _initial(touch):
    names = (
        "kind", "summary", "direction", "text", "follow_up_on", "follow_up_note", "submission_key"
    )  # fmt: skip
    return {
        **{name: getattr(touch, name) for name in names},
        "happened_at": timezone.localtime(touch.happened_at),
        "contact": touch.contact_id,
        "follow_up": DAY if touch.follow_up_on else NONE,
        "follow_up_by": touch.follow_up_by_id,
    }


class SnoozeForm(forms.Form):
    """Put a follow-up off: a chip, or a day."""

    until = forms.ChoiceField(choices=[entry for entry in WHEN if entry[0] not in (NONE, DAY)],
                              required=False)  # fmt: skip
    day = forms.DateField(required=False, widget=DateInput)

    def clean(self):
        data = super().clean()
        day = data.get("day") or day_of(data.get("until"), timezone.localdate())
        if day is None and not self.errors:
            raise forms.ValidationError(_("Say on which day."))
        return {"until": day}


class TouchPlanForm(Once, forms.ModelForm):
    class Meta:
        model = TouchPlan
        fields = ["stage", "every_days", "kind", "note", "begins_on"]
        widgets = {"every_days": NumberInput(whole=True), "begins_on": DateInput}
        help_texts = {"begins_on": _("Nobody is late before this day.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [("", _("Every stage")), *Client.Stage.choices]
        kinds = [choice for choice in Interaction.Kind.choices if choice[0] != "note"]
        self.fields["kind"].choices = [("", _("Any way")), *kinds]
