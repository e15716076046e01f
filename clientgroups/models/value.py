from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clientgroups.models.client import Client

CURRENCY = RegexValidator(r"^[A-Z]{3}\Z", _("Name a currency by three letters, such as CNY."))


class ValuePolicy(models.Model):
    """The one row that says in which currency sums are shown and how RFM scores are given.

    With fewer than `few_clients` buyers, scores come from the fixed bounds instead of quintiles;
    each list holds the four bounds between scores 1–5, from worst to best.
    """

    base_currency = models.CharField(
        _("currency of sums"), max_length=3, default="CNY", validators=[CURRENCY]
    )
    window_months = models.PositiveSmallIntegerField(
        _("months that RFM looks back"), default=24, validators=[MinValueValidator(1)]
    )
    few_clients = models.PositiveSmallIntegerField(_("fixed bounds below"), default=50)
    recency_bounds = models.JSONField(_("days since the last purchase"), default=list, blank=True)
    frequency_bounds = models.JSONField(_("purchases"), default=list, blank=True)
    monetary_bounds = models.JSONField(_("money"), default=list, blank=True)
    active_months = models.PositiveSmallIntegerField(
        _("months without purchase before a client counts as lost"),
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    # The day of the scores that stand in RfmScore; a mark that they must be worked out again.
    scored_on = models.DateField(null=True, blank=True, editable=False)
    stale_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("value policy")
        verbose_name_plural = _("value policy")
        constraints = [models.CheckConstraint(name="valuepolicy_one_row", condition=Q(id=1))]

    def __str__(self):
        return str(self._meta.verbose_name)


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in the currency of sums, from a day on."""

    currency = models.CharField(_("currency"), max_length=3, validators=[CURRENCY])
    base = models.CharField(_("in"), max_length=3, validators=[CURRENCY])
    valid_from = models.DateField(_("from"))
    rate = models.DecimalField(
        _("rate"), max_digits=18, decimal_places=8, validators=[MinValueValidator(Decimal("1e-8"))]
    )
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["currency", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "base", "valid_from"],
                name="exchangerate_once_a_day",
                violation_error_message=_("This currency has a rate from that day already."),
            ),
            models.CheckConstraint(
                name="exchangerate_above_zero",
                condition=Q(rate__gt=0),
                violation_error_message=_("A rate is more than zero."),
            ),
            models.CheckConstraint(
                name="exchangerate_two_currencies",
                condition=~Q(currency=F("base")),
                violation_error_message=_("A currency needs no rate to itself."),
            ),
        ]

    def __str__(self):
        return f"1 {self.currency} = {self.rate} {self.base} ({self.valid_from:%Y-%m-%d})"


class RfmScore(models.Model):
    """A client's recency, frequency and monetary value, each as a score of 1 (worst) to 5.

    Worked out nightly from the purchases in the window of the policy; a client without a purchase
    in it has no row. `as_of` is the day on which the row was written, and `recency` the days since
    the last purchase on that day; it holds until `ValuePolicy.scored_on`, because a row in which
    nothing but days passed is not written again. `monetary` is money in `currency`.
    """

    class Segment(models.TextChoices):
        CHAMPIONS = "champions", _("Champions")
        LOYAL = "loyal", _("Loyal buyers")
        NEW = "new", _("New buyers")
        PROMISING = "promising", _("Promising")
        AT_RISK = "at_risk", _("At risk of leaving")
        HIBERNATING = "hibernating", _("Hibernating")
        OTHER = "other", _("In between")

    client = models.OneToOneField(Client, models.CASCADE, related_name="rfm")
    as_of = models.DateField(_("as of"))
    recency = models.PositiveIntegerField(_("days since the last purchase"))
    frequency = models.PositiveIntegerField(_("purchases"))
    monetary = models.DecimalField(_("money"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    r = models.PositiveSmallIntegerField()
    f = models.PositiveSmallIntegerField()
    m = models.PositiveSmallIntegerField()
    segment = models.CharField(_("RFM group"), max_length=12, choices=Segment)

    class Meta:
        verbose_name = _("RFM score")
        verbose_name_plural = _("RFM scores")
        constraints = [
            models.CheckConstraint(
                name="rfmscore_1_to_5",
                condition=Q(r__range=(1, 5), f__range=(1, 5), m__range=(1, 5)),
            )
        ]
        indexes = [models.Index(fields=["segment", "client"], name="rfmscore_segment")]

    def __str__(self):
        return f"{self.client_id}: {self.code}"

    @property
    def code(self):
        return self.r * 100 + self.f * 10 + self.m


class RfmChange(models.Model):
    """A client's move from one RFM group to another; empty means without a score."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="rfm_changes")
    before = models.CharField(_("from"), max_length=12, choices=RfmScore.Segment, blank=True)
    after = models.CharField(_("to"), max_length=12, choices=RfmScore.Segment, blank=True)
    as_of = models.DateField(_("as of"))

    class Meta:
        verbose_name = _("RFM change")
        verbose_name_plural = _("RFM changes")
        ordering = ["-as_of", "-pk"]
        constraints = [
            models.CheckConstraint(name="rfmchange_moves", condition=~Q(before=F("after")))
        ]

    def __str__(self):
        return f"{self.client_id}: {self.before} → {self.after}"
