import datetime as dt

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.once_forms import Once

DAYS_OPEN = 21


class WaveForm(Once, forms.Form):
    name = forms.CharField(label=_("Name of the wave"), max_length=120)
    when = forms.ChoiceField(
        label=_("Send"),
        choices=[("now", _("Now")), ("later", _("At the time below"))],
        widget=forms.RadioSelect,
        initial="now",
    )
    send_at = forms.DateTimeField(
        label=_("Send at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    closes_at = forms.DateTimeField(
        label=_("Links work until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: until the survey is closed."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        now = timezone.localtime()
        self.fields["name"].initial = f"{now:%Y-%m}"
        self.fields["closes_at"].initial = now + dt.timedelta(days=DAYS_OPEN)

    def clean(self):
        cleaned = super().clean()
        later = cleaned.get("when") == "later"
        send_at = cleaned.get("send_at") if later else None
        if later and not send_at and "send_at" not in self.errors:
            self.add_error("send_at", _("Say when the wave is to be sent."))
        if send_at and send_at <= timezone.now():
            self.add_error("send_at", _("This time has passed already."))
        closes_at = cleaned.get("closes_at")
        if closes_at and closes_at <= (send_at or timezone.now()):
            self.add_error("closes_at", _("A wave closes after it is sent."))
        cleaned["send_at"] = send_at
        return cleaned
