from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.once_forms import Once
from accounts.permissions import Role
from clientgroups.models import ClientGroup
from core.forms import SearchInput, TextArea


class GroupForm(Once, forms.ModelForm):
    class Meta:
        model = ClientGroup
        fields = ["name", "description"]
        widgets = {"description": TextArea(rows=3, draft="group")}


class GrantForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"), help_text=_("Of a person who signs in here already.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role, initial=Role.MEMBER)

    def clean_email(self):
        found = User.objects.filter(email__iexact=self.cleaned_data["email"], is_active=True)
        self.person = found.first()
        if self.person is None:
            raise ValidationError(
                gettext("Nobody signs in with this e-mail. An administrator can add the person.")
            )
        return self.cleaned_data["email"]


class MemberSearchForm(forms.Form):
    q = forms.CharField(
        label=_("Name or customer number"), required=False, max_length=200, widget=SearchInput
    )


class AddClientsForm(forms.Form):
    clients = forms.ModelMultipleChoiceField(queryset=None, label=_("Clients"))
    because = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Stands beside the membership; you may leave it out."),
    )

    def __init__(self, *args, choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["clients"].queryset = choices
        self.fields["clients"].error_messages["required"] = gettext("Tick at least one client.")
