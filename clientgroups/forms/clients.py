from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.once_forms import Once
from clientgroups.forms.tags import TagsField
from clientgroups.models import Channel, Client, ClientGroup, Contact, CustomField
from clientgroups.selectors.clients_custom import clean_value, custom_fields
from clientgroups.services.clients import CONSENTS
from core.forms import DateInput, NumberInput, TextArea

PREFIX = "custom_"
# Suggested while typing; every name that the machine knows is taken.
ZONES = [
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Australia/Sydney",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Moscow",
    "Africa/Johannesburg",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "UTC",
]
WIDGETS = {CustomField.Kind.NUMBER: NumberInput, CustomField.Kind.DATE: DateInput}


def custom_input(field):
    """The form field of one custom field; the value is checked as an import checks it."""
    options = {"label": field.title, "help_text": field.help_text, "required": False}
    if field.kind == CustomField.Kind.CHOICE:
        choices = [("", "–"), *((str(value), str(value)) for value in field.choices)]
        return forms.CharField(widget=forms.Select(choices=choices), **options)
    if field.kind == CustomField.Kind.YES_NO:
        choices = [("", "–"), ("true", _("Yes")), ("false", _("No"))]
        return forms.CharField(widget=forms.Select(choices=choices), **options)
    return forms.CharField(widget=WIDGETS.get(field.kind, forms.TextInput), **options)


def as_typed(value):
    """A stored value as its form field holds it."""
    return str(value).lower() if isinstance(value, bool) else value


class ClientForm(forms.ModelForm):
    tags = TagsField()

    class Meta:
        model = Client
        fields = [
            "name",
            "kind",
            "external_id",
            "owner",
            "industry",
            "website",
            "address",
            "city",
            "region",
            "country",
            "note",
        ]
        help_texts = {
            "external_id": _("The number under which the client appears in imported files."),
            "owner": _("Always sees the client and may change it."),
        }
        widgets = {"note": TextArea(rows=4)}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True)
        self.fields["owner"].queryset = people | User.objects.filter(pk=self.instance.owner_id)
        self.fields["owner"].empty_label = None
        if not self.instance.pk:
            self.fields["owner"].initial = user.pk
        else:
            self.initial["tags"] = list(self.instance.tags.values_list("name", flat=True))
        self.custom = list(custom_fields())
        for field in self.custom:
            name = f"{PREFIX}{field.key}"
            self.fields[name] = custom_input(field)
            self.initial[name] = as_typed(self.instance.custom.get(field.key))

    def clean(self):
        """The custom fields become one value, `custom`, as the services take it."""
        cleaned = super().clean()
        values = {}
        for field in self.custom:
            name = f"{PREFIX}{field.key}"
            try:
                values[field.key] = clean_value(field, cleaned.pop(name, None))
            except ValidationError as problem:
                self.add_error(name, problem)
        cleaned["custom"] = values
        return cleaned

    def columns(self):
        """Names of fields side by side, for the template."""
        own = [self[f"{PREFIX}{field.key}"] for field in self.custom]
        return {
            "first": [self[name] for name in ("name", "kind", "external_id", "owner")],
            "where": [self[name] for name in ("address", "city", "region", "country")],
            "more": [self[name] for name in ("industry", "website")],
            "custom": own,
        }


class NewClientForm(Once, ClientForm):
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


class ContactForm(Once, forms.ModelForm):
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=40,
        help_text=_("Such as Asia/Shanghai; empty when you do not know it."),
        widget=forms.TextInput(attrs={"list": "time-zones"}),
    )
    consent_source = forms.CharField(
        label=_("How we know what they agree to"),
        required=False,
        max_length=200,
        help_text=_("Such as “on the phone, 3 March”. It is kept with every change of consent."),
    )

    zones = ZONES

    class Meta:
        model = Contact
        fields = [
            "name",
            "job_title",
            "email",
            "phone",
            "language",
            "preferred_channel",
            "time_zone",
            "external_id",
            *CONSENTS,
            "consent_source",
            "is_active",
        ]
        labels = {"name": _("Full name"), "preferred_channel": _("Best reached by")}
        help_texts = {
            "language": _("Surveys and e-mails reach the contact in this language."),
            "email_consent": _("Without it no survey is sent."),
            "is_active": _("Switch off when the person has left."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["preferred_channel"].choices = [("", _("No preference")), *Channel.choices]

    def clean_time_zone(self):
        name = self.cleaned_data["time_zone"].strip()
        if name and name not in available_timezones():
            raise ValidationError(_("Choose a time zone from the list, for example Asia/Shanghai."))
        return name

    def columns(self):
        """Names of fields side by side, for the template."""
        return {
            "person": [self[name] for name in ("name", "job_title", "email", "phone")],
            "reach": [self[name] for name in ("language", "preferred_channel", "time_zone")],
            "consents": [self[name] for name in CONSENTS],
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
