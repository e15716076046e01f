from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clientgroups.models.group import ClientGroup
from clientgroups.models.value import CURRENCY


class Finding(models.Model):
    """What market research says about a group: with source, date and how sure it is.

    A finding about the size of the market names money, currency and the days it covers (both
    inclusive); market share is own sales of the same days divided by it.
    """

    class Kind(models.TextChoices):
        STUDY = "study", _("Own study")
        REPORT = "report", _("Published report")
        INTERVIEW = "interview", _("Interview")
        PURCHASES = "purchases", _("Purchase data")

    class Confidence(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    client_group = models.ForeignKey(ClientGroup, models.CASCADE, related_name="findings")
    title = models.CharField(_("finding"), max_length=200)
    text = models.TextField(_("what it says"), blank=True, max_length=20_000)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.STUDY)
    source = models.CharField(_("source"), max_length=300)
    source_url = models.URLField(_("link to the source"), max_length=500, blank=True)
    found_on = models.DateField(_("date"), default=timezone.localdate)
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence, default=Confidence.MEDIUM
    )
    market_size = models.DecimalField(
        _("size of the market"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True, validators=[CURRENCY])
    period_from = models.DateField(_("first day"), null=True, blank=True)
    period_to = models.DateField(_("last day"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    submission_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["-found_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="finding_market_size_is_whole",
                condition=Q(market_size=None)
                | Q(
                    market_size__gt=0,
                    period_from__isnull=False,
                    period_to__gte=F("period_from"),
                )
                & ~Q(currency=""),
                violation_error_message=_(
                    "A market size is more than zero and needs a currency and its first and last "
                    "day."
                ),
            )
        ]

    def __str__(self):
        return self.title

    def role_of(self, user):
        return self.client_group.role_of(user)
