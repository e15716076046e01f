from django import forms
from django.utils.translation import gettext_lazy as _

MINE, THEIRS = "mine", "theirs"
OWN, CUSTOM = "field_", "custom_"


class MergeForm(forms.Form):
    """For each field on which two clients differ, whose value stays; the kept client's at first."""

    def __init__(self, *args, choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked = choices
        for choice in choices:
            self.fields[self.name_of(choice)] = forms.ChoiceField(
                label=choice.label,
                choices=[(MINE, choice.mine), (THEIRS, choice.theirs)],
                initial=MINE,
                widget=forms.RadioSelect,
                required=False,
            )

    @staticmethod
    def name_of(choice):
        return f"{CUSTOM if choice.custom else OWN}{choice.key}"

    def lines(self):
        """(choice, name, chosen) for the table of the page."""
        for choice in self.asked:
            name = self.name_of(choice)
            yield choice, name, self[name].value() or MINE

    def taken(self):
        """What comes from the client that goes: (fields, custom fields)."""
        chosen = [
            choice for choice in self.asked if self.cleaned_data.get(self.name_of(choice)) == THEIRS
        ]
        return (
            [choice.key for choice in chosen if not choice.custom],
            [choice.key for choice in chosen if choice.custom],
        )


class OtherClientForm(forms.Form):
    """Another client to compare with, found by typing."""

    def __init__(self, *args, field, **kwargs):
        super().__init__(*args, **kwargs)
        field.label = _("Another client")
        self.fields["other"] = field
