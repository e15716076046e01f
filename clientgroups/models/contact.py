from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower, Right
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client
from core.search import search_field


class Channel(models.TextChoices):
    """Ways to reach a person; each needs its own consent."""

    EMAIL = "email", pgettext_lazy("way of talking with a client", "E-mail")
    PHONE = "phone", _("Phone")
    CHAT = "chat", _("Chat or text message")
    POST = "post", _("Letter")


class Digits(Func):
    template = "regexp_replace(%(expressions)s, '[^0-9]', '', 'g')"
    output_field = models.TextField()


def check_time_zone(name):
    if name not in available_timezones():
        raise ValidationError(gettext("%(name)s is no time zone.") % {"name": name})


class ContactQuerySet(models.QuerySet):
    def askable(self):
        """Contacts who may be sent a survey: an address, no objection, a client not put away."""
        askable = self.exclude(email="").filter(email_consent=True, is_active=True)
        return askable.filter(client__archived_at=None)


class Contact(models.Model):
    """A person at a client."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=[("en", "English"), ("zh-hans", "简体中文")],
        default="en",
    )
    job_title = models.CharField(_("position"), max_length=120, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=40, blank=True, validators=[check_time_zone]
    )
    preferred_channel = models.CharField(
        _("preferred channel"), max_length=8, choices=Channel, blank=True
    )
    # The latest word per channel; ConsentChange keeps who said so, when and where.
    email_consent = models.BooleanField(_("agrees to e-mail"), default=True)
    phone_consent = models.BooleanField(_("agrees to phone calls"), default=False)
    chat_consent = models.BooleanField(_("agrees to chat and text messages"), default=False)
    post_consent = models.BooleanField(_("agrees to letters"), default=False)
    external_id = models.CharField(_("contact number"), max_length=120, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    import_batch = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    phone_key = models.GeneratedField(
        expression=Right(Digits(F("phone")), 9), output_field=models.TextField(), db_persist=True
    )
    # A number is found as it is written, without its signs, and without the codes in front of it.
    search = search_field(
        "name",
        "email",
        "phone",
        Digits(F("phone")),
        Right(Digits(F("phone")), 11),
        Right(Digits(F("phone")), 8),
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "client",
                Lower("email"),
                name="contact_email_once_per_client",
                condition=~Q(email=""),
                violation_error_message=_("This client already has a contact with this e-mail."),
            ),
            models.UniqueConstraint(
                fields=["client", "external_id"],
                name="contact_external_id_once_per_client",
                condition=~Q(external_id=""),
                violation_error_message=_("This client already has a contact with this number."),
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="contact_search"),
            models.Index(Lower("email"), name="contact_email", condition=~Q(email="")),
            models.Index(fields=["phone_key"], name="contact_phone", condition=~Q(phone_key="")),
        ]

    def __str__(self):
        return self.name

    def role_of(self, user):
        return self.client.role_of(user)

    def agrees_to(self, channel):
        """Whether the person may be reached by a channel."""
        return getattr(self, f"{channel}_consent")


class ConsentChange(models.Model):
    """What a contact agreed to or took back: channel, when, how we know."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consent_changes")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    granted = models.BooleanField(_("agrees"))
    source = models.CharField(_("how we know"), max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # people are never deleted
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.contact} · {self.get_channel_display()}"
