import datetime as dt
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.once_forms import Once
from core.forms import DateInput, TextArea
from projects.models import CheckIn, Goal, GoalMeasurement
from projects.selectors.goals import goal_groups, owners_of, possible_parents

SCORES = {
    Goal.Source.CSAT: (
        gettext_lazy("Share of satisfied answers (CSAT)"),
        gettext_lazy("points of 100"),
    ),
    Goal.Source.NPS: (
        gettext_lazy("Net promoter score (NPS)"),
        gettext_lazy("points"),
    ),
}


class GoalForm(Once, forms.ModelForm):
    """What a person types about a goal. A draft may lack most of it; `services` decides."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Goal
        fields = [
            "statement",
            "parent",
            "client_group",
            "relevance",
            "source",
            "metric",
            "unit",
            "baseline",
            "target",
            "judged_by",
            "attainability",
            "owner",
            "start_on",
            "due_on",
            "weight",
        ]
        widgets = {
            "relevance": TextArea(rows=2),
            "attainability": TextArea(rows=2),
            "start_on": DateInput(),
            "due_on": DateInput(),
            "baseline": forms.NumberInput(attrs={"step": "any"}),
            "target": forms.NumberInput(attrs={"step": "any"}),
            "weight": forms.NumberInput(attrs={"step": "any", "min": 0}),
        }
        labels = {
            "parent": gettext_lazy("Part of"),
            "source": gettext_lazy("Where the value comes from"),
        }
        help_texts = {
            "statement": gettext_lazy(
                "One sentence that says what will be different, and for whom."
            ),
            "weight": gettext_lazy("How much it counts among the sub-goals of its parent."),
            "metric": gettext_lazy("For example: answered within two hours."),
            "unit": gettext_lazy("For example: %, days, points of 100."),
            "baseline": gettext_lazy("The value from which you start."),
            "judged_by": gettext_lazy("A score with few answers may pass the target by chance."),
        }

    def __init__(self, user, goal, *args, **kwargs):
        super().__init__(*args, instance=goal, **kwargs)
        self.fields["owner"].queryset = owners_of(goal.project, goal.owner_id)
        self.fields["owner"].empty_label = _("Nobody yet")
        self.fields["parent"].queryset = possible_parents(goal)
        self.fields["parent"].empty_label = _("Nothing larger: it stands on its own")
        self.fields["client_group"].queryset = goal_groups(user, goal.project)
        self.fields["client_group"].empty_label = _("No client group of its own")
        self.initial["version"] = goal.version
        shorten(self.initial, "baseline", "target", "weight")

    def clean(self):
        cleaned = super().clean()
        metric, unit = SCORES.get(cleaned.get("source"), ("", ""))
        cleaned["metric"] = cleaned.get("metric") or str(metric)
        cleaned["unit"] = cleaned.get("unit") or str(unit)
        return cleaned

    def validate_constraints(self):
        """The services say the same by field and sentence."""

    @property
    def changes(self):
        """What the services take."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def differences(self, stored):
        """(label, value as stored) of fields where somebody else's value is not what was typed."""
        rows = []
        for name in self.Meta.fields:
            if getattr(stored, name) != self.cleaned_data[name]:
                display = getattr(stored, f"get_{name}_display", None)
                value = display() if display else getattr(stored, name)
                rows.append((self.fields[name].label, value))
        return rows

    def take_version(self, stored):
        """Storing once more then means: mine, although I have seen theirs."""
        self.data = self.data.copy()
        self.data["version"] = stored.version


def shorten(initial, *names):
    """9.0000 as 9: zeros that only the column needs are not shown for editing."""
    for name in names:
        if initial.get(name) is not None:
            initial[name] = format(Decimal(initial[name]).normalize(), "f")


class CloseGoalForm(forms.Form):
    outcome = forms.ChoiceField(
        label=gettext_lazy("How did it end?"),
        choices=[
            (Goal.State.ACHIEVED, Goal.State.ACHIEVED.label),
            (Goal.State.MISSED, Goal.State.MISSED.label),
        ],
        widget=forms.RadioSelect,
    )
    summary = forms.CharField(
        label=gettext_lazy("What happened, and what did you learn?"),
        max_length=4000,
        widget=TextArea(rows=5),
        error_messages={"required": gettext_lazy("Say in a sentence how it went and why.")},
    )


class MeasurementForm(forms.ModelForm):
    class Meta:
        model = GoalMeasurement
        fields = ["measured_on", "value", "source"]
        widgets = {
            "measured_on": DateInput(),
            "value": forms.NumberInput(attrs={"step": "any"}),
        }
        help_texts = {
            "source": gettext_lazy("Where the figure comes from, so that others can check it.")
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("measured_on", timezone.localdate())
        shorten(self.initial, "value")
        self.fields["measured_on"].widget.attrs["max"] = timezone.localdate().isoformat()

    def clean_measured_on(self):
        day = self.cleaned_data["measured_on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day lies in the future."))
        if day < dt.date(1990, 1, 1):
            raise ValidationError(_("This day lies too far back."))
        return day


class CheckInForm(forms.ModelForm):
    class Meta:
        model = CheckIn
        fields = ["note", "confidence"]
        widgets = {
            "note": TextArea(rows=3),
            "confidence": forms.NumberInput(attrs={"min": 0, "max": 100, "step": 5}),
        }
