from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.once_forms import Once
from accounts.permissions import Role
from core.forms import DateInput, TextArea
from projects.models import Project

CURRENCIES = ("CNY", "USD", "EUR", "GBP", "HKD", "JPY", "SGD", "TWD", "AUD", "CHF")


class ProjectForm(Once, forms.Form):
    client_group = forms.ModelChoiceField(label=_("Client group"), queryset=None, empty_label=None)
    name = forms.CharField(label=_("Name"), max_length=160)
    key = forms.CharField(
        label=_("Short key"),
        max_length=8,
        required=False,
        help_text=_(
            "Stands before each task number, like HR-128. Empty: one is made from the name."
        ),
    )
    description = forms.CharField(
        label=_("Description"), required=False, max_length=10000, widget=TextArea(rows=4)
    )
    lead = forms.ModelChoiceField(label=_("Lead"), queryset=None, empty_label=None)
    status = forms.ChoiceField(label=_("Status"), choices=Project.Status)
    start_on = forms.DateField(label=_("Start date"), required=False, widget=DateInput)
    due_on = forms.DateField(label=_("Due"), required=False, widget=DateInput)
    currency = forms.ChoiceField(label=_("Currency"))
    budget = forms.DecimalField(
        label=_("Budget"), required=False, min_value=0, max_digits=14, decimal_places=2
    )

    def __init__(self, *args, people, groups=None, currency="CNY", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["lead"].queryset = people
        self.fields["currency"].choices = [
            (code, code) for code in dict.fromkeys((currency, *CURRENCIES))
        ]
        if groups is None:
            del self.fields["client_group"], self.fields["once_key"]
            self.fields["key"].required = True
            self.fields["key"].help_text = _("Links to tasks keep working when it changes.")
        else:
            self.fields["client_group"].queryset = groups

    def clean_key(self):
        return self.cleaned_data["key"].strip().upper()


class AccessForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=Role, initial=Role.MEMBER)

    def clean_email(self):
        person = User.objects.filter(
            email__iexact=self.cleaned_data["email"], is_active=True
        ).first()
        if person is None:
            raise forms.ValidationError(_("Nobody signs in with this e-mail."))
        self.cleaned_data["user"] = person
        return self.cleaned_data["email"]
