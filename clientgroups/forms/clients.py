from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientgroups.models import Client, ClientGroup, Contact
from core.forms import DateInput


class ClientForm(forms.ModelForm):
    class Meta:
        model = Client
        fields = ["name", "kind", "external_id", "owner"]
        help_texts = {
            "external_id": _("The number under which the client appears in imported files."),
            "owner": _("Always sees the client and may change it."),
        }

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True)
        self.fields["owner"].queryset = people | User.objects.filter(pk=self.instance.owner_id)
        self.fields["owner"].empty_label = None
        if not self.instance.pk:
            self.fields["owner"].initial = user.pk


class NewClientForm(ClientForm):
    group = forms.ModelChoiceField(
        queryset=ClientGroup.objects.none(),
        required=False,
        empty_label=_("No client group"),
        label=_("Client group"),
        help_text=_("One that is listed by hand; groups by rule find the client themselves."),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, user=user, **kwargs)
        groups = ClientGroup.objects.visible_to(user).active()
        groups = groups.filter(kind=ClientGroup.Kind.STATIC)
        editable = [group.pk for group in groups if user.has_perm("clientgroups.edit", group)]
        self.fields["group"].queryset = groups.filter(pk__in=editable)


class ContactForm(forms.ModelForm):
    class Meta:
        model = Contact
        fields = ["name", "email", "phone", "language", "email_consent", "is_active"]
        labels = {"name": _("Full name")}
        help_texts = {
            "language": _("Surveys and e-mails reach the contact in this language."),
            "email_consent": _("Without it no survey is sent."),
            "is_active": _("Switch off when the person has left."),
        }


class StageForm(forms.Form):
    stage = forms.ChoiceField(label=_("Lifecycle stage"), choices=Client.Stage)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Others read it beside the stage."),
    )
    until = forms.DateField(
        label=_("Holds until"),
        widget=DateInput,
        help_text=_("From the day after, the stage follows the purchases again."),
    )
