from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
)
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ConfirmByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from accounts import tasks
from accounts.audit import record
from accounts.models import User
from accounts.selectors import time_zones

PASSWORD_HELP = _("At least 10 characters. A few unrelated words are easy to remember.")
CODE = {"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}


class Relabelled:
    """Our words on the fields of an allauth form, and no placeholders in the place of labels."""

    labels = {}
    helps = {}
    attributes = {}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.helps.get(name, "")
            field.widget.attrs.pop("placeholder", None)
            field.widget.attrs.update(self.attributes.get(name, {}))


class SignInForm(Relabelled, LoginForm):
    labels = {"login": _("E-mail"), "password": _("Password")}
    attributes = {"login": {"autofocus": True, "autocomplete": "username"}}


class AskResetForm(Relabelled, ResetPasswordForm):
    labels = {"email": _("E-mail")}
    attributes = {"email": {"autofocus": True}}

    def clean_email(self):
        # Whether somebody signs in with it is looked up by the task, not here.
        return self.cleaned_data["email"]

    def save(self, request, **kwargs):
        email = self.cleaned_data["email"]
        try:
            tasks.send_reset_mail.apply_async([email], retry=False)
        except (KombuError, RedisError):
            tasks.send_reset_mail(email)
        return email


class NewPasswordForm(Relabelled, ResetPasswordKeyForm):
    labels = {"password1": _("New password"), "password2": _("New password, once more")}
    helps = {"password1": PASSWORD_HELP}


class PasswordForm(Relabelled, ChangePasswordForm):
    labels = {
        "oldpassword": _("Present password"),
        "password1": _("New password"),
        "password2": _("New password, once more"),
    }
    helps = {"password1": PASSWORD_HELP}


class ConfirmPasswordForm(Relabelled, ReauthenticateForm):
    labels = {"password": _("Password")}
    attributes = {"password": {"autofocus": True}}


class CodeForm(Relabelled, AuthenticateForm):
    labels = {"code": _("Code")}
    helps = {"code": _("Six digits from your authenticator app, or one of your recovery codes.")}
    attributes = {"code": CODE}

    def _emit_authentication_failed(self, authenticator):
        record(actor=self.user, verb="user.code_failed", target=self.user)
        super()._emit_authentication_failed(authenticator)


class ConfirmCodeForm(Relabelled, ConfirmByCodeForm):
    labels = CodeForm.labels
    helps = CodeForm.helps
    attributes = CodeForm.attributes

    def _emit_authentication_failed(self, authenticator):
        record(actor=self.user, verb="user.code_failed", target=self.user)
        super()._emit_authentication_failed(authenticator)


class EnrolForm(Relabelled, ActivateTOTPForm):
    labels = {"code": _("Code")}
    helps = {"code": _("The six digits that your app shows now.")}
    attributes = {"code": CODE}


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "language", "time_zone", "theme"]
        # A person's name is another word in Chinese than the name of a thing.
        labels = {"name": _("Full name")}
        widgets = {"time_zone": forms.TextInput(attrs={"list": "time-zones"})}
        help_texts = {
            "time_zone": _("Start typing a city, for example Shanghai."),
            "language": _("For pages and for the e-mails you get."),
        }

    def clean_time_zone(self):
        """Accept a zone, or the one city that was meant."""
        typed = self.cleaned_data["time_zone"].strip()
        wanted = typed.casefold().replace(" ", "_")
        zones = time_zones()
        exact = [zone for zone in zones if zone.casefold() == wanted]
        cities = [zone for zone in zones if zone.casefold().rpartition("/")[2] == wanted]
        found = exact or cities
        if len(found) != 1:
            raise forms.ValidationError(
                _("Choose a time zone from the list, for example Asia/Shanghai.")
            )
        return found[0]


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=User._meta.get_field("language").choices)


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=User.Theme)
