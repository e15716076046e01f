import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clientgroups.models import Contact
from feedback.models.survey import Survey, SurveyVersion


def new_token():
    """192 random bits: a link that cannot be guessed."""
    return secrets.token_urlsafe(24)


class Wave(models.Model):
    """One round of asking: which version, from when until when, how many were asked."""

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        CLOSED = "closed", _("Closed")

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="waves")
    version = models.ForeignKey(SurveyVersion, models.PROTECT, related_name="waves")
    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SCHEDULED)
    send_at = models.DateTimeField(_("send at"))
    closes_at = models.DateTimeField(_("closes at"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        ordering = ["-send_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "name"],
                name="wave_name_once",
                violation_error_message=_("The survey already has a wave with this name."),
            ),
            models.CheckConstraint(
                name="wave_closes_after_start",
                condition=Q(closes_at=None) | Q(closes_at__gt=F("send_at")),
                violation_error_message=_("A wave closes after it is sent."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_at"],
                name="wave_due",
                condition=Q(state__in=["scheduled", "sending"]),
            )
        ]

    def __str__(self):
        return f"{self.survey} · {self.name}"

    def role_of(self, user):
        return self.survey.role_of(user)


class Invitation(models.Model):
    """One contact asked in one wave, by a personal link that works once."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        ANSWERED = "answered", _("Answered")
        REVOKED = "revoked", _("Withdrawn")

    wave = models.ForeignKey(Wave, models.CASCADE, related_name="invitations")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="invitations")
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["wave", "contact"],
                name="invitation_once_per_wave",
                violation_error_message=_("This contact was invited in this wave already."),
            )
        ]
        indexes = [models.Index(fields=["wave", "state", "id"], name="invitation_wave_state")]

    def __str__(self):
        return f"{self.contact} · {self.wave}"

    def get_absolute_url(self):
        """The personal link; the only address a client ever needs."""
        return reverse("feedback:answer", args=[self.token])

    def role_of(self, user):
        return self.wave.role_of(user)

    @property
    def since(self):
        """When it came into its state, as far as that is kept."""
        return self.answered_at or self.sent_at
